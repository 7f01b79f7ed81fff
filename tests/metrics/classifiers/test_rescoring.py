"""Rows of an earlier version are read again where their text is kept, and nothing else of them changes."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.metrics.classifiers import CLASSIFIER_VERSION, rescoring
from apps.metrics.classifiers.rescoring import Reclassified, reclassify
from apps.metrics.models import RequestLog, RequestText
from tests.metrics.factories import make_finished, make_started

pytestmark = pytest.mark.django_db
MIDNIGHT = datetime(2026, 11, 20, tzinfo=UTC)
DAY = timedelta(days=1)
OLDER = CLASSIFIER_VERSION - 1


def make_older(
    *, at: datetime = MIDNIGHT, query: str = "Where would you enter IBM?", intent: str = "other", **values: object
) -> RequestLog:
    """A closed row that an earlier version read, with the claims of an answer that makes all three."""
    row = RequestLog.objects.get(pk=make_finished(query=query))
    for name, value in {"created_at": at, "intent": intent, "classifier_version": OLDER, **values}.items():
        setattr(row, name, value)
    row.save()
    return row


def again(**options: int) -> Reclassified:
    return reclassify(since=MIDNIGHT, until=MIDNIGHT + DAY, **options)


def test_an_older_row_is_read_anew_and_keeps_when_it_was_closed() -> None:
    row = make_older(has_entry_exit=False)
    before = {field.attname: getattr(row, field.attname) for field in RequestLog._meta.fields}
    done = again()
    assert (done.n_read, done.n_changed, done.n_without_text, done.hours) == (1, 1, 0, (MIDNIGHT,))
    row.refresh_from_db()
    assert {field.attname: getattr(row, field.attname) for field in RequestLog._meta.fields} == before | {
        "intent": "execution",
        "has_entry_exit": True,
        "classifier_version": CLASSIFIER_VERSION,
    }


def test_a_row_that_was_right_gets_the_version_and_no_hour_is_out_of_date() -> None:
    row = make_older(intent="execution")
    assert again() == Reclassified(n_read=1, n_changed=0, n_without_text=0, hours=())
    row.refresh_from_db()
    assert row.classifier_version == CLASSIFIER_VERSION


def test_a_row_without_a_version_is_read_too() -> None:
    make_older(classifier_version=None)
    assert again().n_changed == 1


@pytest.mark.parametrize("is_blank", [True, False])
def test_a_row_whose_text_is_gone_keeps_what_it_says(is_blank: bool) -> None:
    row = make_older()
    if is_blank:
        RequestText.objects.update(query="", response_text="")
    else:
        RequestText.objects.all().delete()
    assert again() == Reclassified(n_read=0, n_changed=0, n_without_text=1, hours=())
    row.refresh_from_db()
    assert (row.intent, row.has_entry_exit, row.classifier_version) == ("other", True, OLDER)


def test_open_rows_present_ones_and_those_of_another_time_are_left_alone() -> None:
    running = make_started()
    RequestLog.objects.filter(pk=running).update(created_at=MIDNIGHT, classifier_version=OLDER, intent="other")
    make_older(classifier_version=CLASSIFIER_VERSION)
    make_older(at=MIDNIGHT - timedelta(microseconds=1))
    make_older(at=MIDNIGHT + DAY)
    assert again().n_read == 0
    assert set(RequestLog.objects.values_list("intent", flat=True)) == {"other"}


def test_batches_meet_each_row_once_also_those_of_one_moment() -> None:
    for number in range(7):
        make_older(at=MIDNIGHT + timedelta(minutes=number // 3))
    for _ in range(2):
        make_older(query="Gone.")
    RequestText.objects.filter(query="Gone.").delete()
    done = again(batch=2)
    assert (done.n_read, done.n_changed, done.n_without_text) == (7, 7, 2)
    assert again(batch=2) == Reclassified(n_read=0, n_changed=0, n_without_text=2, hours=())


def test_what_a_stopped_run_did_stays_done(monkeypatch) -> None:
    for number in range(4):
        make_older(at=MIDNIGHT + timedelta(hours=number))
    read = rescoring._reading
    n_read = 0

    def stops_at_the_third(query: str, response_text: str) -> tuple[object, ...]:
        nonlocal n_read
        n_read += 1
        if n_read == 3:
            raise KeyboardInterrupt
        return read(query, response_text)

    monkeypatch.setattr(rescoring, "_reading", stops_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        again(batch=2)
    monkeypatch.undo()
    assert again(batch=2).hours == (MIDNIGHT + timedelta(hours=2), MIDNIGHT + timedelta(hours=3))


def test_hours_within_a_day_of_each_other_are_one_stretch() -> None:
    hours = tuple(MIDNIGHT + timedelta(hours=hour) for hour in (0, 1, 26, 80))
    done = Reclassified(n_read=4, n_changed=4, n_without_text=0, hours=hours)
    assert done.stretches == [
        (MIDNIGHT, MIDNIGHT + timedelta(hours=27)),
        (MIDNIGHT + timedelta(hours=80), MIDNIGHT + timedelta(hours=81)),
    ]


def test_the_command_says_which_hours_to_build_again() -> None:
    make_older(at=MIDNIGHT + timedelta(hours=9, minutes=30))
    out = StringIO()
    call_command("reclassify", "--since", "2026-11-20", "--until", "2026-11-21T00:00+00:00", stdout=out)
    assert out.getvalue().splitlines() == [
        f"Rows read by version {CLASSIFIER_VERSION}: 1, of them changed: 1. "
        "Without text any more, so left as they are: 0.",
        "The sums of these hours are out of date. Build them again:",
        "  manage.py rollup --from 2026-11-20T09:00 --to 2026-11-20T10:00",
    ]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--since", "yesterday"), "--since: 'yesterday' is no date"),
        (("--since", "2026-11-20", "--until", "soon"), "--until: 'soon' is no date"),
        (("--since", "2026-11-20", "--until", "2026-11-20"), "nothing in between"),
        (("--since", "2999-01-01"), "nothing in between"),
    ],
)
def test_the_command_refuses_a_time_that_makes_no_sense(options: tuple[str, ...], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        call_command("reclassify", *options, stdout=StringIO())
