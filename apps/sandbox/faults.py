"""Faults on demand: which there are, how one is asked for, and which armed one strikes a request.

A request brings a fault of its own in the header `X-Sandbox-Fault: cut;after=3`; `POST /sandbox/v1/faults` arms one for
the next requests. The state belongs to the process and is gone with it.
"""

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal, TypeAlias, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from apps.sandbox.wire_errors import WireError, bad_value

HEADER = "x-sandbox-fault"
MOST_ARMED = 100
#: How providers name a request: gvses.<provider>.<request id>.<step>.
REQUEST_ID = re.compile(r"^gvses\.([a-z0-9_]{1,64})\.")

Name: TypeAlias = Literal[
    "refuse",
    "unauthorized",
    "forbidden",
    "rate_limited",
    "quota",
    "server_error",
    "bad_request",
    "slow_first_token",
    "stall",
    "cut",
    "clean_end",
    "failed",
    "error_event",
    "malformed",
    "empty",
    "broken_arguments",
    "unknown_tool",
    "endless_tools",
]
NAMES: tuple[str, ...] = get_args(Name)
#: Faults that can strike in the middle of a text.
MID_STREAM = frozenset({"cut", "stall", "clean_end", "failed", "error_event", "malformed"})
#: Faults that are about a response's own events; other endpoints have none.
OF_RESPONSES = frozenset({"failed", "error_event", "empty", "broken_arguments", "unknown_tool", "endless_tools"})
#: Faults that need functions to call.
OF_TOOLS = frozenset({"broken_arguments", "unknown_tool", "endless_tools"})


class Fault(BaseModel):
    """`after` counts text deltas that are sent before it strikes; 0 strikes before the first output."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    fault: Name
    after: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    retry_after_s: Annotated[float, Field(ge=0, le=3600)] | None = None
    delay_s: Annotated[float, Field(ge=0, le=86_400)] | None = None

    @model_validator(mode="after")
    def _after_is_for_streams(self) -> "Fault":
        if self.after and self.fault not in MID_STREAM:
            raise ValueError(f"'after' is for {', '.join(sorted(MID_STREAM))}; {self.fault} strikes at once")
        return self


class FaultOrder(Fault):
    """What is armed: `times` requests of `provider` ("" for any). `endless_tools` holds until it is taken away."""

    times: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    provider: Annotated[str, Field(pattern=r"^[a-z0-9_]{0,64}$")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a fault must know of a request to strike it."""

    provider: str
    is_response: bool = False
    emits_text: bool = False
    offers_tools: bool = False

    def suits(self, fault: Fault) -> bool:
        """Whether the fault can strike here; otherwise it waits for a request that it can strike."""
        return (
            (self.is_response or fault.fault not in OF_RESPONSES)
            and (self.emits_text or not fault.after)
            and (self.offers_tools or fault.fault not in OF_TOOLS)
        )


@dataclass(slots=True)
class Armed:
    order: FaultOrder
    times_left: int | None


@dataclass(slots=True)
class Arsenal:
    """The armed faults of this process, first in, first to strike. Safe to use from any thread."""

    _armed: list[Armed] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def arm(self, order: FaultOrder) -> None:
        """Raises WireError when too many are armed."""
        times = order.times or (None if order.fault == "endless_tools" else 1)
        with self._lock:
            if len(self._armed) >= MOST_ARMED:
                raise WireError(
                    400, f"{MOST_ARMED} faults are armed already. Take them away first: DELETE this address."
                )
            self._armed.append(Armed(order, times))

    def disarm(self) -> None:
        with self._lock:
            self._armed.clear()

    def listed(self) -> list[dict[str, object]]:
        with self._lock:
            return [{**armed.order.model_dump(), "times": armed.times_left} for armed in self._armed]

    def take(self, target: Target) -> Fault | None:
        """The fault that strikes this request, counted down; None where none does."""
        with self._lock:
            for armed in self._armed:
                if armed.order.provider in ("", target.provider) and target.suits(armed.order):
                    if armed.times_left is not None:
                        armed.times_left -= 1
                        if not armed.times_left:
                            self._armed.remove(armed)
                    return armed.order
        return None


ARSENAL = Arsenal()


def provider_of(headers: Mapping[str, str]) -> str:
    """The provider that `X-Client-Request-Id` names; "" where it names none."""
    found = REQUEST_ID.match(headers.get("x-client-request-id", ""))
    return found[1] if found else ""


def fault_for(headers: Mapping[str, str], target: Target) -> Fault | None:
    """The request's own fault, where it can strike, else an armed one. Raises WireError for a fault there is not."""
    text = headers.get(HEADER, "")
    if not text.strip():
        return ARSENAL.take(target)
    own = read_fault(text)
    return own if target.suits(own) else None


def read_fault(text: str) -> Fault:
    """The fault that "cut;after=3" asks for."""
    name, *options = (part.strip() for part in text.split(";"))
    values = dict(option.partition("=")[::2] for option in options if option)
    try:
        return Fault.model_validate({**values, "fault": name})
    except ValidationError as error:
        raise bad_value(error) from error
