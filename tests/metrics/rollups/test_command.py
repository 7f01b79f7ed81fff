"""`manage.py rollup`: what it builds, what it prints, what it refuses."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.metrics.models import RollupState, TurnRollup
from apps.metrics.rollups import run
from tests.metrics.rollups.history import make_turn

pytestmark = pytest.mark.django_db


def rollup(*arguments: str) -> str:
    output = StringIO()
    call_command("rollup", *arguments, stdout=output)
    return output.getvalue()


def test_it_builds_what_is_due_and_says_how_far_the_figures_go() -> None:
    now = timezone.now()
    make_turn(at=now)
    printed = rollup()
    assert printed.startswith("Built 1 hour, 1 day, 1 week from 1 turns in ")
    assert f"Figures to {RollupState.objects.get().complete_to:%Y-%m-%d %H:%M:%S} UTC." in printed
    make_turn(at=now - timedelta(days=40), finished_at=now - timedelta(days=40))
    assert "Built 1 hour, 1 day, 1 week from 1 turns" in rollup()
    assert "Built 1 hour, 2 days, 2 weeks from 2 turns" in rollup("--all")


def test_it_builds_again_what_is_asked_for() -> None:
    long_ago = timezone.now() - timedelta(days=40)
    make_turn(at=long_ago)
    make_turn(at=long_ago - timedelta(days=10))
    rollup()
    TurnRollup.every.all().delete()
    assert rollup().startswith("Built nothing from 0 turns")
    since, until = (f"{long_ago + timedelta(days=days):%Y-%m-%dT%H:%M}" for days in (-1, 1))
    assert rollup("--from", since, "--to", until).startswith("Built 1 day, 1 week from 1 turns")
    assert rollup("--from", "2020-01-01").startswith("Built 2 days, 2 weeks from 2 turns")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--from", "banana"], "'banana' is no date; write a day as 2026-11-23"),
        (["--to", "2026-11-20"], "--to needs --from"),
        (["--all", "--from", "2026-11-20"], "--all goes without"),
        (["--from", "2026-11-21", "--to", "2026-11-20"], "has to lie before"),
        (["--from", "2999-01-01"], "before now"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: list[str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        rollup(*arguments)


def test_what_cannot_be_built_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    make_turn(at=timezone.now())

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(run, "read_stretch", broken)
    with pytest.raises(CommandError, match=r"1 could not be built \(RuntimeError\) and stay due"):
        rollup()
