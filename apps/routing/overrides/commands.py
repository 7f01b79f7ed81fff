"""The overrides of `manage.py rollout`: pin a session, take a pin back, sign a header for one turn."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model

from apps.routing.errors import OverrideRefused
from apps.routing.overrides.header import HEADER, lifetime_text, sign_override
from apps.routing.overrides.pins import effect_of_pin, pin_session, session_id_of, unpin_session


def add_override_verbs(verbs: Any) -> None:
    """Adds pin, unpin and sign-override to the command's subparsers."""
    pin: ArgumentParser = verbs.add_parser(
        "pin", help="give one session to a provider for a test; it stays no evidence"
    )
    pin.add_argument("session", metavar="SESSION", help="a session id (UUID); the session need not have begun")
    pin.add_argument("name", metavar="NAME")
    pin.add_argument("--reason", required=True, help="why")
    unpin: ArgumentParser = verbs.add_parser("unpin", help="take a pin back: the session returns to its own provider")
    unpin.add_argument("session", metavar="SESSION")
    sign: ArgumentParser = verbs.add_parser(
        "sign-override", help=f"a header that chooses the provider of each turn it is sent with, for {lifetime_text()}"
    )
    sign.add_argument("name", metavar="NAME")
    sign.add_argument("--user", required=True, metavar="USERNAME", help="the staff account that answers for it")


def run_override_verb(options: dict[str, Any], *, by: str) -> str:
    """Does what one of these verbs asks for and says so. Raises RoutingError."""
    match options["verb"]:
        case "pin":
            return _pin(options["session"], options["name"], by=by, reason=options["reason"])
        case "unpin":
            change = unpin_session(session_id=options["session"], by=by)
            return f"Session {session_id_of(options['session'])} is no longer pinned to {change.provider}."
        case "sign-override":
            return _sign(options["name"], username=options["user"])
        case verb:
            raise ValueError(f"“{verb}” is no verb of overrides")


def _pin(session: str, provider: str, *, by: str, reason: str) -> str:
    change = pin_session(session_id=session, provider=provider, by=by, reason=reason)
    already = " already; nothing changed" if change is None else ""
    return f"Session {session_id_of(session)} is pinned to {provider}{already}. {effect_of_pin(provider)}"


def _sign(provider: str, *, username: str) -> str:
    """The whole header and nothing else, so that a script can pass it on."""
    user = get_user_model().objects.filter(username=username).first()
    if user is None:
        raise OverrideRefused(f"There is no account “{username}”.", provider=provider)
    return f"{HEADER}: {sign_override(provider=provider, user_id=user.pk)}"
