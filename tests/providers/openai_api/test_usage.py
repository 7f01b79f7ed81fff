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
        # 600 at 2.50, 400 cached at 1.25, 200 at 10.00 a million.
        cost_usd=0.004,
        model="gpt-4o",
        price_version="genai-prices 0.2.3",
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
    assert usage_event(model="some-model", usage=usage) == Usage(tokens_input=12, tokens_output=3, model="some-model")


@pytest.mark.parametrize("usage", [None, {}, {"input_tokens": 0, "output_tokens": 0}, {"input_tokens": "12"}, object()])
def test_a_server_that_counts_nothing_gives_no_event(usage: object) -> None:
    assert usage_event(model="gpt-4o", usage=usage) is None


def test_the_sandbox_counts_but_does_not_charge() -> None:
    assert usage_event(model="sandbox/gpt-4o", usage=FULL) == Usage(
        tokens_input=1000,
        tokens_output=200,
        tokens_cached=400,
        tokens_reasoning=150,
        cost_usd=0.0,
        model="sandbox/gpt-4o",
        price_version="sandbox",
    )


def test_a_part_is_never_more_than_the_whole() -> None:
    event = usage_event(
        model="gpt-4o",
        usage={
            "input_tokens": 100,
            "input_tokens_details": {"cached_tokens": 900},
            "output_tokens": 10,
            "output_tokens_details": {"reasoning_tokens": 11},
        },
    )
    assert event is not None
    assert (event.tokens_cached, event.tokens_reasoning) == (100, 10)


def test_what_was_written_to_the_cache_is_paid_as_that() -> None:
    details = {"cached_tokens": 200, "cache_write_tokens": 300}
    event = usage_event(
        model="gpt-6.1-terra", usage={"input_tokens": 1000, "input_tokens_details": details, "output_tokens": 10}
    )
    assert event is not None
    # 500 at 1.00, 200 cached at 0.05, 300 written at 1.25, 10 at 5.00 a million.
    assert (event.tokens_input, event.tokens_cached, event.cost_usd) == (1000, 200, 0.000935)
