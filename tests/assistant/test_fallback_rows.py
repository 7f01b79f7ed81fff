"""What a turn of several attempts leaves for the page and for analysts: tools, tokens and cost, each counted once."""

import uuid
from decimal import Decimal

import pytest

from apps.assistant.owner import Owner
from apps.providers.errors import ProviderUnavailable
from apps.providers.events import ToolCall, ToolResult, Usage
from tests.assistant.asking import ask, the_attempts, the_row, the_tool_calls, the_turn
from tests.assistant.counting import CountingToolbox
from tests.scripted import UseTool, words

pytestmark = pytest.mark.django_db

WHOLE = words("AAPL closed at 430.47.")
CUT = ProviderUnavailable(code="cut")
SMALL = Usage(tokens_input=10, tokens_output=5, tokens_cached=2, tokens_reasoning=1, cost_usd=0.25)
LARGE = Usage(tokens_input=100, tokens_output=50, cost_usd=1.5)
UNPRICED = Usage(tokens_input=7, tokens_output=3)
COLUMNS = ("tokens_input", "tokens_output", "tokens_cached", "tokens_reasoning", "cost_usd")


def call(call_id: str, name: str = "get_quote") -> list[ToolCall | ToolResult]:
    return [
        ToolCall(call_id=call_id, name=name, arguments={"symbol": "AAPL"}),
        ToolResult(call_id=call_id, name=name, ok=True, result={"of": call_id}, latency_ms=1.5),
    ]


@pytest.mark.parametrize(
    ("first", "second", "turn", "by_attempt"),
    [
        ([SMALL], [LARGE], (110, 55, 2, 1, Decimal("1.75")), [(10, Decimal("0.25")), (100, Decimal("1.5"))]),
        ([SMALL, SMALL], [], (20, 10, 4, 2, Decimal("0.5")), [(20, Decimal("0.5")), (None, None)]),
        ([], [LARGE], (100, 50, 0, 0, Decimal("1.5")), [(None, None), (100, Decimal("1.5"))]),
        ([UNPRICED], [LARGE], (107, 53, 0, 0, None), [(7, None), (100, Decimal("1.5"))]),
        ([SMALL], [UNPRICED], (17, 8, 2, 1, None), [(10, Decimal("0.25")), (7, None)]),
        ([], [], (None, None, None, None, None), [(None, None), (None, None)]),
    ],
    ids=["both", "the failed alone", "the served alone", "failed unpriced", "served unpriced", "nobody"],
)
async def test_a_turn_costs_what_all_its_attempts_reported(play, first, second, turn, by_attempt) -> None:
    play([*words("Half of"), *first, CUT], provider="workflow")
    play([*WHOLE, *second], provider="responses")
    await ask()
    row = await the_row()
    assert tuple(getattr(row, column) for column in COLUMNS) == turn
    assert await the_attempts("tokens_input", "cost_usd") == by_attempt


async def test_the_attempts_add_up_to_their_turn_below_the_last_place_too(play) -> None:
    """Three halves of the column's last place would be more in the sum than in the parts."""
    tiny = Usage(tokens_input=1, tokens_output=1, cost_usd=0.000000015)
    play([*words("Half of"), tiny, CUT], provider="workflow")
    play([*WHOLE, tiny], provider="responses")
    await ask()
    assert await the_attempts("cost_usd") == [(Decimal("0.00000002"),), (Decimal("0.00000002"),)]
    assert (await the_row()).cost_usd == Decimal("0.00000004")


@pytest.mark.parametrize(
    ("first", "second", "versions"),
    [
        (["override 7", "genai-prices 0.2.3"], ["override 7"], ["override 7, genai-prices 0.2.3", "override 7"]),
        (["sandbox"], ["free"], ["sandbox", "free"]),
        ([""], ["free"], ["", "free"]),
    ],
)
async def test_a_turn_names_the_prices_of_all_its_attempts(play, first, second, versions) -> None:
    def used(names: list[str]) -> list[Usage]:
        return [Usage(tokens_input=1, tokens_output=1, price_version=name) for name in names]

    play([*words("Half of"), *used(first), CUT], provider="workflow")
    play([*WHOLE, *used(second)], provider="responses")
    await ask()
    assert await the_attempts("price_version") == [(version,) for version in versions]
    names = [name for name in dict.fromkeys([*first, *second]) if name]
    assert (await the_row()).price_version == ", ".join(names)


async def test_more_prices_than_the_column_holds_end_in_an_ellipsis(play) -> None:
    many = [Usage(tokens_input=1, tokens_output=1, price_version=f"override {number}") for number in range(100, 130)]
    play([*WHOLE, *many], provider="workflow")
    await ask()
    named = (await the_row()).price_version
    assert named.startswith("override 100, override 101, ")
    assert named.endswith(", …")
    assert 128 - len(", override 100") < len(named) <= 128
    assert all(name in ("…", *(usage.price_version for usage in many)) for name in named.split(", "))


