"""Drives the product into its faults. Imported where Django is set up, by a process of its own: see `drive.py`.

Prints what the tests look for: the request id that each answer said, and the ids of the recorded turn.
"""

import asyncio
import json
from typing import Any

from asgiref.testing import ApplicationCommunicator
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter
from channels.testing import WebsocketCommunicator
from django.db import connection

from apps.chat import views
from apps.core.request_context import bound_ids
from apps.providers import registry
from apps.providers.events import Text
from apps.tracing import sentry
from gvses import asgi
from tests.scripted import Script, ScriptedProvider
from tests.tracing.reports.faulty import planted
from tests.tracing.reports.faulty.names import SESSION, UTTERANCE
from tests.tracing.reports.rescued_turn import make_rescued_turn

CSRF = "c" * 32


class Crashing(AsyncWebsocketConsumer):
    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        with bound_ids(**UTTERANCE, channel="voice"):
            raise RuntimeError(f"cannot hear {text_data}")


application = asgi.watched(ProtocolTypeRouter({"http": asgi.http, "websocket": Crashing.as_asgi()}))


async def ask(method: str, path: str, *, body: bytes = b"", query: bytes = b"") -> str:
    """One request with everything in it that a browser or a script sends; its id as the answer says it."""
    headers = {
        "host": "testserver",
        "content-type": "application/x-www-form-urlencoded",
        "content-length": str(len(body)),
        "cookie": f"csrftoken={CSRF}; sessionid={planted.COOKIE}",
        "x-csrftoken": CSRF,
        "authorization": f"Bearer {planted.BEARER}",
        "x-gvses-provider": "",
        "sentry-trace": f"{planted.TRACE_ID}-{'1' * 16}-0",
        "baggage": f"sentry-environment={planted.TRACED}",
    }
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query,
        "headers": [(name.encode(), value.encode()) for name, value in headers.items() if value],
    }
    talk = ApplicationCommunicator(application, scope)
    await talk.send_input({"type": "http.request", "body": body})
    start = message = await talk.receive_output(30)
    while message["type"] != "http.response.body" or message.get("more_body"):
        message = await talk.receive_output(30)
    await talk.wait(30)
    return dict(start["headers"])[b"x-request-id"].decode()


async def talk_over_a_socket() -> None:
    talk = WebsocketCommunicator(application, "/v1/realtime", headers=[(b"authorization", planted.BEARER.encode())])
    await talk.connect()
    await talk.send_to(text_data=planted.SOCKET)
    try:
        await talk.receive_from(30)
    except RuntimeError:
        return
    raise AssertionError("the socket did not fail")


async def drive() -> dict[str, Any]:
    said = {}
    crash = {"body": f"text={planted.BODY}".encode(), "query": f"q={planted.PARAMETER}".encode()}
    said["crash"] = await ask("POST", "/crash/", **crash)
    said["twice"] = await ask("GET", "/twice/")
    said["log"] = await ask("GET", "/log/")
    said["thread"] = await ask("GET", f"/chat/{SESSION}/thread/")
    await ask("GET", f"/{planted.PATH}/", query=f"q={planted.PARAMETER}".encode())
    question = f"message={planted.QUESTION}".replace(" ", "+").encode()
    registry.PROVIDERS["analyst"] = "tests.scripted.ScriptedProvider"
    ScriptedProvider.script = Script(
        tries=[[Text(content=planted.ANSWER), ValueError(f"cannot answer {planted.QUESTION} with {planted.KEY}")]]
    )
    said["turn"] = await ask("POST", f"/chat/{SESSION}/turns/", body=question)

    def broken(**turn: Any) -> None:
        raise RuntimeError(turn["question"])

    views.run_turn = broken
    said["view"] = await ask("POST", f"/chat/{SESSION}/turns/", body=question)
    await talk_over_a_socket()
    return said


def main() -> None:
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    name = connection.settings_dict["NAME"]
    said = asyncio.run(drive())
    trace = make_rescued_turn(
        question=planted.QUESTION, answer=planted.ANSWER, tool_name=planted.TOOL, tool_text=planted.QUOTED
    )
    sentry.record(trace)
    connection.creation.destroy_test_db(name, verbosity=0)
    print("SAID", json.dumps(said | {"trace": str(trace.request_id)}))  # noqa: T201
