"""PostgreSQL stops under a running product: people are answered all the same, and afterwards all is as it was."""

import json
import re
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.test_conversation import ask as ask_in_page
from tests.e2e.test_conversation import wait_until_whole
from tests.servers import Cluster, MissingProgram, Product, postgres_cluster, product

pytestmark = pytest.mark.e2e
QUESTION = "What's the price of AAPL?"
UNKEPT = "This answer is not kept: our records cannot be reached right now."
#: Generous: what it really takes is printed.
MOST_S = 10


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    try:
        with postgres_cluster() as cluster:
            yield cluster
    except MissingProgram as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def running(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    folder = tmp_path_factory.mktemp("server")
    with product(folder, DATABASE_URL=cluster.url, GVSES_SANDBOX="True", SANDBOX_PACE_MS="0") as server:
        assert server.manage("rollout", "set", "workflow=100", "responses=0").returncode == 0
        yield server


@pytest.fixture
def server(running: Product, cluster: Cluster) -> Iterator[Product]:
    """The one server; its database is there at the beginning of each test, and again after it."""
    yield running
    cluster.start()
    wait_until(200, running)


@dataclass
class Answer:
    status: int
    events: list[dict[str, Any]]
    took_s: float

    @property
    def opening(self) -> dict[str, Any]:
        return self.events[0]


@dataclass
class Visitor:
    """Somebody in one conversation, whose page was opened while all was well."""

    client: httpx2.Client
    token: str
    session_id: uuid.UUID

    def ask(self) -> Answer:
        begin = time.monotonic()
        form = {"message": QUESTION, "csrfmiddlewaretoken": self.token}
        response = self.client.post(f"/chat/{self.session_id}/turns/", data=form)
        events = [json.loads(line) for line in re.findall(r"^data: (.*)$", response.text, re.MULTILINE)]
        return Answer(status=response.status_code, events=events, took_s=time.monotonic() - begin)


@pytest.fixture
def alice(server: Product) -> Iterator[Visitor]:
    with httpx2.Client(base_url=server.url, timeout=60, headers={"Accept": "text/event-stream"}) as client:
        page = client.get("/", headers={"Accept": "text/html"}).text
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page).group(1)
        yield Visitor(client=client, token=token, session_id=uuid.uuid4())


def kept_turns(server: Product, session_id: uuid.UUID) -> str:
    """Number and status of each turn that the database has of the session."""
    turns = f"Turn.objects.filter(conversation_id='{session_id}').order_by('number')"
    code = f"from apps.assistant.models import Turn; print(', '.join(f'{{t.number}} {{t.status}}' for t in {turns}))"
    result = server.manage("shell", "--no-imports", "-c", code)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def wait_until(status: int, server: Product) -> None:
    give_up = time.monotonic() + 30
    while httpx2.get(f"{server.url}/readyz").status_code != status:
        assert time.monotonic() < give_up
        time.sleep(0.1)


def assert_answered_unrecorded(answer: Answer, *, provider: str, reason: str) -> None:
    assert answer.status == 200
    assert answer.opening["is_recorded"] is False
    assert (answer.opening["provider"], answer.opening["route_reason"]) == (provider, reason)
    assert answer.events[-1]["type"] == "done"
    assert "430.47" in answer.events[-1]["html"]
    assert UNKEPT in answer.events[-1]["html"]
    assert answer.took_s < MOST_S


def test_a_question_is_answered_while_the_database_is_away_and_recorded_once_it_is_back(
    server: Product, cluster: Cluster, alice: Visitor, capsys: pytest.CaptureFixture[str]
) -> None:
    log_before = server.log.read_text()
    before = alice.ask()
    assert (before.opening["provider"], before.events[-1]["type"]) == ("workflow", "done")
    assert UNKEPT not in before.events[-1]["html"]

    cluster.stop()
    first, second = alice.ask(), alice.ask()
    with capsys.disabled():
        sys.stdout.write(f"\nFirst turn after the stop {first.took_s:.3f} s, second {second.took_s:.3f} s.\n")
    assert_answered_unrecorded(first, provider="workflow", reason="snapshot")
    assert_answered_unrecorded(second, provider="workflow", reason="snapshot")
    page = alice.client.get("/", headers={"Accept": "text/html"})
    assert (page.status_code, "cannot be reached right now" in page.text) == (503, True)
    assert page.headers["Retry-After"] == "5"

    cluster.start()
    wait_until(200, server)
    after = alice.ask()
    assert (after.opening["provider"], after.opening["route_reason"]) == ("workflow", "assignment")
    assert "is_recorded" not in after.opening
    assert kept_turns(server, alice.session_id) == "1 succeeded, 2 succeeded"
    log = server.log.read_text().removeprefix(log_before)
    assert log.count("Turn served without the database") == log.count("Turn ended without the database") == 2
    assert QUESTION not in log
    assert "Internal Server Error" not in log


def test_a_stopped_provider_does_not_come_back_because_the_database_has_gone(
    server: Product, cluster: Cluster, alice: Visitor
) -> None:
    assert alice.ask().opening["provider"] == "workflow"
    assert server.manage("rollout", "kill", "workflow", "--reason", "Wrong prices.").returncode == 0
    assert alice.ask().opening["route_reason"] == "kill_switch"
    cluster.stop()
    assert_answered_unrecorded(alice.ask(), provider="responses", reason="kill_switch")
    cluster.start()
    wait_until(200, server)
    assert server.manage("rollout", "unkill", "workflow", "--reason", "Mended.").returncode == 0
    back = alice.ask().opening
    assert (back["provider"], back["route_reason"]) == ("workflow", "assignment")


def test_a_restart_between_two_questions_is_noticed_by_nobody(
    server: Product, cluster: Cluster, alice: Visitor
) -> None:
    alice.ask()
    cluster.stop()
    cluster.start()
    answer = alice.ask()
    assert (answer.status, answer.events[-1]["type"]) == (200, "done")
    assert "is_recorded" not in answer.opening


def test_the_page_shows_the_answer_says_that_it_is_not_kept_and_keeps_its_address(
    page: Page, server: Product, cluster: Cluster
) -> None:
    page.goto(server.url)
    cluster.stop()
    ask_in_page(page, QUESTION)
    wait_until_whole(page)
    answer = page.locator(".answer").last
    expect(answer).to_have_attribute("data-status", "succeeded")
    expect(answer.get_by_text(UNKEPT)).to_be_visible()
    expect(answer.locator(".prose")).to_contain_text("430.47")
    expect(page).to_have_url(f"{server.url}/")
    expect(page.locator("#announcer")).to_contain_text(UNKEPT)
    page.reload()
    expect(page.get_by_role("heading", name="Our records cannot be reached right now")).to_be_visible()
    cluster.start()
    wait_until(200, server)
    with page.expect_navigation():
        page.get_by_role("link", name="Try again").click()
    ask_in_page(page, QUESTION)
    wait_until_whole(page)
    expect(page.locator(".answer .unkept")).to_have_count(0)
    expect(page).to_have_url(re.compile("/chat/"))
