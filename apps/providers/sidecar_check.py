"""The last look at a sidecar before it leaves a provider: whole, of the known shape, and pointing at real results.

An answer's text never suffers from its structured part: a sidecar that cannot be built or does not hold what it says
is reduced to its intent, and the log says so.
"""

import json
import logging
from collections.abc import Callable, Collection, Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from apps.providers.sidecar import INTENTS, Sidecar

logger = logging.getLogger(__name__)

Bias = Literal["bullish", "bearish", "neutral"]
Role = Literal["support", "resistance", "entry", "stop", "target"]


def known_intent(intent: str) -> str:
    if intent not in INTENTS:
        raise ValueError("no such intent")
    return intent


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, hide_input_in_errors=True)


class FactShape(Shape):
    id: str
    text: Annotated[str, Field(min_length=1)]
    call_id: str
    path: str
    label: str


class LineShape(Shape):
    price: float
    label: str
    role: Role


class ChartShape(Shape):
    call_id: str
    symbol: str
    timeframe: str
    indicators: list[str]
    lines: list[LineShape]


class SidecarShape(Shape):
    """`Sidecar` as JSON, field by field."""

    intent: Annotated[str, AfterValidator(known_intent)]
    confidence: Annotated[float, Field(ge=0, le=1)] | None
    symbols: list[str]
    bias: Bias | None
    charts: list[ChartShape]
    plan_call_id: str | None
    comparison_call_id: str | None
    entry: float | None
    stop: float | None
    targets: list[float]
    facts: list[FactShape]
    unverified: list[str]
    sources: list[dict[str, Any]]
    suggestions: list[str]
    version: Literal[1]

    def call_ids(self) -> Iterator[str]:
        """Every call that the sidecar points at."""
        yield from (chart.call_id for chart in self.charts)
        yield from (fact.call_id for fact in self.facts)
        yield from filter(None, (self.plan_call_id, self.comparison_call_id))


class BrokenSidecar(Exception):
    """`str(error)` names the places at fault and repeats no value."""


def checked(sidecar: Sidecar, *, call_ids: Collection[str]) -> dict[str, Any]:
    """The sidecar as JSON. Raises BrokenSidecar; `call_ids` are those of the turn's results."""
    data = sidecar.as_json()
    try:
        shape = SidecarShape.model_validate(data)
        json.dumps(data, allow_nan=False)
    except ValidationError as error:
        places = {".".join(map(str, fault["loc"])) for fault in error.errors(include_input=False)}
        raise BrokenSidecar(", ".join(sorted(places))) from None
    except (TypeError, ValueError):
        raise BrokenSidecar("a value that JSON has no shape for") from None
    if not set(shape.call_ids()) <= set(call_ids):
        raise BrokenSidecar("a call that gave no result")
    return data


def leaving(build: Callable[[], Sidecar], *, intent: str, call_ids: Collection[str]) -> dict[str, Any]:
    """What `build` gives, checked, as JSON; on any fault the intent alone. Never raises."""
    try:
        return checked(build(), call_ids=call_ids)
    except Exception as error:  # the outermost edge of the structured part: the text goes out without it
        fault = str(error) if isinstance(error, BrokenSidecar) else type(error).__name__
        logger.exception("Sidecar reduced to its intent", extra={"intent": intent, "fault": fault})
        return Sidecar(intent=intent if intent in INTENTS else "clarify").as_json()
