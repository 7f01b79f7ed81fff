"""Django's middleware without a thread for steps that only look at headers.

Under ASGI Django runs each step of each middleware in the request's thread and waits for it. None of these steps waits
for anything, but for those named in `waits`, which keep their thread.
"""

import logging
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.common import CommonMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.security import SecurityMiddleware
from django.utils.deprecation import MiddlewareMixin

from apps.chat.errors import database_away
from apps.core.database_away import is_away

logger = logging.getLogger(__name__)


class OnTheLoop:
    """Runs the steps of the middleware it is mixed into where they are called."""

    get_response: Any

    def waits(self, request: HttpRequest) -> bool:
        """Whether the step after the view may wait for a database."""
        return False

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        before, after = getattr(self, "process_request", None), getattr(self, "process_response", None)
        response: HttpResponseBase = (before and before(request)) or await self.get_response(request)
        if after is None:
            return response
        if self.waits(request):
            response = await sync_to_async(after)(request, response)
        else:
            response = after(request, response)
        return response


class Sessions(OnTheLoop, SessionMiddleware):
    def waits(self, request: HttpRequest) -> bool:
        return bool(request.session.modified)


class Common(OnTheLoop, CommonMiddleware):
    pass


class Authentication(OnTheLoop, AuthenticationMiddleware):
    pass


class Messages(OnTheLoop, MessageMiddleware):
    def waits(self, request: HttpRequest) -> bool:
        storage = getattr(request, "_messages", None)
        return storage is not None and (storage.used or storage.added_new)


class DatabaseAway(OnTheLoop, MiddlewareMixin):
    """A page that could not be made because the database is away says so."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not is_away(exception):
            return None
        logger.warning("Page not made, database away", extra={"path": request.path})
        return database_away(request)


def take_to_the_loop(*kinds: Any) -> None:
    """The same for middleware that stands in the settings under Django's names, by which its deployment check goes."""
    for kind in kinds:
        kind.__acall__, kind.waits = OnTheLoop.__acall__, OnTheLoop.waits


take_to_the_loop(SecurityMiddleware, CsrfViewMiddleware, XFrameOptionsMiddleware)
