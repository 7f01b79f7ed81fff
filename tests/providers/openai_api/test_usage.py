"""Token counts survive servers that leave half of them out."""

from typing import Any

import pytest
from openai.types.responses import ResponseUsage

from apps.providers.events import Usage
from apps.providers.openai_api.usage import usage_event

FULL: dict[str, Any] = {
    "input_tokens": 1000,
    "input_tokens_details": {"cached_tokens": 400, "cache_write_tokens": 0},
    "output_tokens": 200,
    "output_tokens_details": {"reasoning_tokens": 150},
    "total_tokens": 1200,
}


@pytest.mark.parametrize("usage", [FULL, ResponseUsage.model_validate(FULL), ResponseUsage.construct(**FULL)])
def test_every_count_is_read(usage: object) -> None:
    event = usage_event(model="gpt-4o", usage=usage)
    assert event == Usage(
        tokens_input=1000,
        tokens_output=200,
        tokens_cached=400,
        tokens_reasoning=150,
        cost_usd=pytest.approx((600 * 2.5 + 400 * 1.25 + 200 * 10) / 1_000_000),
    )


@pytest.mark.parametrize(
    "usage",
    [
        {"input_tokens": 12, "output_tokens": 3},
        {"input_tokens": 12, "output_tokens": 3, "input_tokens_details": None, "output_tokens_details": None},
        {"input_tokens": 12, "output_tokens": 3, "input_tokens_details": {}, "output_tokens_details": "none"},
        {"input_tokens": 12, "output_tokens": 3, "input_tokens_details": {"cached_tokens": None}},
        {"input_tokens": 12, "output_tokens": 3, "input_tokens_details": {"cached_tokens": -1}},
    ],
)
def test_missing_counts_are_none(usage: dict[str, Any]) -> None:
    assert usage_event(model="some-model", usage=usage) == Usage(tokens_input=12, tokens_output=3)


@pytest.mark.parametrize("usage", [None, {}, {"input_tokens": 0, "output_tokens": 0}, {"input_tokens": "12"}, object()])
def test_a_server_that_counts_nothing_gives_no_event(usage: object) -> None:
    assert usage_event(model="gpt-4o", usage=usage) is None


def test_the_sandbox_counts_but_does_not_charge() -> None:
    assert usage_event(model="sandbox/gpt-4o", usage=FULL) == Usage(
        tokens_input=1000, tokens_output=200, tokens_cached=400, tokens_reasoning=150, cost_usd=0.0
    )
