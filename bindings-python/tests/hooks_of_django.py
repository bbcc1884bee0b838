"""The URLs of the Django application that gets webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.urls import re_path

if TYPE_CHECKING:
    from django.http import HttpRequest


def echo(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.body)


urlpatterns = [re_path("", echo)]
