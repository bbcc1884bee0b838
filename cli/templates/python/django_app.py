"""A service that lets only signed requests in. Who may call, and with which key, says wiresign.json."""

import json
import os
from pathlib import Path

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path

settings.configure(
    # Nothing here uses sessions or cookies; a project that does sets a key of its own.
    SECRET_KEY=os.environ.get("DJANGO_SECRET_KEY", os.urandom(32).hex()),
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=os.environ.get("ALLOWED_HOSTS", "127.0.0.1,localhost").split(","),
    # The first of all: a request is verified before anything of it is parsed.
    MIDDLEWARE=["wiresign.django.WiresignMiddleware", "django.middleware.common.CommonMiddleware"],
    WIRESIGN={"config": Path(__file__).with_name("wiresign.json")},
)
django.setup()

from wiresign.django import caller, requires  # noqa: E402 - the settings come first


def health(request: HttpRequest) -> JsonResponse:
    """Answer everybody: a public route of wiresign.json."""
    return JsonResponse({"status": "ok"})


@requires()
def hello(request: HttpRequest) -> JsonResponse:
    """Answer the services that may call this one."""
    return JsonResponse({"hello": request.GET.get("name", "world"), "caller": caller(request).service})


@requires()
def echo(request: HttpRequest) -> JsonResponse:
    """Answer with the body that was received."""
    return JsonResponse({"received": json.loads(request.body), "caller": caller(request).service})


urlpatterns = [path("health", health), path("hello", hello), path("echo", echo)]
app = get_wsgi_application()
