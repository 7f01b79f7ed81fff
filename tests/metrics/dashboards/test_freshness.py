"""How far the figures go is said on each page; late figures come with what to do."""

from datetime import UTC, datetime, timedelta

from apps.metrics.dashboards.freshness import freshness_note
from apps.metrics.rollups.read import Freshness

NOW = datetime(2026, 11, 18, 10, 42, 20, tzinfo=UTC)


def state(**changes: object) -> Freshness:
    fresh = {"to": NOW - timedelta(seconds=7), "is_late": False, "due": 0, "run_at": NOW, "took_ms": 1.0, "error": ""}
    return Freshness(**{**fresh, **changes})  # type: ignore[arg-type]


def test_fresh_figures_say_only_to_when_they_go() -> None:
    note = freshness_note(state(), now=NOW)
    assert (note.sentence, note.warning) == ("Figures to 10:42:13 UTC", "")


def test_late_figures_warn_with_what_to_do() -> None:
    note = freshness_note(state(to=NOW - timedelta(days=1), is_late=True, error="OperationalError"), now=NOW)
    assert note.sentence == "Figures to 17 Nov, 10:42:20 UTC"
    assert "The last build failed with OperationalError; the log says why." in note.warning
    assert "manage.py rollup" in note.warning


def test_figures_that_were_never_built_and_ones_being_built_again_say_so() -> None:
    assert "No figures have been built yet." in freshness_note(state(to=None, is_late=True), now=NOW).warning
    again = freshness_note(state(due=2), now=NOW)
    assert "built again" in again.sentence
    assert again.warning == ""
