"""`manage.py check_models`: every configured model, its last day, and an exit code that a scheduler understands."""

import io
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.core.management.base import CommandError

from apps.providers.openai_api.model_check import check, configured_models
from apps.providers.profiles.versions import profile_now, save_profile
from apps.providers.workflow.versions import live_version
from tests.providers.openai_api.scripted_upstream import Refusal, ScriptedUpstream

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 22)
USED = {"some-model": ("profile main",)}


def listing(ends: dict[str, str | None]) -> Refusal:
    """A listing of these models, each with its last day."""
    models = [
        {"id": name, "object": "model", "created": 1, "owned_by": "o", "shutdown_date": end}
        for name, end in ends.items()
    ]
    return Refusal(status=200, body={"object": "list", "data": models})


def everything(**ends: str | None) -> Refusal:
    """A listing of all models that are configured, with these last days."""
    return listing({name: ends.get(name) for name in configured_models()})


def run(*arguments: str) -> tuple[str, str]:
    """What the command prints, and what it ends with: "" where it is content."""
    output = io.StringIO()
    fault = ""
    try:
        call_command("check_models", *arguments, stdout=output)
    except CommandError as error:
        fault = str(error) if error.returncode == 1 else "another exit code"
    return output.getvalue(), fault


def in_days(days: int) -> str:
    return (datetime.now(UTC).date() + timedelta(days=days)).isoformat()


def main_uses(model: str) -> None:
    now = profile_now("main")
    save_profile(
        name="main",
        instructions=now.instructions,
        model=model,
        effort=now.effort,
        effort_high_stakes=now.effort_high_stakes,
        effort_voice=now.effort_voice,
        tools=now.tools,
        label_ids=[],
        note="",
        by="Bob",
        expected_version=now.version,
    )


def test_the_models_of_profiles_and_of_the_live_workflow_are_found() -> None:
    used = configured_models()
    assert used["gpt-6.1-terra"] == ("profile main", "profile risk")
    (classifier,) = used["gpt-6-luna"]
    assert classifier.startswith(f"workflow version {live_version().number}, node ")


def test_a_profile_counts_with_its_newest_version() -> None:
    main_uses("gpt-4o")
    used = configured_models()
    assert used["gpt-4o"] == ("profile main",)
    assert used["gpt-6.1-terra"] == ("profile risk",)


