"""What each fault does on the wire."""

import asyncio
import atexit
import socket
from collections.abc import AsyncGenerator, Iterable
from functools import cache

from apps.sandbox.faults import MID_STREAM, Fault
from apps.sandbox.streams import HangUp
from apps.sandbox.thinking import Mind, Thought, wanted
from apps.sandbox.wire_errors import WireError

#: How long a fault of waiting waits, in seconds, unless its `delay_s` says.
SLOW_S = 30.0
STALL_S = 3600.0
#: The beginning of an event that never ends.
MALFORMED = b'event: response.output_text.delta\ndata: {"type": "response.output_text.delta", "delta": \n\n'
NO_SUCH_TOOL = "no_such_tool"
BROKEN = "The sandbox was asked to fail here."


def refuse_at_once(fault: Fault | None, path: str) -> None:
    """Raises the WireError of a fault that answers in place of the endpoint."""
    if fault is None:
        return
    match fault.fault:
        case "refuse":
            # OpenAI's SDK follows a redirect, and so meets a connection that is truly refused.
            location = {"location": f"http://127.0.0.1:{closed_port()}{path}"}
            raise WireError(307, "Moved to where nobody listens.", type="server_error", headers=location)
        case "unauthorized":
            raise WireError(401, f"Incorrect API key provided. {BROKEN}", code="invalid_api_key")
        case "forbidden":
            raise WireError(403, f"This key has no access. {BROKEN}", type="permission_error", code="forbidden")
        case "rate_limited":
            wait_s = fault.retry_after_s
            headers = None if wait_s is None else {"retry-after": f"{wait_s:g}"}
            raise WireError(
                429, f"Rate limit reached. {BROKEN}", type="requests", code="rate_limit_exceeded", headers=headers
            )
        case "quota":
            code = "insufficient_quota"
            raise WireError(429, f"You exceeded your current quota. {BROKEN}", type=code, code=code)
        case "server_error":
            raise WireError(500, f"The server had an error. {BROKEN}", type="server_error")
        case "bad_request":
            raise WireError(400, f"Invalid request. {BROKEN}", code="invalid_value")


@cache
def closed_port() -> int:
    """A loopback port that is taken and that nobody listens on: to connect to it is refused."""
    holder = socket.socket()
    holder.bind(("127.0.0.1", 0))
    atexit.register(holder.close)
    return int(holder.getsockname()[1])


def changed(fault: Fault | None, mind: Mind, thought: Thought) -> Thought:
    """What is said instead, where the fault changes that."""
    match fault.fault if fault else "":
        case "empty":
            return Thought()
        case "unknown_tool":
            return Thought(calls=(wanted(NO_SUCH_TOOL, "{}"),))
        case "endless_tools":
            return Thought(calls=(mind.any_call(),))
        case "broken_arguments":
            call = mind.any_call()
            return Thought(calls=(wanted(call.name, call.arguments[: max(1, len(call.arguments) // 2)]),))
    return thought


async def pause_before_first(fault: Fault | None) -> None:
    if fault and fault.fault == "slow_first_token":
        await asyncio.sleep(SLOW_S if fault.delay_s is None else fault.delay_s)


async def stall(fault: Fault) -> None:
    """Nothing more for a while; whoever has left ends it sooner."""
    await asyncio.sleep(STALL_S if fault.delay_s is None else fault.delay_s)


async def body(fault: Fault | None, chunks: Iterable[bytes]) -> AsyncGenerator[bytes]:
    """A body that is no stream of response events, as the fault leaves it: one that breaks breaks in its middle."""
    await pause_before_first(fault)
    if fault is None or fault.fault not in MID_STREAM:
        for chunk in chunks:
            yield chunk
        return
    whole = b"".join(chunks)
    middle = len(whole) // 2
    yield whole[:middle]
    match fault.fault:
        case "cut":
            raise HangUp
        case "stall":
            await stall(fault)
            yield whole[middle:]
