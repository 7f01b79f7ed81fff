"""Parameters that a request can do without, left out where a server refuses them.

A compatible server may know fewer than OpenAI does, and a model that does not reason takes no effort. Such a server
answers 400 and names the parameter: it is sent the same request again without it, and for an hour each later request
for the same model is sent without it at once.
"""

import json
import logging
import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from copy import copy
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from apps.providers.events import Json
from apps.providers.openai_api.upstream import OPENAI_URL

if TYPE_CHECKING:
    from openai import BadRequestError
    from openai._models import FinalRequestOptions

logger = logging.getLogger(__name__)
T = TypeVar("T")

OPTIONAL = frozenset(
    {"reasoning", "include", "prompt_cache_key", "safety_identifier", "parallel_tool_calls", "store", "strict"}
)
#: OpenAI keeps what it is not told to forget, so a refusal there stays one.
NEEDED_AT_OPENAI = "store"
#: Not of the whole request, but of its tools and of the form of its answer.
STRICT = "strict"
REMEMBERED_S = 3600.0

#: (base URL, model) → (parameter, the refused value as JSON or "" for all) → until when, on the monotonic clock.
_remembered: dict[tuple[str, str], dict[tuple[str, str], float]] = {}


async def without_refused(
    send: "Callable[[FinalRequestOptions], Awaitable[T]]", options: "FinalRequestOptions", *, base_url: str
) -> T:
    """What `send` gives for the request, which it is given again without each optional parameter that the server names.

    A refusal has no answer yet, so nobody has read anything. Raises what `send` raises for any other reason.
    """
    from openai import BadRequestError

    body = _body(options)
    model = body.get("model")
    if not isinstance(model, str):
        return await send(options)
    left_out = _known(base_url, model, body)
    while True:
        try:
            return await send(_slimmer(options, left_out) if left_out else options)
        except BadRequestError as error:
            name = _refused_by(error, base_url=base_url)
            if name is None or name in left_out or not _is_in(name, body):
                raise
            left_out = left_out | {name}
            # A value that this model does not take says nothing of the others.
            value = _written(body.get(name)) if error.code == "unsupported_value" else ""
            _remember(base_url, model, (name, value))


def forget_refusals() -> None:
    """Every server is sent every parameter again."""
    _remembered.clear()


def _refused_by(error: "BadRequestError", *, base_url: str) -> str | None:
    """The optional parameter that the refusal is about: "reasoning" for `reasoning.effort`, "strict" for
    `tools[0].strict`."""
    words = re.findall(r"[a-z_]+", error.param) if isinstance(error.param, str) else []
    if not words:
        return None
    name = STRICT if words[-1] == STRICT else words[0]
    if name not in OPTIONAL or (name == NEEDED_AT_OPENAI and base_url.startswith(OPENAI_URL)):
        return None
    return name


def _known(base_url: str, model: str, body: Json) -> frozenset[str]:
    """What this server is known to refuse of the body."""
    now = monotonic()
    return frozenset(
        name
        for (name, value), until in list(_remembered.get((base_url, model), {}).items())
        if now < until and (not value or value == _written(body.get(name)))
    )


def _remember(base_url: str, model: str, refused: tuple[str, str]) -> None:
    known = _remembered.setdefault((base_url, model), {})
    now = monotonic()
    if known.get(refused, now) <= now:
        name, value = refused
        told = {"parameter": name, "value": value, "model": model, "server": urlsplit(base_url).hostname}
        logger.warning("Server refuses a parameter", extra=told)
    known[refused] = now + REMEMBERED_S


def _body(options: "FinalRequestOptions") -> Json:
    """Both parts of the body: what the SDK was given as arguments, and what it was given as JSON."""
    parts = (part for part in (options.json_data, options.extra_json) if isinstance(part, Mapping))
    return {name: value for part in parts for name, value in part.items()}


def _slimmer(options: "FinalRequestOptions", left_out: Collection[str]) -> "FinalRequestOptions":
    slim = copy(options)
    if isinstance(slim.json_data, Mapping):
        slim.json_data = _without(slim.json_data, left_out)
    if slim.extra_json is not None:
        slim.extra_json = _without(slim.extra_json, left_out)
    return slim


def _without(body: Mapping[str, Any], left_out: Collection[str]) -> Json:
    slim = {name: value for name, value in body.items() if name not in left_out}
    if STRICT not in left_out:
        return slim
    if "tools" in slim:
        slim["tools"] = [_lenient(tool) for tool in slim["tools"]]
    if "text" in slim:
        slim["text"] = {name: _lenient(value) for name, value in slim["text"].items()}
    return slim


def _lenient(part: Any) -> Any:
    return {name: value for name, value in part.items() if name != STRICT} if isinstance(part, Mapping) else part


def _is_in(name: str, body: Json) -> bool:
    return _without(body, {name}) != body


def _written(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
