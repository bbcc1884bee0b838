"""Says what reached a Django application."""

import os

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import re_path

settings.configure(
    SECRET_KEY="only of this comparison",
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["*"],
    MIDDLEWARE=["wiresign.django.WiresignMiddleware"],
    WIRESIGN={"config": os.environ["FRAMEWORKS_CONFIG"]},
)
django.setup()


def echo(request: HttpRequest) -> JsonResponse:
    """Say it."""
    notes = [len(request.headers["X-Note"])] if "X-Note" in request.headers else []
    query = request.META["QUERY_STRING"]
    return JsonResponse({"path": request.path, "query": query, "body": request.body.hex(), "notes": notes})


urlpatterns = [re_path(r"(?s)^.*$", echo)]
application = get_wsgi_application()
