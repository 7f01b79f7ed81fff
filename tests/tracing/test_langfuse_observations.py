"""What is made of a turn for Langfuse: names, levels, times, and tokens that are counted once."""

import json
from typing import Any

import pytest

from apps.tracing import langfuse, langfuse_observations
from apps.tracing.langfuse_observations import observations, scores, usage_details
from tests.tracing.traces import make_attempt, make_model_call, make_tool_call, make_trace


@pytest.mark.parametrize(
    ("tokens", "details"),
    [
        ((100, 50, 0, 0), (100, 0, 50, 0, 150)),
        ((100, 50, 40, 20), (60, 40, 30, 20, 150)),
        ((100, 50, 100, 50), (0, 100, 0, 50, 150)),
        ((100, 50, None, None), (100, 0, 50, 0, 150)),
        # A server that counts its cached tokens beside the input.
        ((10, 5, 40, 0), (0, 40, 5, 0, 15)),
    ],
)
def test_each_token_is_counted_under_one_name(tokens: tuple[Any, ...], details: tuple[int, ...]) -> None:
    names = ("tokens_input", "tokens_output", "tokens_cached", "tokens_reasoning")
    call = make_model_call(**dict(zip(names, tokens, strict=True)))
    assert tuple(usage_details(call).values()) == details


def test_unknown_tokens_are_no_zeros() -> None:
    assert usage_details(make_model_call(tokens_input=None, tokens_output=None)) == {}


def test_an_unknown_cost_is_left_out_and_one_of_nothing_is_told() -> None:
    def told(cost_usd: float | None) -> object:
        attempt = make_attempt(model_calls=(make_model_call(cost_usd=cost_usd),), tool_calls=())
        (call,) = observations(make_trace(attempts=(attempt,)), with_text=False).children[0].children
        return call.attributes.get(langfuse_observations.COST)

    assert told(None) is None
    assert told(0.0) == json.dumps({"total": 0.0})


@pytest.mark.parametrize(
    ("status", "error", "level", "message", "is_error"),
    [
        ("succeeded", "", None, None, False),
        ("failed", "cut", "ERROR", "cut", True),
        ("failed", "", "ERROR", "failed", True),
        ("interrupted", "", "WARNING", "interrupted", False),
    ],
)
def test_the_level_follows_from_how_it_ended(
    status: str, error: str, level: str | None, message: str | None, is_error: bool
) -> None:
    turn = observations(make_trace(status=status, error=error), with_text=False)
    assert turn.attributes.get(langfuse_observations.LEVEL) == level
    assert turn.attributes.get(langfuse_observations.STATUS_MESSAGE) == message
    assert bool(turn.error) is is_error


def test_times_are_those_of_the_turn_to_the_microsecond() -> None:
    turn = observations(make_trace(), with_text=False)
    assert turn.started_ns == 1_772_461_800_000_000_000
    assert turn.ended_ns - turn.started_ns == 1_600_000_000
    assert [child.started_ns - turn.started_ns for child in turn.children[0].children] == [100_000_000, 200_000_000]


@pytest.mark.parametrize(
    ("changes", "tags"),
    [
        ({}, ["provider:responses", "channel:text", "intent:research"]),
        ({"is_voice": True, "intent": ""}, ["provider:responses", "channel:voice"]),
        ({"provider": "", "intent": ""}, ["channel:text"]),
    ],
)
def test_tags_say_provider_channel_and_intent(changes: dict[str, Any], tags: list[str]) -> None:
    turn = observations(make_trace(**changes), with_text=False)
    assert turn.attributes[langfuse_observations.TRACE_TAGS] == tags


def test_a_claim_that_could_not_be_judged_is_no_score() -> None:
    trace = make_trace(trace_id="ab" * 16)
    assert [(score.id, score.value) for score in scores(trace)] == [
        (f"{'ab' * 16}-has_risk_disclaimer", True),
        (f"{'ab' * 16}-mentions_stop_loss", False),
    ]


def test_the_same_turn_gives_the_same_score_ids() -> None:
    trace = make_trace()
    assert scores(trace) == scores(trace)


def test_a_name_that_no_tool_can_have_is_not_told() -> None:
    def name(called: str, *, with_text: bool) -> str:
        attempt = make_attempt(model_calls=(), tool_calls=(make_tool_call(name=called),))
        return observations(make_trace(attempts=(attempt,)), with_text=with_text).children[0].children[0].name

    assert name("get_quote", with_text=False) == "get_quote"
    assert name("What about Zerlina?", with_text=False) == "unknown"
    assert name("What about Zerlina?", with_text=True) == "What about Zerlina?"


def test_the_names_are_those_of_the_sdk() -> None:
    from langfuse import LangfuseOtelSpanAttributes as Sdk

    ours = langfuse_observations
    assert (ours.TYPE, ours.INPUT, ours.OUTPUT) == (
        Sdk.OBSERVATION_TYPE,
        Sdk.OBSERVATION_INPUT,
        Sdk.OBSERVATION_OUTPUT,
    )
    assert (ours.LEVEL, ours.STATUS_MESSAGE, ours.METADATA) == (
        Sdk.OBSERVATION_LEVEL,
        Sdk.OBSERVATION_STATUS_MESSAGE,
        Sdk.OBSERVATION_METADATA,
    )
    assert (ours.MODEL, ours.USAGE, ours.COST, ours.FIRST_TEXT) == (
        Sdk.OBSERVATION_MODEL,
        Sdk.OBSERVATION_USAGE_DETAILS,
        Sdk.OBSERVATION_COST_DETAILS,
        Sdk.OBSERVATION_COMPLETION_START_TIME,
    )
    assert (ours.TRACE_NAME, ours.TRACE_TAGS, ours.TRACE_METADATA, ours.SESSION_ID, ours.USER_ID) == (
        Sdk.TRACE_NAME,
        Sdk.TRACE_TAGS,
        Sdk.TRACE_METADATA,
        Sdk.TRACE_SESSION_ID,
        Sdk.TRACE_USER_ID,
    )


@pytest.mark.parametrize(
    ("settings_of_it", "url"),
    [
        ({}, ""),
        ({"LANGFUSE_PUBLIC_KEY": "pk", "LANGFUSE_SECRET_KEY": ""}, ""),
        (
            {"LANGFUSE_PUBLIC_KEY": "pk", "LANGFUSE_SECRET_KEY": "sk", "LANGFUSE_BASE_URL": "https://lf.example.com/"},
            "https://lf.example.com/trace/abc",
        ),
        (
            {"LANGFUSE_PUBLIC_KEY": "pk", "LANGFUSE_SECRET_KEY": "sk", "LANGFUSE_PROJECT_ID": "p1"},
            "https://cloud.langfuse.com/project/p1/traces/abc",
        ),
    ],
)
def test_a_row_leads_to_its_trace_where_there_is_one(settings: Any, settings_of_it: dict[str, str], url: str) -> None:
    for name, value in settings_of_it.items():
        setattr(settings, name, value)
    assert langfuse.trace_url("abc") == url
    assert langfuse.trace_url("") == ""
