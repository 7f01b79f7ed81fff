"""The product on PostgreSQL and Redis: more streams than connections, and limits that all processes share."""

import re
import socket
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx2
import pytest

from tests.servers import MissingProgram, Product, postgres, product, redis

pytestmark = pytest.mark.e2e
STREAMS = 16
CONNECTIONS = 3
LONG_ANSWERS = """
from apps.assistant.models import Turn
Turn.objects.update(answer="A word and another. " * 60_000)
"""
MAKE_ALICE = """
from django.contrib.auth import get_user_model
get_user_model().objects.create_user("alice", password="wonderland-7")
"""


@pytest.fixture(scope="module")
def databases() -> Iterator[dict[str, str]]:
    try:
        with postgres() as database_url, redis() as redis_url:
            yield {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "DB_POOL_SIZE": str(CONNECTIONS)}
    except MissingProgram as error:
        pytest.skip(str(error))


def ask(server: Product, question: str) -> tuple[int, str]:
    """One visitor's question: status and body."""
    with httpx2.Client(base_url=server.url, timeout=60) as client:
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', client.get("/").text).group(1)
        form = {"message": question, "csrfmiddlewaretoken": token}
        response = client.post(f"/chat/{uuid.uuid4()}/turns/", data=form, headers={"Accept": "text/event-stream"})
        return response.status_code, response.text


def test_streams_that_outnumber_the_connections_all_end_whole(databases: dict[str, str], tmp_path: Path) -> None:
    with (
        product(tmp_path, **databases, ANALYST_PACE_MS="100") as server,
        ThreadPoolExecutor(max_workers=STREAMS) as visitors,
    ):
        answers = list(visitors.map(lambda _: ask(server, "Where would you enter IBM?"), range(STREAMS)))
    assert [status for status, _ in answers] == [200] * STREAMS
    assert all("event: done" in body for _, body in answers)


def test_people_with_an_account_need_no_connection_while_their_answers_stream(
    databases: dict[str, str], tmp_path: Path
) -> None:
    def ask_as_demo(session: dict[str, str]) -> tuple[int, str]:
        with httpx2.Client(base_url=server.url, timeout=60, cookies=session) as client:
            form = {"message": "Where would you enter IBM?", "csrfmiddlewaretoken": session["csrftoken"]}
            response = client.post(f"/chat/{uuid.uuid4()}/turns/", data=form)
            return response.status_code, response.text

    with (
        product(tmp_path, **databases, ANALYST_PACE_MS="100") as server,
        ThreadPoolExecutor(max_workers=STREAMS) as people,
    ):
        server.manage("shell", "-c", MAKE_ALICE)
        with httpx2.Client(base_url=server.url, timeout=60) as client:
            client.get("/accounts/login/")
            form = {"username": "alice", "password": "wonderland-7", "csrfmiddlewaretoken": client.cookies["csrftoken"]}
            assert client.post("/accounts/login/", data=form).status_code == 302
            session = dict(client.cookies)
        answers = list(people.map(ask_as_demo, [session] * STREAMS))
    assert [status for status, _ in answers] == [200] * STREAMS
    assert all("event: done" in body for _, body in answers)


def test_readers_who_take_no_byte_of_a_page_keep_it_from_nobody(databases: dict[str, str], tmp_path: Path) -> None:
    with product(tmp_path, **databases) as server, ExitStack() as open_sockets:
        visitor, session_id = httpx2.Client(base_url=server.url, timeout=60), uuid.uuid4()
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', visitor.get("/").text).group(1)
        visitor.post(f"/chat/{session_id}/turns/", data={"message": "Price of AAPL?", "csrfmiddlewaretoken": token})
        server.manage("shell", "-c", LONG_ANSWERS)
        assert len(visitor.get(f"/chat/{session_id}/").content) > 1_000_000
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in visitor.cookies.jar)
        for _ in range(CONNECTIONS):
            reader = open_sockets.enter_context(socket.socket())
            # So small that the kernel does not keep the page for them.
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            reader.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1400)
            reader.connect((httpx2.URL(server.url).host, httpx2.URL(server.url).port))
            head = f"GET /chat/{session_id}/ HTTP/1.1\r\nhost: 127.0.0.1\r\ncookie: {cookies}\r\n\r\n"
            reader.sendall(head.encode())
            assert reader.recv(12) == b"HTTP/1.1 200"
        assert [visitor.get("/").status_code for _ in range(3)] == [200] * 3
        visitor.close()


def test_two_processes_count_one_persons_address_together(databases: dict[str, str], tmp_path: Path) -> None:
    folders = tmp_path / "one", tmp_path / "two"
    for folder in folders:
        folder.mkdir()
    limits = {**databases, "TURNS_PER_ADDRESS": "2/600"}
    with product(folders[0], **limits) as one, product(folders[1], **limits) as two:
        statuses = [ask(server, "Price of AAPL?")[0] for server in (one, two, one, two)]
    assert statuses == [200, 200, 429, 429]
