"""`POST /responses`: the analyst's answer as a stream of events, or as one object."""

import asyncio
from collections.abc import AsyncGenerator

from django.conf import settings
from starlette.requests import Request

from apps.sandbox.bodies import read_json
from apps.sandbox.fault_effects import MALFORMED, body, changed, pause_before_first, refuse_at_once, stall
from apps.sandbox.faults import Fault, Target, fault_for, provider_of
from apps.sandbox.response_request import ResponseRequest, refuse_what_is_not_kept
from apps.sandbox.streams import EVENT_STREAM, HangUp, WireStream, json_bytes, sse
from apps.sandbox.thinking import Mind, Thought
from apps.sandbox.thinking_threads import off_the_loop
from apps.sandbox.wire_events import FIRST_OUTPUT, TEXT_DELTA, TEXT_DONE, Json, WireResponse

FAILURE = {"code": "server_error", "message": "The sandbox was asked to fail here."}


async def create_response(request: Request) -> WireStream:
    asked = await read_json(request, ResponseRequest)
    refuse_what_is_not_kept(asked)
    mind, thought = await off_the_loop(lambda: _think(asked))
    fault = fault_for(
        request.headers,
        Target(
            provider=provider_of(request.headers),
            is_response=True,
            emits_text=bool(thought.text and asked.stream),
            offers_tools=bool(asked.tools),
        ),
    )
    refuse_at_once(fault, request.url.path)
    thought = changed(fault, mind, thought)
    writer = WireResponse(asked)
    if asked.stream:
        return WireStream(_stream(writer, thought, fault), media_type=EVENT_STREAM)
    if fault and fault.fault in ("failed", "error_event"):
        whole, fault = writer.failed(**FAILURE)["response"], None
    else:
        whole = writer.whole(thought)
    return WireStream(body(fault, [json_bytes(whole)]), media_type="application/json")


def _think(asked: ResponseRequest) -> tuple[Mind, Thought]:
    mind = Mind(asked)
    return mind, mind.thought()


async def _stream(writer: WireResponse, thought: Thought, fault: Fault | None) -> AsyncGenerator[bytes]:
    """The events at their pace, up to where the fault strikes; after a stall they go on."""
    pace_s = settings.SANDBOX_PACE_MS / 1000
    n_deltas, waits = 0, fault is not None
    for event in writer.events(thought):
        if fault and waits and _is_reached(fault, event, n_deltas):
            waits = False
            match fault.fault:
                case "slow_first_token":
                    await pause_before_first(fault)
                case "stall":
                    await stall(fault)
                case "cut":
                    raise HangUp
                case "clean_end":
                    return
                case "failed":
                    yield sse(writer.failed(**FAILURE))
                    return
                case "error_event":
                    yield sse(writer.error(**FAILURE))
                    return
                case "malformed":
                    yield MALFORMED
                    return
        if event["type"] == TEXT_DELTA:
            if n_deltas and pace_s:
                await asyncio.sleep(pace_s)
            n_deltas += 1
        yield sse(event)


def _is_reached(fault: Fault, event: Json, n_deltas: int) -> bool:
    """Whether the fault strikes before this event; one that comes later than the text's end strikes there."""
    if not fault.after:
        return event["type"] in FIRST_OUTPUT
    return event["type"] == TEXT_DONE or (event["type"] == TEXT_DELTA and n_deltas == fault.after)
