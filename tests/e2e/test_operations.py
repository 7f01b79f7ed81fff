"""Operations in the admin and analysts in the table, on a running server."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from contextlib import AbstractContextManager

import httpx2
import pytest
from playwright.sync_api import Page, expect

from tests.servers import ROOT, Product

pytestmark = pytest.mark.e2e


def database(server: Product) -> sqlite3.Connection:
    return sqlite3.connect(server.environment["DATABASE_URL"].removeprefix("sqlite:///"))


def log_in(page: Page, server: Product) -> None:
    page.goto(f"{server.url}/admin/")
    page.get_by_label("Username").fill("demo")
    page.get_by_label("Password").fill(server.password())
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(re.compile("/admin/"))


def test_a_turn_asked_in_the_shell_is_one_row_with_its_text(server) -> None:
    result = server.manage("ask", "What's the price of AAPL?", "--json")
    assert result.returncode == 0, result.stderr
    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert events[0]["type"] == "meta"
    assert events[-1]["type"] == "done"
    row = (
        database(server)
        .execute(
            "SELECT r.status, r.provider, t.query, t.response_text FROM metrics_requestlog r"
            " JOIN metrics_requesttext t ON t.request_id = r.request_id WHERE r.request_id = ?",
            [events[-1]["request_id"].replace("-", "")],
        )
        .fetchone()
    )
    answer = "".join(event["content"] for event in events if event["type"] == "text")
    assert row == ("succeeded", "analyst", "What's the price of AAPL?", answer)


def test_a_reader_who_leaves_the_pipe_gets_no_traceback(start_server) -> None:
    server = start_server(ANALYST_PACE_MS="200")
    command = f"{sys.executable} manage.py ask 'Where would you enter IBM?' | head -c 5"
    result = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, env=server.environment, capture_output=True, text=True, timeout=60
    )
    assert len(result.stdout) == 5
    assert "Traceback" not in result.stderr
    assert database(server).execute("SELECT status FROM metrics_requestlog").fetchall() == [("interrupted",)]


def test_the_shell_goes_on_in_a_session_and_refuses_what_it_cannot_do(server) -> None:
    first = server.manage("ask", "What's the price of IBM?", "--json")
    session = json.loads(first.stdout.splitlines()[0])["session_id"]
    second = server.manage("ask", "and its levels?", "--session", session)
    assert second.returncode == 0, second.stderr
    assert "IBM" in second.stdout
    assert server.manage("ask", "").returncode == 1
    unknown = server.manage("ask", "Hi", "--provider", "astrologer")
    assert unknown.returncode == 1
    assert "astrologer" in unknown.stderr


def begin_answer(client: httpx2.Client) -> AbstractContextManager[httpx2.Response]:
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', client.get("/").text).group(1)
    form = {"message": "Where would you enter IBM?", "csrfmiddlewaretoken": token}
    return client.stream("POST", f"/chat/{uuid.uuid4()}/turns/", data=form)


def status_of_the_only_row(server: Product) -> str:
    return database(server).execute("SELECT status FROM metrics_requestlog").fetchone()[0]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_told_to_stop_finishes_the_answer_it_writes(start_server, number) -> None:
    server = start_server(ANALYST_PACE_MS="100")
    with httpx2.Client(base_url=server.url, timeout=60) as client, begin_answer(client) as answer:
        events = answer.iter_text()
        assert "event: meta" in next(events)
        server.process.send_signal(number)
        assert "event: done" in "".join(events)
    assert server.process.wait(timeout=30) == 0
    assert status_of_the_only_row(server) == "succeeded"
    assert "Traceback" not in server.log.read_text()


def test_an_answer_that_takes_longer_than_the_grace_ends_as_interrupted(start_server) -> None:
    server = start_server(ANALYST_PACE_MS="4000")
    with httpx2.Client(base_url=server.url, timeout=60) as client, begin_answer(client) as answer:
        events = answer.iter_text()
        assert "event: meta" in next(events)
        server.process.send_signal(signal.SIGTERM)
        with pytest.raises(httpx2.TransportError):
            "".join(events)
    assert server.process.wait(timeout=30) == 0
    assert status_of_the_only_row(server) == "interrupted"
    assert "Traceback" not in server.log.read_text()


def test_nobody_chooses_the_address_they_are_counted_under(start_server) -> None:
    server = start_server(TURNS_PER_ADDRESS="2/600")
    statuses = []
    for number in range(3):
        headers = {"X-Forwarded-For": f"10.0.0.{number}", "X-Forwarded-Proto": "https"}
        with httpx2.Client(base_url=server.url, timeout=60, headers=headers) as client, begin_answer(client) as answer:
            answer.read()
            statuses.append(answer.status_code)
    assert statuses == [200, 200, 429]


def test_a_taken_port_is_said_in_a_sentence_and_fails(server) -> None:
    port = server.url.rsplit(":", 1)[1]
    second = server.manage("serve", "--port", port)
    assert second.returncode == 1
    assert f"Port {port} on 127.0.0.1 cannot be used" in second.stderr
    assert "answers at" not in second.stdout


def test_without_debug_the_pages_work_and_say_nothing_of_the_inside(start_server) -> None:
    server = start_server(
        DEBUG="False",
        ALLOWED_HOSTS="127.0.0.1",
        ANONYMOUS_CHAT="True",
        SECURE_SSL_REDIRECT="False",
        SECRET_KEY="kR7-vQ2xP9_wZ4mN8bT1cY6dF3gH5jL0aS-uE9iO7qW2rX-tM4yB6nK",
    )
    assert "Demo staff login" not in server.log.read_text()
    with httpx2.Client(base_url=server.url, timeout=10) as client:
        page = client.get("/")
        assert page.status_code == 200
        for address in re.findall(r'(?:href|src|data-chart-library)="(/static/[^"]+)"', page.text):
            asset = client.get(address)
            assert asset.status_code == 200, address
            assert asset.headers["Content-Type"].split(";")[0] in {
                "text/css", "text/javascript", "application/javascript", "image/svg+xml",
            }  # fmt: skip
        missing = client.get("/no/such/page/")
        assert missing.status_code == 404
        assert "Traceback" not in missing.text
        assert "DEBUG" not in missing.text
        assert client.get("/", headers={"Host": "elsewhere.example"}).status_code == 400
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text).group(1)
        form = {"message": "What's the price of AAPL?", "csrfmiddlewaretoken": token}
        url = "/chat/11111111-1111-4111-8111-111111111111/turns/"
        answer = client.post(url, data=form, headers={"Accept": "text/event-stream"})
        assert "event: done" in answer.text


def test_a_killed_process_leaves_a_row_that_the_sweep_closes(start_server) -> None:
    server = start_server(ANALYST_PACE_MS="3000")
    with httpx2.Client(base_url=server.url, timeout=10) as client:
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', client.get("/").text).group(1)
        form = {"message": "Where would you enter IBM?", "csrfmiddlewaretoken": token}
        url = "/chat/11111111-1111-4111-8111-111111111111/turns/"
        with client.stream("POST", url, data=form, headers={"Accept": "text/event-stream"}) as response:
            next(response.iter_raw())
            os.kill(server.process.pid, signal.SIGKILL)
            server.process.wait(timeout=10)
    status = "SELECT status FROM metrics_requestlog"
    assert database(server).execute(status).fetchall() == [("started",)]
    old = "UPDATE {} SET {} = datetime({}, '-1 hour')"
    with database(server) as connection:
        connection.execute(old.format("metrics_requestlog", "created_at", "created_at"))
        connection.execute(old.format("assistant_turn", "started_at", "started_at"))
    swept = server.manage("sweep")
    assert "1 stale turn closed" in swept.stdout, swept.stderr
    assert database(server).execute(status).fetchall() == [("interrupted",)]
    assert database(server).execute("SELECT status FROM assistant_turn").fetchall() == [("interrupted",)]


def test_leaving_the_page_ends_the_row_interrupted_with_what_was_sent(start_server) -> None:
    server = start_server(ANALYST_PACE_MS="300")
    with httpx2.Client(base_url=server.url, timeout=10) as client:
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', client.get("/").text).group(1)
        form = {"message": "Where would you enter IBM?", "csrfmiddlewaretoken": token}
        url = "/chat/11111111-1111-4111-8111-111111111111/turns/"
        with client.stream("POST", url, data=form, headers={"Accept": "text/event-stream"}) as response:
            for chunk in response.iter_raw():
                if b"event: text" in chunk:
                    break
    give_up = time.monotonic() + 10
    query = "SELECT r.status, t.response_text FROM metrics_requestlog r JOIN metrics_requesttext t USING (request_id)"
    while (row := database(server).execute(query).fetchone())[0] == "started" and time.monotonic() < give_up:
        time.sleep(0.05)
    assert row[0] == "interrupted"
    assert "IBM" in row[1]


def test_operations_change_the_shares_and_the_next_session_follows(page: Page, start_server) -> None:
    server = start_server()
    log_in(page, server)
    page.goto(f"{server.url}/admin/routing/rollout/")
    expect(page.get_by_role("heading", name=re.compile("rollout", re.IGNORECASE)).first).to_be_visible()
    result = server.manage("rollout", "set", "responses=50", "workflow=30", "agents_sdk=20")
    assert result.returncode == 0, result.stderr
    page.reload()
    expect(page.locator("#content")).to_contain_text("30")
    asked = server.manage("ask", "What's the price of AAPL?", "--json")
    opening = json.loads(asked.stdout.splitlines()[0])
    assert opening["provider"] == "analyst"
    assert "which has no key" in opening["explanation"]


def test_the_request_log_is_filtered_by_provider_status_and_date(page: Page, start_server) -> None:
    server = start_server()
    server.manage("ask", "What's the price of AAPL?")
    log_in(page, server)
    page.goto(f"{server.url}/admin/metrics/requestlog/")
    expect(page.locator("#result_list tbody tr")).to_have_count(1)
    page.goto(f"{server.url}/admin/metrics/requestlog/?status__exact=failed")
    expect(page.locator("#result_list tbody tr")).to_have_count(0)
    page.goto(f"{server.url}/admin/metrics/requestlog/?provider=analyst")
    expect(page.locator("#result_list tbody tr")).to_have_count(1)
    page.goto(f"{server.url}/admin/routing/sessionassignment/")
    expect(page.locator("#result_list tbody tr")).to_have_count(1)
