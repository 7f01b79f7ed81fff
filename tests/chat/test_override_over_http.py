"""The override header over HTTP: it chooses the provider of one turn, and opens nothing else."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Permission, User
from django.core import signing
from django.test import AsyncClient
from django.utils import timezone

from apps.assistant.models import Conversation, Turn
from apps.metrics.models import RequestLog
from apps.routing import kills, ledger
from apps.routing.circuits import record_outcome
from apps.routing.models import RolloutChange, SessionAssignment
from apps.routing.overrides.header import HEADER, MAX_AGE, sign_override
from apps.routing.overrides.pins import pin_session, unpin_session
from tests.chat.test_turns_over_http import STREAM, read
from tests.factories import make_conversation, make_user
from tests.scripted import words

pytestmark = pytest.mark.django_db


def make_signer(name: str = "Bob") -> User:
    user = make_user(name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="override"))
    return user


@pytest.fixture
def header() -> str:
    """Bob's header for workflow."""
    return sign_override(provider="workflow", user_id=make_signer().pk)


@pytest.fixture(autouse=True)
def _three_providers(play) -> None:
    play(words("By the workflow."), provider="workflow")
    play(words("By responses."), provider="responses")
    play(words("By the analyst."))


async def send(client: AsyncClient, value: str | None, *, session: uuid.UUID | None = None, **headers: str) -> Any:
    asked = {HEADER: value} if value is not None else {}
    url = f"/chat/{session or uuid.uuid4()}/turns/"
    return await client.post(url, {"message": "Price of AAPL?"}, headers={**STREAM, **asked, **headers})


async def stored() -> dict[str, int]:
    models = (Conversation, Turn, RequestLog, SessionAssignment)
    return {model.__name__: n for model in models if (n := await model.objects.acount())}


async def test_a_signed_header_sends_one_turn_to_its_provider_and_is_in_the_audit_log(async_client, header) -> None:
    session = uuid.uuid4()
    events = await read(await send(async_client, header, session=session))
    assert (events[0]["provider"], events[0]["route_reason"]) == ("workflow", "override")
    assert events[-1]["provider"] == "workflow"
    row = await RequestLog.objects.aget()
    assert (row.provider, row.route_reason, row.is_overridden) == ("workflow", "override", True)
    entry = await RolloutChange.objects.aget(action="overridden")
    assert (entry.by, entry.what) == ("Bob", f"turn of session {session} sent to workflow")
    assert await sync_to_async(ledger.verify)() == []
    events = await read(await send(async_client, None, session=session))
    assert (events[0]["provider"], events[0]["route_reason"]) == ("responses", "bucket_map")
    assert await RequestLog.objects.filter(is_overridden=False).acount() == 1
    assert await RolloutChange.objects.filter(action="overridden").acount() == 1


async def test_a_session_keeps_its_provider_after_an_overridden_turn(async_client, header) -> None:
    session = uuid.uuid4()
    for value in (None, header, None):
        await read(await send(async_client, value, session=session))
    rows = [row async for row in RequestLog.objects.order_by("created_at")]
    assert [row.provider for row in rows] == ["responses", "workflow", "responses"]
    assert {row.assigned_provider for row in rows} == {"responses"}


async def test_an_ordinary_turn_asks_nothing_of_headers_and_writes_no_entry(async_client) -> None:
    await read(await send(async_client, None))
    row = await RequestLog.objects.aget()
    assert (row.provider, row.is_overridden) == ("responses", False)
    assert not await RolloutChange.objects.exclude(action="seeded").aexists()


@pytest.mark.parametrize("spoil", [lambda value: "", lambda value: "workflow", lambda value: value[:-2] + "AA"])
async def test_a_tampered_header_is_a_403_with_its_reason_and_stores_nothing(async_client, header, spoil) -> None:
    response = await send(async_client, spoil(header))
    assert response.status_code == 403
    error = response.json()["error"]
    assert error["code"] == "override_refused"
    assert error["message"] == "The X-Gvses-Provider header does not count: this site did not sign it."
    assert await stored() == {}
    assert not await RolloutChange.objects.aexists()


async def test_an_old_header_is_a_403_and_stores_nothing_but_the_refusal(async_client, monkeypatch) -> None:
    bob = await sync_to_async(make_signer)()
    stamped_now = signing.time.time
    with monkeypatch.context() as earlier:
        too_long = (MAX_AGE + timedelta(minutes=1)).total_seconds()
        earlier.setattr(signing.time, "time", lambda: stamped_now() - too_long)
        value = await sync_to_async(sign_override)(provider="workflow", user_id=bob.pk)
    response = await send(async_client, value)
    assert response.status_code == 403
    assert "older than 1 hour" in response.json()["error"]["message"]
    assert await stored() == {}
    assert await RolloutChange.objects.filter(action="refused", by="Bob").acount() == 1


async def test_charlie_who_may_no_longer_is_refused_and_in_the_audit_log(async_client) -> None:
    charlie = await sync_to_async(make_signer)("Charlie")
    value = await sync_to_async(sign_override)(provider="workflow", user_id=charlie.pk)
    await sync_to_async(charlie.user_permissions.clear)()
    await async_client.aforce_login(charlie)
    response = await send(async_client, value)
    assert response.status_code == 403
    assert "may not choose providers" in response.json()["error"]["message"]
    assert await stored() == {}
    entry = await RolloutChange.objects.aget(action="refused")
    assert (entry.by, entry.provider) == ("Charlie", "workflow")


