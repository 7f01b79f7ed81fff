"""Who is asking: an account, or a trial visitor known by a signed cookie."""

import uuid
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.assistant.owner import Owner

VISITOR_COOKIE = "gvses_visitor"
VISITOR_COOKIE_AGE_S = 365 * 24 * 3600
COOKIE_SALT = "gvses.visitor"
#: A name space of our own, so that no stand-in is anybody's id.
STAND_INS = UUID("5e1f0f4c-3f0a-4d5e-9d0b-7a6f1c2b8e31")


def visitor_id_of(request: HttpRequest) -> UUID | None:
    """The visitor id the cookie vouches for; None without a cookie or with one we did not sign."""
    value = request.get_signed_cookie(VISITOR_COOKIE, default=None, salt=COOKIE_SALT, max_age=VISITOR_COOKIE_AGE_S)
    try:
        return UUID(value) if value else None
    except ValueError:
        return None


def owner_of(request: HttpRequest) -> Owner | None:
    """The owner of what this request may see; None for somebody who has stored nothing yet."""
    if request.user.is_authenticated:
        return Owner(user_id=request.user.pk)
    visitor_id = visitor_id_of(request)
    return Owner(visitor_id=visitor_id) if visitor_id and settings.ANONYMOUS_CHAT else None


def new_visitor() -> Owner:
    return Owner(visitor_id=uuid.uuid4())


def stand_in_for(request: HttpRequest) -> Owner:
    """Whom to count limits for while the session cannot be read: the same for one session, and the owner of nothing."""
    return Owner(visitor_id=uuid.uuid5(STAND_INS, request.session.session_key or ""))


def remember_visitor(response: HttpResponseBase, owner: Owner) -> None:
    """Sends the cookie that makes the owner's conversations theirs when they come back; none for an account."""
    if owner.visitor_id is None:
        return
    response.set_signed_cookie(
        VISITOR_COOKIE,
        str(owner.visitor_id),
        salt=COOKIE_SALT,
        max_age=VISITOR_COOKIE_AGE_S,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def forget_visitor(response: HttpResponseBase) -> None:
    response.delete_cookie(VISITOR_COOKIE, samesite="Lax")
