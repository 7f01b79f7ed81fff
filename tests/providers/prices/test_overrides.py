"""Our own prices in the database: added and never edited, read by every process without costing a turn a query."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.providers.models import PriceOverride
from apps.providers.prices import versions
from apps.providers.prices.costs import token_cost
from apps.providers.prices.versions import (
    BadPrice,
    PricesReplaced,
    draft_of,
    newest_number,
    read_overrides,
    refresh_overrides,
    save_override,
)

pytestmark = pytest.mark.django_db


def enter(*, expected_number: int | None = None, **changed: Any) -> PriceOverride:
    fields = {
        "model": "gpt-4o",
        "usd_per_million_input": Decimal(1),
        "usd_per_million_output": Decimal(2),
        "note": "Published on the price page.",
        "by": "Bob",
        **changed,
    }
    return save_override(draft=draft_of(**fields), expected_number=expected_number)


def price_version() -> str:
    return token_cost(model="gpt-4o", tokens_input=1000, tokens_output=10).version


def test_a_change_is_a_new_version_and_the_old_one_stays() -> None:
    first = enter(model=" GPT-4o ")
    second = enter(usd_per_million_input=Decimal(3))
    assert (first.model, newest_number("gpt-4o")) == ("gpt-4o", second.pk)
    assert [row.usd_per_million_input for row in PriceOverride.objects.order_by("id")] == [1, 3]
    read_overrides()
    assert price_version() == f"override {second.pk}"


def test_the_process_that_saved_counts_by_it_at_once(django_capture_on_commit_callbacks: Any) -> None:
    refresh_overrides()
    with django_capture_on_commit_callbacks(execute=True):
        row = enter()
        assert price_version() == "genai-prices 0.2.3"
    assert price_version() == f"override {row.pk}"


def test_another_process_counts_by_it_after_its_next_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    refresh_overrides()
    row = enter()
    with CaptureQueriesContext(connection) as queries:
        for _ in range(5):
            refresh_overrides()
    assert (len(queries), price_version()) == (0, "genai-prices 0.2.3")
    monkeypatch.setattr(versions, "_next_read_at", 0.0)
    with CaptureQueriesContext(connection) as queries:
        for _ in range(5):
            refresh_overrides()
    assert (len(queries), price_version()) == (1, f"override {row.pk}")


def test_a_turn_that_begins_while_another_reads_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    enter()
    with versions._reading:
        refresh_overrides()
    assert price_version() == "genai-prices 0.2.3"


def test_while_the_database_is_away_the_known_prices_go_on(database_away: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    row = enter()
    refresh_overrides()
    monkeypatch.setattr(versions, "_next_read_at", 0.0)
    with database_away(), pytest.raises(OperationalError):
        refresh_overrides()
    assert price_version() == f"override {row.pk}"
    refresh_overrides()
    assert price_version() == f"override {row.pk}"


def test_a_price_may_begin_later_and_end_again() -> None:
    now = timezone.now()
    enter(valid_from=now + timedelta(days=1))
    read_overrides()
    assert price_version() == "genai-prices 0.2.3"
    row = enter(valid_from=now - timedelta(days=1))
    read_overrides()
    assert price_version() == f"override {row.pk}"
    enter(usd_per_million_input=None, usd_per_million_output=None, uses_list=True)
    read_overrides()
    assert price_version() == "genai-prices 0.2.3"


def test_whoever_decided_on_an_older_version_is_told() -> None:
    first = enter(expected_number=0)
    with pytest.raises(PricesReplaced, match=f"override {first.pk} is the newest"):
        enter(expected_number=0)
    assert enter(expected_number=first.pk).pk > first.pk


@pytest.mark.parametrize(
    ("changed", "field", "said"),
    [
        ({"model": ""}, "model", "Name one model"),
        ({"model": "two words"}, "model", "Name one model"),
        ({"usd_per_million_input": Decimal(-1)}, "usd_per_million_input", "between 0 and 1,000"),
        ({"usd_per_million_input": Decimal(1001)}, "usd_per_million_input", "between 0 and 1,000"),
        ({"usd_per_million_input": Decimal("NaN")}, "usd_per_million_input", "between 0 and 1,000"),
        ({"usd_per_audio_minute": Decimal("0.0000001")}, "usd_per_audio_minute", "six decimal places"),
        ({"uses_list": True}, "uses_list", "Leave the prices empty"),
        ({"usd_per_million_input": None, "usd_per_million_output": None}, "usd_per_million_input", "Enter a price"),
        ({"usd_per_million_output": None}, "usd_per_million_output", "sold together"),
        ({"usd_per_million_input": None}, "usd_per_million_input", "sold together"),
        (
            {
                "usd_per_million_input": None,
                "usd_per_million_output": None,
                "usd_per_million_cached": Decimal(1),
            },
            "usd_per_million_input",
            "Cached tokens are input tokens",
        ),
        ({"note": "  "}, "note", "Say why"),
    ],
)
def test_what_cannot_be_a_price_is_refused_in_a_sentence(changed: dict[str, Any], field: str, said: str) -> None:
    with pytest.raises(BadPrice, match=said) as refused:
        enter(**changed)
    assert refused.value.field == field
    assert not PriceOverride.objects.exists()


def test_the_database_refuses_a_price_below_nothing() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        PriceOverride.objects.create(model="gpt-4o", usd_per_audio_minute=-1, note="A slip.", created_by="Bob")