def test_models_without_an_end_are_fine(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(everything())
    output, fault = run()
    assert fault == ""
    assert upstream_server.base_url in output
    assert "no last day announced" in output
    assert "profile main; profile risk" in output
    assert upstream_server.requests[0].path == "/v1/models"


@pytest.mark.parametrize(
    ("ends", "arguments", "problem"),
    [
        (in_days(31), [], ""),
        (in_days(30), [], "ending"),
        (in_days(1), [], "ending"),
        (in_days(0), [], "ended"),
        (in_days(-5), [], "ended"),
        (in_days(31), ["--days", "31"], "ending"),
        (in_days(30), ["--days", "7"], ""),
        ("soon", [], ""),
    ],
)
def test_an_end_that_is_near_or_past_fails(
    upstream_server: ScriptedUpstream, ends: str, arguments: list[str], problem: str
) -> None:
    # Asked twice: once for people, once for machines.
    upstream_server.will(everything(**{"gpt-6-luna": ends}), everything(**{"gpt-6-luna": ends}))
    _, fault = run(*arguments)
    assert fault == ("To be replaced: gpt-6-luna." if problem else "")
    found = json.loads(run("--json", *arguments)[0])
    assert found["ok"] == (not problem)
    assert {model["model"]: model["problem"] for model in found["models"]}["gpt-6-luna"] == problem


def test_a_model_that_the_server_does_not_list_fails(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(listing({"gpt-6.1-terra": None}))
    output, fault = run()
    assert fault == "To be replaced: gpt-6-luna."
    assert "unknown to the server" in output


def test_where_the_server_does_not_say_our_table_does(upstream_server: ScriptedUpstream) -> None:
    main_uses("gpt-4o")
    models: list[dict[str, Any]] = [{"id": name, "object": "model"} for name in configured_models()]
    upstream_server.will(*[Refusal(status=200, body={"object": "list", "data": models})] * 2)
    output, _ = run()
    assert "14 January 2027" in output
    assert "our table of 22 November 2026" in output
    assert "successor gpt-6-luna" in output
    found = json.loads(run("--json")[0])
    entry = next(model for model in found["models"] if model["model"] == "gpt-4o")
    assert (entry["shutdown_date"], entry["date_source"], entry["is_listed"]) == ("2027-01-14", "table", True)


@pytest.mark.parametrize(
    ("listed", "today", "expected"),
    [
        ({"some-model": None}, TODAY, (None, "", None, "")),
        ({"some-model": date(2026, 12, 22)}, TODAY, (date(2026, 12, 22), "server", 30, "ending")),
        ({"some-model": date(2026, 12, 23)}, TODAY, (date(2026, 12, 23), "server", 31, "")),
        ({"some-model": TODAY}, TODAY, (TODAY, "server", 0, "ended")),
        ({}, TODAY, (None, "", None, "unknown")),
    ],
)
def test_a_model_is_judged_by_its_last_day(
    listed: dict[str, date | None], today: date, expected: tuple[date | None, str, int | None, str]
) -> None:
    (model,) = check(USED, listed=listed, today=today, days=30)
    assert (model.shutdown_date, model.date_source, model.days_left, model.problem) == expected


def test_what_the_server_says_comes_before_our_table() -> None:
    (model,) = check({"gpt-4o": ("profile main",)}, listed={"gpt-4o": date(2028, 1, 1)}, today=TODAY, days=30)
    assert (model.shutdown_date, model.date_source) == (date(2028, 1, 1), "server")


def test_a_model_that_has_ended_is_ended_and_not_merely_unknown() -> None:
    (model,) = check({"o1": ("profile main",)}, listed={}, today=TODAY, days=30)
    assert (model.problem, model.date_source) == ("ended", "table")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Refusal(status=401), "unauthorized"),
        (Refusal(status=404), "model_not_found"),
        (Refusal(status=500), "server_error"),
        (Refusal(status=200, body=b"<html></html>", headers={"content-type": "text/html"}), "malformed"),
        (Refusal(status=200, body=b"{", headers={"content-type": "application/json"}), "malformed"),
        (Refusal(status=200, body={"data": [7]}), "malformed"),
    ],
)
def test_a_server_that_cannot_be_asked_fails_by_name(
    upstream_server: ScriptedUpstream, answer: Refusal, code: str
) -> None:
    upstream_server.will(answer)
    output, fault = run()
    assert fault == f"The models of {upstream_server.base_url} could not be listed: {code}."
    # What we know ourselves is still worth reading, and nothing is called unknown that nobody was asked for.
    assert "Models by our table of 22 November 2026 alone" in output
    assert "gpt-6-luna" in output
    assert "unknown to the server" not in output


def test_without_a_server_it_says_what_is_missing(settings: LazySettings) -> None:
    settings.OPENAI_API_KEY = settings.OPENAI_BASE_URL = ""
    settings.GVSES_SANDBOX = False
    missing = "There is no server to ask: responses has no key: OPENAI_API_KEY is not set."
    output, fault = run()
    assert fault == missing
    assert "no last day announced" in output
    main_uses("o1")
    assert run()[1] == f"{missing} To be replaced: o1."
    found = json.loads(run("--json")[0])
    assert (found["ok"], found["base_url"], found["fault"]) == (False, None, missing)
    assert {model["is_listed"] for model in found["models"]} == {None}


def test_a_live_workflow_that_cannot_be_read_is_told(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will()
    live = live_version()
    live.graph = {"schema": 1}
    live.save()
    _, fault = run()
    assert fault.startswith("The live workflow cannot be read.")


def test_the_sandbox_lists_what_a_new_installation_uses(settings: LazySettings) -> None:
    settings.OPENAI_API_KEY = settings.OPENAI_BASE_URL = ""
    settings.GVSES_SANDBOX = True
    output, fault = run()
    assert fault == ""
    assert "/sandbox/v1 (sandbox)" in output
