"""Words go after a month and turns after a year, a batch at a time; a turn that runs stays."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.metrics import retention
from apps.metrics.models import Alert, AlertReading, Attempt, RequestLog, RequestText, Retention, ToolCall, VoiceTurn
from apps.metrics.retention import Removed, prune, prune_a_little, too_old
from apps.routing.models import CircuitChange, Evaluation, Notification, NotificationDelivery
from tests.metrics.exports.turns import make_attempt, make_call, make_spoken, make_turn

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def make_old(days: float, **values: object) -> UUID:
    row = make_turn(at=NOW - timedelta(days=days), query="Where is zanzibar?", **values)
    make_attempt(row)
    make_call(row)
    make_spoken(row)
    return row.pk


def run(now: datetime = NOW, *, text_days: int = 30, row_days: int = 400) -> Removed:
    return sum(prune(now=now, text_days=text_days, row_days=row_days), start=Removed())


def with_text() -> set[UUID]:
    return set(RequestText.objects.values_list("pk", flat=True))


def with_arguments() -> set[UUID]:
    return set(ToolCall.objects.exclude(arguments={}).values_list("request_id", flat=True))


def test_words_go_after_their_days_and_figures_stay() -> None:
    old, young = make_old(30.01), make_old(29.99)
    assert run() == Removed(texts=1)
    assert with_text() == with_arguments() == {young}
    assert set(RequestLog.objects.values_list("pk", flat=True)) == {old, young}
    assert {model.objects.count() for model in (Attempt, ToolCall, VoiceTurn)} == {2}


def test_turns_go_after_their_days_with_all_that_hangs_on_them() -> None:
    old, young = make_old(400.01), make_old(399.99)
    assert run() == Removed(texts=2, turns=1)
    assert set(RequestLog.objects.values_list("pk", flat=True)) == {young}
    for model in (Attempt, ToolCall, VoiceTurn):
        assert set(model.objects.values_list("request_id", flat=True)) == {young}
    assert not RequestLog.objects.filter(pk=old).exists()


def test_no_turn_that_still_runs_is_touched_and_once_it_is_closed_its_words_go_too() -> None:
    running = [make_old(days, status="started", success=None, finished_at=None) for days in (500, 31)]
    make_old(31)
    assert run() == Removed(texts=1)
    assert with_text() == with_arguments() == set(running)
    assert set(RequestLog.objects.filter(status="started").values_list("pk", flat=True)) == set(running)
    closed_at = NOW + timedelta(minutes=5)
    RequestLog.objects.filter(status="started").update(
        status="interrupted", success=False, error="abandoned", finished_at=closed_at
    )
    assert run(NOW + timedelta(days=1)) == Removed(texts=2, turns=1)
    assert with_text() == set()


def test_batches_cover_everything_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH_ROWS", 3)
    monkeypatch.setattr(retention, "BATCH_TURNS", 3)
    for number in range(10):
        make_old(40 + number)
        make_old(500 + number)
    # More of one moment than a batch holds.
    for _ in range(5):
        make_old(35)
    batches = [batch for batch in prune(now=NOW, text_days=30, row_days=400) if not batch.is_nothing]
    assert [batch.turns for batch in batches[:4]] == [3, 3, 3, 1]
    assert all(batch.texts <= 5 for batch in batches)
    assert sum(batches, start=Removed()) == Removed(texts=25, turns=10)
    assert with_text() == set()
    assert RequestLog.objects.count() == 15


def test_a_run_that_dies_is_gone_on_with_by_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH_ROWS", 3)
    for number in range(10):
        make_old(40 + number)
    began = prune(now=NOW, text_days=30, row_days=400)
    assert next(began) == Removed(texts=3)
    began.close()
    assert run() == Removed(texts=7)
    assert run() == Removed()


def test_a_second_run_begins_where_the_first_ended() -> None:
    make_old(40)
    run()
    assert Retention.objects.get().text_removed_before == NOW - timedelta(days=30)
    # Words that come back behind the mark are nobody's doing: they show that it does not walk there again.
    RequestText.objects.create(request_id=RequestLog.objects.get().pk, query="again")
    assert run(NOW + timedelta(hours=1)) == Removed()


def test_a_shorter_time_takes_effect_at_once_and_a_longer_one_brings_nothing_back() -> None:
    make_old(20)
    assert run() == Removed()
    assert run(text_days=10) == Removed(texts=1)
    assert run(text_days=30) == Removed()


def test_zero_days_keep_for_ever() -> None:
    make_old(5_000)
    assert run(text_days=0, row_days=0) == Removed()


def test_looks_circuit_changes_and_messages_go_with_the_turns_of_their_time() -> None:
    for days in (401, 399):
        at = NOW - timedelta(days=days)
        Evaluation.objects.create(
            at=at,
            candidate="workflow",
            control="responses",
            since=at,
            version=1,
            verdict="safe",
            n_candidate=1,
            n_control=1,
            figures={},
            took_ms=1,
        )
        CircuitChange.objects.create(at=at, provider="workflow", action="opened", opened_at=at)
        for waits in (True, False):
            message = Notification.objects.create(at=at, kind="stopped", subject="workflow stopped")
            NotificationDelivery.objects.create(
                notification=message, channel="email", next_try_at=at if waits else None
            )
    assert run() == Removed(evaluations=1, circuit_changes=1, notifications=1)
    assert (Evaluation.objects.count(), CircuitChange.objects.count(), Notification.objects.count()) == (1, 1, 3)


def test_alerts_that_ended_go_with_their_figures_and_one_that_fires_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH_ALERTS", 2)
    for days in (500, 450, 401, 399, None):
        at = NOW - timedelta(days=500)
        alert = Alert.objects.create(
            rule_name="Failed turns",
            measure="visible_errors",
            about="everything",
            threshold=5.0,
            clear_at=2.0,
            window_minutes=15,
            high_since=at,
            began_at=at,
            ended_at=None if days is None else NOW - timedelta(days=days),
            value=9.0,
            n=40,
            last_value=9.0,
            last_n=40,
            last_at=at,
            worst_value=9.0,
            worst_at=at,
        )
        AlertReading.objects.create(alert=alert, at=at, value=9.0, n=40)
    assert too_old(now=NOW, text_days=30, row_days=400) == Removed(alerts=3)
    assert run() == Removed(alerts=3)
    assert set(Alert.objects.values_list("ended_at", flat=True)) == {None, NOW - timedelta(days=399)}
    assert AlertReading.objects.count() == 2


def test_a_dry_run_tells_what_a_run_then_does(capsys: pytest.CaptureFixture[str]) -> None:
    now = timezone.now()
    for days in (31, 32, 401):
        make_turn(at=now - timedelta(days=days), query="Where?")
    call_command("prune", "--dry-run")
    assert capsys.readouterr().out == "Would be removed: the text of 3 turns, 1 whole turn.\n"
    assert (RequestLog.objects.count(), RequestText.objects.count()) == (3, 3)
    assert too_old(now=now, text_days=30, row_days=400) == Removed(texts=3, turns=1)
    call_command("prune")
    assert capsys.readouterr().out == "Removed: the text of 3 turns, 1 whole turn.\n"
    call_command("prune")
    assert capsys.readouterr().out == "Removed: nothing.\n"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--text-days", "-1"], "Days are 1 or more, or 0 to keep for ever."),
        (["--text-days", "50", "--row-days", "40"], "Text cannot be kept for 50 days where its turns go after 40."),
    ],
)
def test_days_that_make_no_sense_are_refused(options: list[str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("prune", *options)


def test_a_look_removes_a_few_batches_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH_ROWS", 2)
    for number in range(7):
        make_old(40 + number)
    assert prune_a_little(now=NOW) == ["Removed: the text of 6 turns."]
    assert prune_a_little(now=NOW) == ["Removed: the text of 1 turn."]
    assert prune_a_little(now=NOW) == []


def test_a_look_walks_once_an_hour() -> None:
    make_turn(at=NOW - timedelta(days=30) + timedelta(minutes=10), query="Where?")
    assert prune_a_little(now=NOW + timedelta(minutes=30)) == []
    assert prune_a_little(now=NOW + timedelta(minutes=60)) == ["Removed: the text of 1 turn."]