async def test_the_times_of_an_attempt_are_its_own(play) -> None:
    play([0.1, *words("Half of"), 0.05, CUT], provider="workflow")
    play([0.2, *WHOLE], provider="responses")
    await ask()
    row = await the_row()
    (_, first_ttft, first_ms), (gap_s, second_ttft, second_ms) = [
        ((started_at - row.created_at).total_seconds(), ttft_ms, latency_ms)
        for started_at, ttft_ms, latency_ms in await the_attempts("started_at", "ttft_ms", "latency_ms")
    ]
    assert 100 <= first_ttft < first_ms
    assert first_ms >= 150
    assert 200 <= second_ttft <= second_ms
    assert gap_s * 1000 >= first_ms
    assert first_ttft <= row.ttft_ms <= row.latency_ms - second_ms


async def test_only_who_served_is_on_the_page_and_all_are_in_the_log(play) -> None:
    play([*call("c1", "get_news"), *call("c2"), CUT], provider="workflow")
    play([*call("c1"), *WHOLE], provider="responses")
    await ask()
    turn, row = await the_turn(), await the_row()
    assert [(kept["call_id"], kept["name"], kept["result"]) for kept in turn.tool_calls] == [
        ("c1", "get_quote", {"of": "c1"})
    ]
    assert row.tools_used == ["get_quote"]
    assert await the_tool_calls("call_id", "name", "attempt", "ok") == [
        ("attempt1:c1", "get_news", 1, True),
        ("attempt1:c2", "get_quote", 1, True),
        ("c1", "get_quote", 2, True),
    ]


@pytest.mark.parametrize(
    ("abandoned", "served"),
    [("same", "same"), ("x", "attempt1:x"), ("l" * 200, "l" * 200), ("l" * 120, "l" * 120), ("", "")],
)
async def test_ids_that_collide_or_are_too_long_cost_no_row(play, abandoned, served) -> None:
    play([*call(abandoned), CUT], provider="workflow")
    play([*call(served), *WHOLE], provider="responses")
    await ask()
    ids = [call_id for (call_id,) in await the_tool_calls("call_id")]
    assert len(set(ids)) == 2
    assert max(map(len, ids)) <= 128
    assert (await the_turn()).tool_calls[0]["call_id"] == served
    assert len(served) > 128 or ids[1] == served


async def test_what_an_upstream_names_is_cut_to_what_a_column_holds(play) -> None:
    play([*call("c1", "n" * 500), ProviderUnavailable(code="e" * 500)], provider="workflow")
    play(WHOLE, provider="responses")
    await ask()
    assert await the_attempts("error") == [("e" * 64,), ("",)]
    assert await the_tool_calls("name") == [("n" * 64,)]


async def test_a_tool_runs_once_in_a_turn_whatever_the_attempts_do(play, monkeypatch) -> None:
    tools = CountingToolbox()
    monkeypatch.setattr("apps.assistant.attempts.default_toolbox", lambda: tools)
    place = UseTool("place_order", {"symbol": "AAPL", "shares": 10}, call_id="a")
    again = UseTool("place_order", {"shares": 10, "symbol": "AAPL"}, call_id="b")
    play([place, again, *words("Half of"), CUT], provider="workflow")
    play([again, CUT], provider="responses")
    play([place, *WHOLE])
    await ask()
    assert tools.calls == [("place_order", {"symbol": "AAPL", "shares": 10})]
    assert await the_tool_calls("call_id", "attempt", "was_reused", "ok") == [
        ("attempt1:a", 1, False, True),
        ("attempt1:b", 1, True, True),
        ("attempt2:b", 2, True, True),
        ("a", 3, True, True),
    ]
    assert (await the_turn()).tool_calls[0]["result"] == {"run": 1}


async def test_a_tool_that_was_repeated_is_logged_with_its_retries(play, monkeypatch) -> None:
    busy = {"code": "source_unavailable", "message": "Busy.", "retryable": True}
    monkeypatch.setattr("apps.assistant.attempts.default_toolbox", lambda: CountingToolbox(failing=(busy,)))
    play([UseTool("get_quote", {"symbol": "AAPL"}), *WHOLE], provider="workflow")
    await ask()
    assert await the_tool_calls("retries", "was_reused", "ok") == [(1, False, True)]


async def test_a_call_cut_in_its_middle_lasted_as_long_as_its_attempt(play) -> None:
    play([ToolCall(call_id="c1", name="get_quote", arguments={}), CUT], provider="workflow")
    play([0.3, *WHOLE], provider="responses")
    await ask()
    ((ok, code, latency_ms),) = await the_tool_calls("ok", "error_code", "latency_ms")
    assert (ok, code) == (False, "unfinished")
    assert latency_ms < 300


def test_a_person_is_known_upstream_by_a_keyed_hash_alone(settings) -> None:
    alice, bob = Owner(user_id=7), Owner(user_id=8)
    assert alice.hashed == Owner(user_id=7).hashed != bob.hashed
    assert len(alice.hashed) == 64
    assert alice.key not in alice.hashed
    assert Owner().hashed == ""
    before = Owner(visitor_id=uuid.UUID(int=7)).hashed
    settings.SECRET_KEY = "another key, which protects nothing either"
    assert Owner(visitor_id=uuid.UUID(int=7)).hashed != before
