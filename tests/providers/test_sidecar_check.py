"""A sidecar that does not hold what it says never leaves a provider; the answer's intent does."""

import logging
from dataclasses import fields, replace
from typing import Any

import pytest

from apps.providers.sidecar import ChartView, Fact, Sidecar
from apps.providers.sidecar_check import BrokenSidecar, SidecarShape, checked, leaving

FACT = Fact(id="f1", text="430.47", call_id="c1", path="close", label="AAPL close")
LINE = {"price": 409.8, "label": "Stop", "role": "stop"}
CHART = ChartView(call_id="c1", symbol="AAPL", timeframe="1Y", lines=[LINE])
WHOLE = Sidecar(
    intent="plan", confidence=0.5, bias="bullish", charts=[CHART], plan_call_id="c1", entry=425.11, stop=409.8,
    targets=[452.0], facts=[FACT], unverified=["431.50"],
)  # fmt: skip


def test_a_whole_sidecar_leaves_as_it_is() -> None:
    assert checked(WHOLE, call_ids={"c1"}) == WHOLE.as_json()


def test_the_check_knows_every_field() -> None:
    assert set(SidecarShape.model_fields) == {field.name for field in fields(Sidecar)}


@pytest.mark.parametrize(
    "change",
    [
        {"intent": "unheard_of"},
        {"confidence": 1.5},
        {"bias": "sideways"},
        {"entry": float("nan")},
        {"stop": "409.80"},
        {"targets": [float("inf")]},
        {"plan_call_id": "gone"},
        {"comparison_call_id": "gone"},
        {"charts": [replace(CHART, call_id="gone")]},
        {"charts": [replace(CHART, lines=[{**LINE, "price": None}])]},
        {"charts": [replace(CHART, lines=[{**LINE, "role": "hope"}])]},
        {"facts": [replace(FACT, call_id="gone")]},
        {"facts": [replace(FACT, text="")]},
        {"symbols": [None]},
        {"sources": [{"as_of": object()}]},
        {"sources": [{"as_of": float("nan")}]},
        {"suggestions": "Ask"},
    ],
)
def test_a_broken_one_is_reduced_to_its_intent_with_a_line_in_the_log(
    change: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    broken = replace(WHOLE, **change)
    with pytest.raises(BrokenSidecar):
        checked(broken, call_ids={"c1"})
    with caplog.at_level(logging.ERROR):
        left = leaving(lambda: broken, intent="plan", call_ids={"c1"})
    assert left == Sidecar(intent="plan").as_json()
    assert [record.message for record in caplog.records] == ["Sidecar reduced to its intent"]
    assert "409.80" not in caplog.text


def test_one_that_cannot_be_built_is_reduced_too() -> None:
    def build() -> Sidecar:
        raise KeyError("symbol")

    assert leaving(build, intent="quote", call_ids=()) == Sidecar(intent="quote").as_json()
    assert leaving(build, intent="made up", call_ids=())["intent"] == "clarify"
