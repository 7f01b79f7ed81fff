"""The sandbox's application: OpenAI's addresses below /sandbox/v1, with the analyst behind them."""

import logging
import secrets

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.routing import Mount, Route
from starlette.types import Message, Receive, Scope, Send

from apps.sandbox.access import why_refused
from apps.sandbox.decisions import create_decision
from apps.sandbox.fault_control import faults
from apps.sandbox.models_list import list_models, retrieve_model
from apps.sandbox.responses import create_response
from apps.sandbox.speech import create_speech
from apps.sandbox.streams import SERVER_SEND
from apps.sandbox.transcriptions import create_transcription
from apps.sandbox.wire_errors import WireError, on_http_exception, on_unexpected, on_wire_error

logger = logging.getLogger(__name__)

ROUTES = [
    Route("/responses", create_response, methods=["POST"]),
    Route("/decisions", create_decision, methods=["POST"]),
    Route("/models", list_models, methods=["GET"]),
    Route("/models/{name}", retrieve_model, methods=["GET"]),
    Route("/audio/speech", create_speech, methods=["POST"]),
    Route("/audio/transcriptions", create_transcription, methods=["POST"]),
    Route("/faults", faults, methods=["GET", "POST", "DELETE"]),
]
_starlette = Starlette(
    routes=[Mount("/sandbox/v1", routes=ROUTES)],
    exception_handlers={WireError: on_wire_error, HTTPException: on_http_exception, Exception: on_unexpected},
)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Lets in who may come in, names each answer, and hands the request on."""
    if scope["type"] != "http":
        raise ValueError("the sandbox speaks HTTP only")
    scope[SERVER_SEND] = send
    request_id = f"req_{secrets.token_hex(16)}"

    async def send_named(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)["x-request-id"] = request_id
        await send(message)

    refused = why_refused(scope)
    if refused:
        await refused.response()(scope, receive, send_named)
        return
    try:
        await _starlette(scope, receive, send_named)
    except Exception:
        # Starlette has answered already, where nothing was sent yet, and passes the exception on.
        logger.exception("sandbox failed", extra={"path": scope["path"]})
