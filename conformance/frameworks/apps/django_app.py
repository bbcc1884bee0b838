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

from wiresign.django import caller  # noqa: E402 - the settings come first


def echo(request: HttpRequest) -> JsonResponse:
    """Say it."""
    notes = [len(request.headers["X-Note"])] if "X-Note" in request.headers else []
    query = request.META["QUERY_STRING"]
    said = {"path": request.path, "query": query, "body": request.body.hex(), "notes": notes}
    return JsonResponse({**said, "caller": caller(request).service})


urlpatterns = [re_path(r"(?s)^.*$", echo)]
application = get_wsgi_application()
