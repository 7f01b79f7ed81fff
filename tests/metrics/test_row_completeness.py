"""The row is the truth: whoever answers, by text or voice, and however it ends, each column is set or NULL by a rule.

Real providers talk to the sandbox over a real socket. A column that no rule names fails here, so that nobody adds one
without saying when it is unknown.
"""

import uuid
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NoReturn, TypeAlias

import pytest
from django.utils import timezone

from apps.assistant import stop_watch
from apps.assistant.engine import run_turn
from apps.assistant.owner import Owner
from apps.assistant.turns import begin_turn, close_stale_turns
from apps.core.threads import in_database_thread
from apps.metrics.models import Attempt, RequestLog
from apps.providers.events import Event, Text
from tests.assistant.stopping import stop
from tests.metrics.tapped_sandbox import TappedSandbox, running_tap, tapped

__all__ = ["running_tap", "tapped"]

pytestmark = pytest.mark.django_db

ALICE = Owner(visitor_id=uuid.UUID(int=1))
PLAN = "Where would you enter IBM and where is the stop?"
MODELS = ("responses", "workflow", "agents_sdk")
#: Another provider than the one that is stopped or fails.
NEXT = {"responses": "analyst", "workflow": "responses", "agents_sdk": "responses"}
TOKENS = ("tokens_input", "tokens_output", "tokens_cached", "tokens_reasoning")
CLAIMS = ("has_risk_disclaimer", "mentions_stop_loss", "has_entry_exit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One way for a turn to end."""

    provider: str
    is_voice: bool
    status: str
    success: bool | None
    error: str = ""
    served: str = ""
    attempts: int = 1
    #: People have read text of it; a tool had answered before.
    has_text: bool = True
    #: At least one model call, or the analyst, said what it used.
    is_counted: bool = True
    #: The process lives to the end of the turn.
    is_finished: bool = True


Rule: TypeAlias = Callable[[Case, Any], bool]


def exactly(value: Callable[[Case], Any]) -> Callable[[str], Rule]:
    return lambda column: lambda case, row: bool(getattr(row, column) == value(case))


def known_if(holds: Callable[[Case], bool]) -> Callable[[str], Rule]:
    """Set where it holds, NULL or empty where it does not; a measured 0 is known."""
    return lambda column: lambda case, row: (getattr(row, column) not in (None, "", [])) == holds(case)


def always(column: str) -> Rule:
    return known_if(lambda case: True)(column)


def of_the_classifiers(column: str) -> Rule:
    """Set by rules of their own, with tests of their own."""
    return lambda case, row: hasattr(row, column)


#: When each column of a turn that is over is known.
TURN: dict[str, Callable[[str], Rule]] = {
    "request_id": always,
    "session_id": always,
    "person_hash": exactly(lambda case: ALICE.hashed),
    "created_at": always,
    "finished_at": always,
    "status": exactly(lambda case: case.status),
    "assigned_provider": always,
    "provider": exactly(lambda case: case.served or case.provider),
    "route_reason": exactly(lambda case: "override"),
    "met_open_circuit": exactly(lambda case: False),
    "is_fallback": exactly(lambda case: bool(case.served)),
    "is_overridden": exactly(lambda case: True),
    "attempts": exactly(lambda case: case.attempts),
    "model": known_if(lambda case: case.is_finished),
    "tools_used": known_if(lambda case: case.has_text),
    "latency_ms": known_if(lambda case: case.is_finished),
    "ttft_ms": known_if(lambda case: case.has_text),
    **dict.fromkeys(TOKENS, known_if(lambda case: case.is_counted)),
    "cost_usd": known_if(lambda case: case.is_counted),
    "price_version": known_if(lambda case: case.is_counted),
    "success": exactly(lambda case: case.success),
    "error": exactly(lambda case: case.error),
    "is_voice": exactly(lambda case: case.is_voice),
    "intent": of_the_classifiers,
    "read_as": of_the_classifiers,
    **dict.fromkeys(CLAIMS, known_if(lambda case: case.has_text)),
    "classifier_version": of_the_classifiers,
    "trace_id": always,
}


def exhausted(model: type[Any]) -> set[str]:
    return {field.attname for field in model._meta.concrete_fields}


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stop_watch, "POLL_S", 0.02)