async def test_another_person_s_conversation_is_not_there_with_a_header_either(async_client, header) -> None:
    alice = await sync_to_async(make_user)("Alice")
    theirs = await sync_to_async(make_conversation)(user=alice)
    await async_client.aforce_login(await User.objects.aget(username="Bob"))
    assert (await send(async_client, header, session=theirs.pk)).status_code == 404
    assert not await Turn.objects.aexists()
    assert not await RolloutChange.objects.filter(action="overridden").aexists()


async def test_a_header_stands_in_for_no_login(async_client, header, settings) -> None:
    settings.ANONYMOUS_CHAT = False
    response = await send(async_client, header)
    assert (response.status_code, response.json()["error"]["code"]) == (403, "login_required")
    assert await stored() == {}


async def test_a_header_stands_in_for_no_csrf_token(header) -> None:
    response = await send(AsyncClient(enforce_csrf_checks=True), header)
    assert (response.status_code, response.json()["error"]["code"]) == (403, "csrf")
    assert await stored() == {}


async def test_another_site_is_not_told_that_it_may_send_the_header(async_client, header) -> None:
    asks = {"Origin": "https://elsewhere.example", "Access-Control-Request-Headers": HEADER}
    answer = await async_client.options(
        f"/chat/{uuid.uuid4()}/turns/", headers={**asks, "Access-Control-Request-Method": "POST"}
    )
    response = await send(async_client, header, Origin="https://elsewhere.example")
    for headers in (answer.headers, response.headers):
        assert not [name for name in headers if name.lower().startswith("access-control-")]


async def test_limits_hold_before_the_header_is_looked_at(async_client, header, settings) -> None:
    settings.TURNS_PER_PERSON = "1/60"
    await read(await send(async_client, header))
    assert (await send(async_client, header)).status_code == 429
    assert (await send(async_client, "junk")).status_code == 429


async def test_a_stop_stands_above_the_header_and_the_turn_stays_marked(async_client, header) -> None:
    await sync_to_async(kills.kill)(provider="workflow", by="Alice")
    session = uuid.uuid4()
    events = await read(await send(async_client, header, session=session))
    assert (events[0]["provider"], events[0]["route_reason"]) == ("responses", "kill_switch")
    row = await RequestLog.objects.aget()
    assert (row.route_reason, row.is_overridden) == ("kill_switch", True)
    entry = await RolloutChange.objects.aget(action="overridden")
    assert entry.what == f"turn of session {session} asked for workflow; responses serves"


async def test_an_open_circuit_stands_above_the_header(async_client, header) -> None:
    now = timezone.now()
    failed = {"ok": False, "code": "unauthorized", "opens": True, "now": now, "began_at": now}
    await sync_to_async(record_outcome)(provider="workflow", **failed)
    events = await read(await send(async_client, header))
    assert (events[0]["provider"], events[0]["route_reason"]) == ("responses", "circuit_open")
    assert (await RequestLog.objects.aget()).is_overridden


async def test_a_turn_that_nobody_can_serve_stays_marked(async_client, header) -> None:
    for name in ("workflow", "responses", "analyst"):
        instead = "analyst" if name == "responses" else ""
        await sync_to_async(kills.kill)(provider=name, by="Alice", instead=instead)
    events = await read(await send(async_client, header))
    assert events[-1]["type"] == "error"
    row = await RequestLog.objects.aget()
    assert (row.route_reason, row.is_overridden) == ("no_provider", True)
    entry = await RolloutChange.objects.aget(action="overridden")
    assert entry.what.endswith("asked for workflow; nobody serves")


async def test_a_header_for_a_provider_that_lost_its_backend_is_a_403_with_its_reason(
    async_client, header, monkeypatch
) -> None:
    monkeypatch.setattr("tests.scripted.ScriptedWorkflow.why_unavailable", lambda provider: "has no key")
    response = await send(async_client, header)
    assert response.status_code == 403
    assert response.json()["error"]["message"] == "workflow has no key, so it cannot be asked for."
    assert await stored() == {}
    assert not await RolloutChange.objects.filter(action="overridden").aexists()


async def test_a_question_that_is_refused_leaves_no_entry(async_client, header, monkeypatch) -> None:
    monkeypatch.setattr("apps.assistant.engine.BUSY_WAIT_S", 0.05)
    session = uuid.uuid4()
    first = await send(async_client, header, session=session)
    assert (await send(async_client, header, session=session)).status_code == 409
    await read(first)
    assert await RolloutChange.objects.filter(action="overridden").acount() == 1


async def test_a_pinned_session_s_turns_are_marked_until_the_pin_is_taken_back(async_client) -> None:
    session = uuid.uuid4()
    await sync_to_async(pin_session)(session_id=session, provider="workflow", by="Bob", reason="A test.")
    await read(await send(async_client, None, session=session))
    await sync_to_async(unpin_session)(session_id=session, by="Bob")
    await read(await send(async_client, None, session=session))
    rows = [row async for row in RequestLog.objects.order_by("created_at")]
    assert [(row.provider, row.is_overridden) for row in rows] == [("workflow", True), ("responses", False)]
    assert not await RolloutChange.objects.filter(action="overridden").aexists()
