"""Margins say the same as the fine rows, are read where they suffice, and are never added to the fine rows."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext

from apps.metrics.models import (
    FINE,
    Attempt,
    Grain,
    RequestLog,
    Rollup,
    ToolCall,
    ToolRollup,
    TurnRollup,
    VoiceRollup,
    VoiceTurn,
)
from apps.metrics.rollups.read import tools, turns, voice
from apps.metrics.rollups.run import roll_up
from apps.metrics.rollups.scope import By, Scope
from tests.metrics.rollups.history import AT, make_call, make_speech, make_turn

MODELS = (TurnRollup, ToolRollup, VoiceRollup)
PROVIDERS = ("responses", "workflow", "analyst")
INTENTS = ("research", "chart", "")
NAMES = ("gpt-5", "gpt-5-mini")
NOW = AT + timedelta(hours=1)


def make_history(n: int = 60) -> None:
    random = Random(3)
    for _ in range(n):
        assigned = random.choice(PROVIDERS)
        is_voice = random.random() < 0.5
        turn = make_turn(
            at=AT - timedelta(minutes=random.uniform(0, 3 * 24 * 60)),
            assigned=assigned,
            tries=random.choice([[(assigned, "")], [(assigned, "cut"), ("analyst", "")]]),
            status=random.choice(("succeeded", "succeeded", "failed", "interrupted")),
            model=random.choice(NAMES),
            intent=random.choice(INTENTS),
            latency_ms=random.uniform(900, 9000),
            ttft_ms=random.uniform(100, 900),
            tokens=(random.randrange(9000), random.randrange(900)),
            cost_usd=random.choice(("0.01", "0.00123", None)),
            is_voice=is_voice,
            is_overridden=random.random() < 0.2,
        )
        make_call(
            turn,
            name=random.choice(("get_quote", "get_news")),
            error_code=random.choice(("", "", "timeout", "unknown_symbol")),
            latency_ms=random.uniform(1, 90),
        )
        if is_voice:
            make_speech(turn, outcome=random.choice(("completed", "interrupted")))
    roll_up(now=NOW)


def random_reading(random: Random) -> dict[str, Any]:
    """All the figures of one random scope."""
    scope = Scope(
        start=AT - timedelta(days=random.choice((1, 2, 5, 30, 120))),
        end=NOW,
        told_by=random.choice(tuple(Grain)),
        channel=random.choice((None, None, "text", "voice")),
        intent=random.choice((None, None, None, *INTENTS)),
        provider=random.choice((None, None, None, *PROVIDERS)),
        model=random.choice((None, None, None, *NAMES)),
        provider_is=random.choice((By.SERVED, By.ASSIGNED)),
        include_overridden=random.random() < 0.5,
    )
    by, over_time = random.choice(tuple(By)), random.random() < 0.5
    spoken_by = by if by in (By.SERVED, By.INTENT, By.MODEL) else By.NOTHING
    return {
        "turns": turns(scope, by=by, over_time=over_time),
        "tools": tools(scope, by_tool=random.random() < 0.5, over_time=over_time),
        "voice": voice(scope, by=spoken_by, over_time=over_time),
    }


def approximately(figures: Any) -> Any:
    """Money and squares are floats, whose last digit depends on the order in which they are added up."""
    return {
        name: pytest.approx(value, rel=1e-12) if isinstance(value, float) else value
        for name, value in values_of(figures).items()
    }


def values_of(figures: Any) -> dict[str, Any]:
    return {name: getattr(figures, name) for name in type(figures).__dataclass_fields__}


@pytest.mark.django_db
def test_every_reading_says_the_same_from_margins_as_from_fine_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    make_history()
    n_rows = 0
    for seed in range(60):
        found = random_reading(Random(seed))
        with monkeypatch.context() as patched:
            for model in MODELS:
                patched.setattr(model, "MARGINS", {})
            exact = random_reading(Random(seed))
        for name, figures in found.items():
            assert figures.keys() == exact[name].keys()
            for key, one in figures.items():
                assert values_of(one) == approximately(exact[name][key])
                n_rows += 1
    assert n_rows > 300


@pytest.mark.django_db
@pytest.mark.parametrize("model", MODELS)
def test_each_margin_has_every_turn_of_every_grain_once(model: type[Rollup]) -> None:
    make_history()
    added = {name: Sum(name) for name in model.SUMS}
    for grain in Grain:
        fine = {name: float(value) for name, value in model.fine.filter(grain=grain).aggregate(**added).items()}
        for margin, kept in model.MARGINS.items():
            rows = model.every.filter(grain=grain, margin=margin)
            assert 0 < rows.count() <= model.fine.filter(grain=grain).count() - (grain is Grain.WEEK)
            assert {name: float(value) for name, value in rows.aggregate(**added).items()} == pytest.approx(fine)
            gone = {name: False if name.startswith("is_") else "" for name in model.DIMENSIONS if name not in kept}
            assert rows.filter(**gone).count() == rows.count()


@pytest.mark.django_db
def test_a_reading_takes_rows_of_one_margin_alone_and_the_fewest_that_tell_it() -> None:
    def margins(**choice: Any) -> str:
        with CaptureQueriesContext(connection) as captured:
            turns(Scope(start=AT, end=NOW, **choice.pop("scope", {})), by=choice["by"])
        (sql,) = [query["sql"] for query in captured.captured_queries if "turnrollup" in query["sql"]]
        (margin,) = [
            name for name in (FINE, *TurnRollup.MARGINS) if f"\"margin\" = '{name}'" in sql.replace("''::bytea", "")
        ]
        return margin

    assert margins(by=By.NOTHING) == margins(by=By.INTENT) == "intent"
    assert margins(by=By.INTENT, scope={"channel": "voice", "include_overridden": False}) == "intent"
    assert margins(by=By.ASSIGNED) == margins(by=By.SERVED) == "provider"
    assert margins(by=By.SERVED, scope={"intent": "chart"}) == "served"
    assert margins(by=By.ASSIGNED, scope={"model": "gpt-5"}) == "models"
    assert margins(by=By.INTENT, scope={"provider": "workflow"}) == "served"
    assert margins(by=By.MODEL, scope={"intent": "chart"}) == "model"
    assert margins(by=By.MODEL, scope={"intent": "chart", "provider": "workflow"}) == FINE


def test_nobody_reads_rollups_without_saying_which() -> None:
    for model in MODELS:
        assert not hasattr(model, "objects")


@pytest.mark.django_db(transaction=True)
def test_rollups_of_an_earlier_release_get_the_margins_that_building_gives_them() -> None:
    make_history()

    def contents() -> list[Any]:
        found = []
        for model in MODELS:
            names = [field.name for field in model._meta.concrete_fields if field.name != "id"]
            rows = model.every.order_by("grain", "margin", "start", *model.DIMENSIONS).values(*names)
            found += [
                {name: bytes(value) if isinstance(value, memoryview) else value for name, value in row.items()}
                for row in rows
            ]
        return found

    built = contents()
    assert any(row["margin"] for row in built)
    MigrationExecutor(connection).migrate([("metrics", "0010_analytics_views")])
    for table in (ToolCall, VoiceTurn, Attempt, RequestLog):
        table.objects.all().delete()
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes("metrics"))
    assert contents() == built
