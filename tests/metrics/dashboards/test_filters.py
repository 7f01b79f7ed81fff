"""What the URL asks for: sense is kept, nonsense is ignored and said."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.metrics.dashboards.filters import Filters, read_filters
from apps.metrics.models import Grain

NOW = datetime(2026, 11, 18, 10, 20, tzinfo=UTC)
PICTURES = ("ttft_p95", "cost_per_query")


def filters_of(query: str) -> Filters:
    return read_filters(query, now=NOW, models=("gpt-5", "<script>"), pictures=PICTURES)


@pytest.mark.parametrize(
    ("query", "start", "grain", "n_steps"),
    [
        ("", datetime(2026, 11, 12, tzinfo=UTC), Grain.DAY, 7),
        ("period=24h", datetime(2026, 11, 17, 11, tzinfo=UTC), Grain.HOUR, 24),
        ("period=48h", datetime(2026, 11, 16, 11, tzinfo=UTC), Grain.HOUR, 48),
        ("period=30d", datetime(2026, 10, 20, tzinfo=UTC), Grain.DAY, 30),
        ("period=90d", datetime(2026, 8, 21, tzinfo=UTC), Grain.DAY, 90),
    ],
)
def test_a_period_is_whole_steps_of_which_the_last_still_runs(
    query: str, start: datetime, grain: Grain, n_steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.metrics.rollups.scope.timezone.now", lambda: NOW)
    found = filters_of(query)
    assert (found.start, found.end, found.ignored) == (start, NOW, ())
    assert (found.scope.grain, found.scope.first, len(found.scope.steps)) == (grain, start, n_steps)


@pytest.mark.parametrize(
    ("query", "start", "end"),
    [
        ("from=2026-11-01&to=2026-11-03", datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 4, tzinfo=UTC)),
        ("from=2026-11-01T08:30&period=90d", datetime(2026, 11, 1, 8, 30, tzinfo=UTC), NOW),
        ("to=2026-11-10T00:00", datetime(2026, 11, 3, tzinfo=UTC), datetime(2026, 11, 10, tzinfo=UTC)),
        ("from=2026-11-01T00:00:00%2B02:00", datetime(2026, 10, 31, 22, tzinfo=UTC), NOW),
        # The end of today is what a form sends for today.
        ("from=2026-11-18&to=2026-11-18", datetime(2026, 11, 18, tzinfo=UTC), NOW),
    ],
)
def test_dates_come_before_the_name_of_a_period(query: str, start: datetime, end: datetime) -> None:
    found = filters_of(query)
    assert (found.start, found.end) == (start, end)
    assert found.ignored == ()


@pytest.mark.parametrize(
    ("query", "ignored"),
    [
        ("period=banana", ["Ignored: period “banana”, which is no period of this page."]),
        ("provider=x", ["Ignored: provider “x”, which nobody knows."]),
        ("provider=workflow,responses", ["Ignored: provider “responses”, as one is shown at a time."]),
        ("model=gpt-1", ["Ignored: model “gpt-1”, which no turn used."]),
        ("channel=smoke", ["Ignored: channel “smoke”, which is neither text nor voice."]),
        ("intent=love", ["Ignored: intent “love”, which is no intent."]),
        ("side=dark", ["Ignored: side “dark”, which is neither assigned nor served."]),
        ("picture=mona", ["Ignored: picture “mona”, which is no picture of this page."]),
        ("format=pdf", ["Ignored: format “pdf”, which is not csv."]),
        ("colour=red", ["Ignored: “colour”, which is no filter of this page."]),
        ("from=2026-11-10&to=2026-11-01", ["Ignored: “from” and “to”, as the end lies before the start."]),
        ("from=2999-01-01", ["Ignored: from “2999-01-01”, which lies in the future."]),
        ("to=2999-01-01", ["Ignored: to “2999-01-01”, which lies in the future; figures end now."]),
        ("from=yesterday", ["Ignored: from “yesterday”, which is no date."]),
        ("from=0001-01-01", ["Ignored: from “0001-01-01”, which lies before anything was recorded."]),
        ("to=9999-12-31", ["Ignored: to “9999-12-31”, which lies in the future; figures end now."]),
        ("from=2001-01-01", ["Ignored: what lies more than 400 days before the end."]),
        ("intent=re%00search", ["Ignored: intent “re�search”, which is no intent."]),
        ("model=%ff%fe", ["Ignored: model “��”, which no turn used."]),
        ("provider=" + "a" * 60, ["Ignored: provider “" + "a" * 40 + "…”, which nobody knows."]),
    ],
)
def test_what_makes_no_sense_is_ignored_and_said(query: str, ignored: list[str]) -> None:
    found = filters_of(query)
    assert list(found.ignored) == ignored
    assert found.end - found.start <= timedelta(days=400)
    assert found.start < found.end <= NOW


@pytest.mark.parametrize("query", ["provider={}", "{}"])
def test_ten_thousand_providers_take_three_sentences_and_a_number(query: str) -> None:
    names = [f"p{i}" for i in range(10_000)]
    listed = ",".join(names) if query != "{}" else "&".join(f"provider={name}" for name in names)
    found = filters_of(query.format(listed))
    assert found.provider == ""
    assert found.ignored[0] == "Ignored: provider “p0”, which nobody knows."
    assert found.ignored[3:] == ("Ignored: 9,997 more values.",)


def test_a_choice_has_one_address_and_is_read_back_from_it() -> None:
    query = "channel=voice&intent=chart&provider=workflow&model=gpt-5&picture=cost_per_query&side=served&period=30d"
    found = filters_of(query)
    assert read_filters(found.query, now=NOW, models=("gpt-5",), pictures=PICTURES) == found
    dates = filters_of("from=2026-11-01&to=2026-11-03&picture=ttft_p95")
    assert filters_of(dates.query) == dates
    assert "picture" not in dates.query
    assert filters_of("period=7d&side=assigned&channel=").query == ""


def test_empty_fields_of_a_form_choose_nothing_and_are_no_fault() -> None:
    found = filters_of("period=24h&channel=&intent=&provider=&model=&from=&to=&side=assigned&picture=ttft_p95")
    assert found.ignored == ()
    assert (found.period, found.provider, found.picture) == ("24h", "", "")