def turn(case: Case) -> AsyncGenerator[Event]:
    return run_turn(session_id=uuid.uuid4(), question=PLAN, owner=ALICE, override=case.provider, is_voice=case.is_voice)


async def to_its_end(case: Case) -> None:
    async with aclosing(turn(case)) as events:
        async for _ in events:
            pass


async def to_its_first_text(case: Case) -> None:
    async with aclosing(turn(case)) as events:
        async for event in events:
            if isinstance(event, Text):
                break


async def with_a_cut_at_its_first_text(case: Case) -> None:
    async with aclosing(turn(case)) as events:
        is_cut = False
        async for event in events:
            if isinstance(event, Text) and not is_cut:
                is_cut = True
                await in_database_thread(stop(case.provider, cut=True))


async def check(case: Case, tapped: TappedSandbox) -> RequestLog:
    """Holds the row and its attempts against the rules."""
    await tapped.settled()

    def load() -> tuple[RequestLog, list[Attempt]]:
        row = RequestLog.objects.select_related("text").get()
        return row, list(row.attempt_rows.order_by("number"))

    row, attempts = await in_database_thread(load)
    assert set(TURN) == exhausted(RequestLog), "each column has a rule"
    broken = {name: getattr(row, name) for name, rule in TURN.items() if not rule(name)(case, row)}
    assert not broken, f"{case}: {broken}"
    assert row.created_at <= (row.finished_at or row.created_at)
    assert (row.ttft_ms or 0) <= (row.latency_ms or 0)
    assert row.text.query == PLAN
    assert bool(row.text.response_text) == case.has_text
    assert len(row.trace_id) == 32
    sums_are_exact(row, attempts)
    for number, attempt in enumerate(attempts, start=1):
        is_last = number == len(attempts)
        assert attempt.number == number
        assert attempt.provider == (row.provider if is_last else case.provider)
        assert attempt.model
        assert attempt.latency_ms >= 0
        assert row.created_at <= attempt.started_at <= attempt.ended_at
        assert (attempt.ttft_ms is not None) == attempt.had_visible_text
        assert bool(attempt.error) == (attempt.outcome == "failed")
        assert (attempt.cost_usd is None) == (attempt.price_version == "") == (attempt.tokens_input is None)
    if case.is_finished:
        assert row.model == attempts[-1].model
    return row


def sums_are_exact(row: RequestLog, attempts: list[Attempt]) -> None:
    for column in (*TOKENS, "cost_usd"):
        reported = [value for attempt in attempts if (value := getattr(attempt, column)) is not None]
        assert getattr(row, column) == (sum(reported) if reported else None), column


VOICE = pytest.mark.parametrize("is_voice", [False, True], ids=["text", "voice"])


@VOICE
@pytest.mark.parametrize("provider", [*MODELS, "analyst"])
async def test_a_turn_that_succeeded_knows_everything(provider: str, is_voice: bool, tapped: TappedSandbox) -> None:
    case = Case(provider=provider, is_voice=is_voice, status="succeeded", success=True)
    await to_its_end(case)
    row = await check(case, tapped)
    assert row.price_version == ("free" if provider == "analyst" else "sandbox")
    assert row.model.startswith("analyst" if provider == "analyst" else "sandbox/")


@VOICE
@pytest.mark.parametrize("provider", MODELS)
async def test_a_turn_that_failed_knows_all_but_what_never_came(
    provider: str, is_voice: bool, tapped: TappedSandbox
) -> None:
    """A request that is our own fault is tried nowhere else."""
    tapped.arm("bad_request", provider=provider, times=3)
    case = Case(
        provider=provider,
        is_voice=is_voice,
        status="failed",
        success=False,
        error="rejected",
        has_text=False,
        is_counted=False,
    )
    await to_its_end(case)
    row = await check(case, tapped)
    # Nobody said which model it runs; this is the one that was asked.
    assert row.model == "gpt-6.1-terra"


