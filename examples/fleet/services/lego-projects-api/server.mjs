// Keeps projects, their owners, and the prices of sets.

import express from "express";
import { Fleet, failures } from "fleet-kit";

const fleet = new Fleet("lego-projects-api");
const owners = new Map();
const projects = new Map([["42", { id: "42", title: "A lighthouse", image: null }]]);
const prices = new Map([
  ["10497", null],
  ["21335", null],
]);
const app = express();

app.use(fleet.guard(app));
app.use(express.json());

app.get("/health", (_request, response) => {
  response.json({ service: "lego-projects-api", status: "ok" });
});

// A user uploads a photo. Users are let in by the guard for users, which is not what this example is about.
app.post("/projects/:id/photos", async (request, response) => {
  const { id } = request.params;
  const { owner, url } = request.body;
  const image = await fleet.call("image-service", "POST", "/api/images/process", { project: id, owner, url });
  await fleet.call("notifications-service", "POST", "/api/notifications", {
    to: owner,
    kind: "photo-received",
    project: id,
  });
  await fleet.call("stock-service", "POST", "/api/stock", { set: "10497", built: 1 });
  response.status(202).json({ image: image.id });
});

app.post("/api/owners", (request, response) => {
  const { id, name } = request.body;
  owners.set(id, { id, name });
  response.status(201).json({ id });
});

app.get("/api/projects/:id", (request, response) => {
  const project = projects.get(request.params.id);
  if (project === undefined) {
    response.status(404).json({ error: "There is no such project." });
    return;
  }
  response.json(project);
});

app.put("/api/projects/:id/image", (request, response) => {
  const project = projects.get(request.params.id);
  if (project === undefined) {
    response.status(404).json({ error: "There is no such project." });
    return;
  }
  project.image = request.body.image;
  response.json(project);
});

app.get("/api/sets", (request, response) => {
  const missing = request.query.missing === "price";
  response.json({ sets: [...prices].filter(([, price]) => !missing || price === null).map(([number]) => number) });
});

app.post("/api/prices", async (request, response) => {
  const { set, cents } = request.body;
  prices.set(set, cents);
  const image = await fleet.call("image-service", "GET", `/api/images/${encodeURIComponent(set)}?variant=thumbnail`);
  response.json({ set, cents, image: image.id, reportedBy: request.caller.service });
});

app.use(failures(fleet));
fleet.listen(app);
