"""`manage.py ask`: the answer on standard output, how it came about on standard error."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from apps.assistant.management.commands.ask import VOID
from apps.providers.errors import ProviderUnavailable
from tests.scripted import words

pytestmark = pytest.mark.django_db


def ask(*arguments: str, out: io.StringIO) -> str:
    """Asks and gives what was said on standard error."""
    told = io.StringIO()
    call_command("ask", "Price of AAPL?", *arguments, stdout=out, stderr=told)
    return told.getvalue()


@pytest.fixture
def cut(play):
    """The workflow breaks off; responses answers."""

    def start(partial: str) -> None:
        play([*words(partial), ProviderUnavailable(code="cut")], provider="workflow")
        play(words("AAPL closed at 430.47."), provider="responses")

    return start


def test_an_answer_that_was_cut_off_is_called_void_where_it_stands(cut) -> None:
    cut("Half of")
    out = io.StringIO()
    told = ask("--provider", "workflow", out=out)
    before, after = out.getvalue().split(VOID)
    assert (before, after) == ("Half of ", "AAPL closed at 430.47. \n")
    assert "workflow failed (cut); responses is asked instead." in told
    assert "responses · script-1" in told


def test_a_silent_switch_is_told_on_standard_error(cut) -> None:
    cut("")
    out = io.StringIO()
    assert "workflow failed (cut); responses is asked instead." in ask("--provider", "workflow", out=out)
    assert out.getvalue() == "AAPL closed at 430.47. \n"


def test_with_json_the_switch_is_an_event(cut) -> None:
    cut("Half of")
    out = io.StringIO()
    ask("--provider", "workflow", "--json", out=out)
    events = [json.loads(line) for line in out.getvalue().splitlines()]
    assert {
        "type": "meta",
        "attempt": 2,
        "provider": "responses",
        "failed_provider": "workflow",
        "failed_code": "cut",
        "interrupted": True,
    } in events
    assert (events[0]["type"], events[-1]["type"], events[-1]["provider"]) == ("meta", "done", "responses")


def test_when_all_fail_the_exit_is_an_error_with_the_sentence(play) -> None:
    play([ProviderUnavailable("The analyst is out.", code="cut")])
    with pytest.raises(CommandError, match=r"The analyst is out\."):
        ask(out=io.StringIO())