@VOICE
@pytest.mark.parametrize("provider", MODELS)
async def test_a_turn_that_fell_back_knows_everything(provider: str, is_voice: bool, tapped: TappedSandbox) -> None:
    tapped.arm("server_error", provider=provider, times=3)
    case = Case(
        provider=provider, is_voice=is_voice, status="succeeded", success=True, served=NEXT[provider], attempts=2
    )
    await to_its_end(case)
    await check(case, tapped)


@VOICE
@pytest.mark.parametrize("provider", MODELS)
async def test_a_turn_whose_provider_was_cut_knows_everything(
    provider: str, is_voice: bool, tapped: TappedSandbox
) -> None:
    tapped.arm("stall", after=2, provider=provider, delay_s=600)
    case = Case(
        provider=provider, is_voice=is_voice, status="succeeded", success=True, served=NEXT[provider], attempts=2
    )
    await with_a_cut_at_its_first_text(case)
    row = await check(case, tapped)
    first = await in_database_thread(row.attempt_rows.get, number=1)
    # The calls before the one that was cut had been counted.
    assert (first.error, first.had_visible_text) == ("stopped", True)
    assert first.tokens_input == sum(sent.tokens["input"] for sent in tapped.used_by(provider)[: _n_before(provider)])


def _n_before(provider: str) -> int:
    """Calls that end before the first text of a plan; `responses` may be asked again as another's successor."""
    return {"responses": 1, "workflow": 2, "agents_sdk": 2}[provider]


@VOICE
@pytest.mark.parametrize("provider", MODELS)
async def test_a_turn_that_the_person_stopped_knows_what_there_was(
    provider: str, is_voice: bool, tapped: TappedSandbox
) -> None:
    tapped.arm("stall", after=2, provider=provider, delay_s=600)
    case = Case(provider=provider, is_voice=is_voice, status="interrupted", success=None)
    await to_its_first_text(case)
    row = await check(case, tapped)
    assert row.tokens_input == sum(sent.tokens["input"] for sent in tapped.sent)
    assert row.model == "gpt-6.1-terra"


@VOICE
async def test_the_analyst_is_free_also_where_the_person_stopped_it(is_voice: bool, tapped: TappedSandbox) -> None:
    case = Case(provider="analyst", is_voice=is_voice, status="interrupted", success=None)
    await to_its_first_text(case)
    row = await check(case, tapped)
    assert (row.cost_usd, row.price_version, row.model) == (0, "free", "analyst-1")


@VOICE
async def test_a_turn_that_everybody_failed_says_so_of_the_last(
    is_voice: bool, tapped: TappedSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*args: Any) -> NoReturn:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr("apps.providers.analyst.provider.compose", break_down)
    tapped.arm("server_error", provider="responses")
    case = Case(
        provider="analyst",
        is_voice=is_voice,
        status="failed",
        success=False,
        error="server_error",
        served="responses",
        attempts=2,
        has_text=False,
    )
    await to_its_end(case)
    row = await check(case, tapped)
    # The analyst used nothing, and a request that was refused says nothing of what it used.
    assert (row.tokens_input, row.cost_usd, row.price_version) == (0, 0, "free")


@VOICE
@pytest.mark.parametrize("provider", [*MODELS, "analyst"])
async def test_a_turn_whose_process_died_knows_how_it_began(
    provider: str, is_voice: bool, tapped: TappedSandbox
) -> None:
    case = Case(
        provider=provider,
        is_voice=is_voice,
        status="interrupted",
        success=False,
        error="abandoned",
        attempts=0,
        has_text=False,
        is_counted=False,
        is_finished=False,
    )

    def begin_and_sweep() -> None:
        begin_turn(session_id=uuid.uuid4(), question=PLAN, owner=ALICE, override=provider, is_voice=is_voice)
        close_stale_turns(now=timezone.now() + timedelta(hours=1), older_than_s=60)

    await in_database_thread(begin_and_sweep)
    await check(case, tapped)
