"""The page for a Prometheus server: closed without its token, and every figure of a turn in it once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from apps.tracing import prometheus
from tests.project.test_settings import ROOT, start
from tests.tracing.reports.rescued_turn import make_rescued_turn

TOKEN = "a-token-that-is-long-enough-for-tests"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


def samples(text: str) -> dict[tuple[str, ...], float]:
    """Values by name and labels; without the libraries' own series."""
    return {
        (sample.name, *(value for name, value in sorted(sample.labels.items()) if name != "le")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.startswith("gvses_") and not sample.name.endswith(("_bucket", "_created"))
    }


@pytest.fixture
def is_on(settings: LazySettings) -> None:
    settings.METRICS_TOKEN = TOKEN


def page(client: Client) -> dict[tuple[str, ...], float]:
    return samples(client.get("/metrics", headers=BEARER).content.decode())


def test_without_a_token_in_the_settings_there_is_no_page(client: Client, settings: LazySettings) -> None:
    settings.METRICS_TOKEN = ""
    assert not prometheus.is_on()
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


@pytest.mark.usefixtures("is_on")
@pytest.mark.parametrize("given", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer \u00e9"])
def test_whoever_has_not_the_token_reads_nothing(client: Client, given: str) -> None:
    response = client.get("/metrics", headers={"Authorization": given})
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    assert b"gvses_" not in response.content


@pytest.mark.usefixtures("is_on")
def test_a_turn_counts_once_in_each_of_the_six(client: Client) -> None:
    before = page(client)
    prometheus.record(make_rescued_turn(tool_name="Alice_wants_this_tool"))
    grown = {key: round(value - before.get(key, 0), 6) for key, value in page(client).items()}
    assert {key: value for key, value in grown.items() if value} == {
        ("gvses_turns_total", "text", "succeeded", "responses"): 1,
        ("gvses_turn_duration_seconds_count", "text", "responses"): 1,
        ("gvses_turn_duration_seconds_sum", "text", "responses"): 2.01,
        ("gvses_turn_first_text_seconds_count", "text", "responses"): 1,
        ("gvses_turn_first_text_seconds_sum", "text", "responses"): 1.25,
        ("gvses_tokens_total", "input", "responses"): 400 + 1200,
        ("gvses_tokens_total", "cached", "responses"): 600,
        ("gvses_tokens_total", "output", "responses"): 60 + 200,
        ("gvses_tokens_total", "reasoning", "responses"): 40,
        ("gvses_cost_usd_total", "responses"): 0.25,
        ("gvses_tool_calls_total", "succeeded", "get_quote"): 1,
        ("gvses_tool_calls_total", "failed", "other"): 1,
    }


@pytest.mark.usefixtures("is_on")
def test_a_turn_without_text_has_no_first_text_and_one_that_nobody_served_no_name(client: Client) -> None:
    before = page(client)
    prometheus.record(make_rescued_turn(status="failed", provider="", ttft_ms=None, is_voice=True, attempts=()))
    grown = {key: value - before.get(key, 0) for key, value in page(client).items()}
    assert {key: value for key, value in grown.items() if value} == {
        ("gvses_turns_total", "voice", "failed", "none"): 1,
        ("gvses_turn_duration_seconds_count", "voice", "none"): 1,
        ("gvses_turn_duration_seconds_sum", "voice", "none"): 2.01,
    }


@pytest.mark.usefixtures("is_on")
def test_names_that_are_made_up_make_no_new_series(client: Client) -> None:
    prometheus.record(make_rescued_turn(tool_name="first_made_up", provider="first_made_up"))
    n_series = len(page(client))
    for number in range(100):
        prometheus.record(make_rescued_turn(tool_name=f"made_up_{number}", provider=f"made_up_{number}"))
    assert len(page(client)) == n_series


COUNT_ONE = """
import django; django.setup()
from apps.tracing import prometheus
from tests.tracing.reports.rescued_turn import make_rescued_turn
prometheus.record(make_rescued_turn())
print(prometheus.page()[0].decode())
"""


def counted(**variables: str) -> dict[tuple[str, ...], float]:
    """What a process of its own says after one turn."""
    environment = {
        "PATH": os.environ["PATH"],
        "GVSES_ENV_FILE": os.devnull,
        "DJANGO_SETTINGS_MODULE": "gvses.settings",
        "SECRET_KEY": "k" * 60,
        "DEBUG": "True",
        "METRICS_TOKEN": TOKEN,
        **variables,
    }
    result = subprocess.run(
        [sys.executable, "-c", COUNT_ONE], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 0, result.stderr
    return samples(result.stdout)


def test_processes_that_share_a_folder_answer_for_one_another(tmp_path: Path) -> None:
    turn = ("gvses_turns_total", "text", "succeeded", "responses")
    assert [counted(PROMETHEUS_MULTIPROC_DIR=str(tmp_path))[turn] for _ in range(2)] == [1, 2]


def test_an_empty_variable_for_the_folder_is_none() -> None:
    assert counted(PROMETHEUS_MULTIPROC_DIR="")[("gvses_turns_total", "text", "succeeded", "responses")] == 1


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"METRICS_TOKEN": "short"}, "METRICS_TOKEN is shorter than 20 characters."),
        ({"METRICS_TOKEN": TOKEN, "PROMETHEUS_MULTIPROC_DIR": "/nowhere/at/all"}, "is no folder"),
        ({"SENTRY_TRACES_SAMPLE_RATE": "2"}, "SENTRY_TRACES_SAMPLE_RATE is no share."),
    ],
)
def test_settings_that_cannot_work_fail_the_system_check(variables: dict[str, str], words: str) -> None:
    result = start("check", SECRET_KEY="k" * 60, DEBUG="True", **variables)
    assert result.returncode != 0
    assert words in result.stderr
    assert TOKEN not in result.stderr


def test_switched_on_without_its_package_the_check_says_what_to_install(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apps.tracing.report_checks import prometheus_can_be_served

    settings.METRICS_TOKEN = TOKEN
    monkeypatch.setattr(prometheus, "find_spec", lambda name: None)
    (error,) = prometheus_can_be_served(None)
    assert "requirements-prometheus.txt" in error.msg
    assert not prometheus.is_on()


def test_without_a_token_the_library_is_not_imported() -> None:
    look = "import sys, gvses.asgi; print('prometheus_client' in sys.modules)"
    environment = {"PATH": os.environ["PATH"], "GVSES_ENV_FILE": os.devnull, "SECRET_KEY": "k" * 60, "DEBUG": "True"}
    result = subprocess.run(
        [sys.executable, "-c", look], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert result.stdout.strip() == "False", result.stderr
