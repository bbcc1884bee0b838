"""Keeps images. It answers at once, and works on an image after that."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any
from uuid import uuid4

import uvicorn
from fastapi import BackgroundTasks, Depends, FastAPI, Request, status
from pydantic import BaseModel
from wiresign import Verified
from wiresign.asgi import Middleware
from wiresign.fastapi import WiresignAuth

from fleet_kit import Fleet

fleet = Fleet("image-service")
auth = WiresignAuth(fleet.verifier)
sizes: dict[str, int] = {}


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    """Follow the registry while the service runs."""
    fleet.reload_on_hangup()
    yield
    await fleet.close()


app = FastAPI(title="image-service", lifespan=lifespan)
app.add_middleware(Middleware, verifier=fleet.verifier)
auth.install(app)

AnyService = Annotated[Verified, Depends(auth.caller)]
ProjectsOnly = Annotated[Verified, Depends(auth.requires("lego-projects-api"))]


class Job(BaseModel):
    """A photo to fetch and to scale for a project."""

    project: str
    owner: str
    url: str


@app.get("/health")
async def health() -> dict[str, str]:
    """Say that the service runs."""
    return {"service": "image-service", "status": "ok"}


@app.post("/api/images/avatars", status_code=status.HTTP_201_CREATED)
async def keep_avatar(request: Request, size: int, caller: AnyService) -> dict[str, Any]:
    """Keep the picture of a user, whose bytes are the body."""
    image = str(uuid4())
    sizes[image] = len(await request.body())
    return {"id": image, "bytes": sizes[image], "size": size, "keptFor": caller.service}


@app.post("/api/images/process", status_code=status.HTTP_202_ACCEPTED)
async def process(job: Job, background: BackgroundTasks, _caller: ProjectsOnly) -> dict[str, str]:
    """Take a job on."""
    image = str(uuid4())
    background.add_task(finish, image, job)
    return {"id": image}


@app.get("/api/images/{image}")
async def describe(image: str, _caller: AnyService, variant: str = "original") -> dict[str, str]:
    """Say where an image is."""
    return {"id": image, "variant": variant}


async def finish(image: str, job: Job) -> None:
    """Report what is done to the project, and to its owner, who gets a print while there is paper, and a badge."""
    await fleet.call("lego-projects-api", "PUT", f"/api/projects/{job.project}/image", {"image": image})
    notice = {"to": job.owner, "kind": "photo-ready", "project": job.project}
    await fleet.call("notifications-service", "POST", "/api/notifications", notice)
    paper = await fleet.call("stock-service", "GET", "/api/stock/photo-paper")
    if paper["left"]:
        copy = {"owner": job.owner, "image": image, "project": job.project}
        await fleet.call("delivery-service", "POST", "/api/prints", copy)
    badge = {"owner": job.owner, "image": image, "project": job.project}
    await fleet.call("rewards-service", "POST", "/api/badges", badge)


if __name__ == "__main__":
    host, port = fleet.address()
    uvicorn.run(app, host=host, port=port, access_log=False, log_config=None)
