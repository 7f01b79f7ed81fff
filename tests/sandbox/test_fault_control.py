"""`/faults`: which requests an armed fault strikes, how often, and what cannot be armed."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from openai import AsyncOpenAI, BadRequestError

from apps.sandbox.faults import MOST_ARMED, NAMES, Arsenal, FaultOrder, Target
from apps.sandbox.wire_errors import WireError
from tests.sandbox.asking import our_tools, sdk
from tests.sandbox.fault_scenes import Seen, stream


async def arm(client: AsyncOpenAI, **order: Any) -> list[dict[str, Any]]:
    answer: Any = await client.post("/faults", body=order, cast_to=object)
    return list(answer["armed"])


async def armed(client: AsyncOpenAI) -> list[tuple[str, int | None]]:
    answer: Any = await client.get("/faults", cast_to=object)
    return [(entry["fault"], entry["times"]) for entry in answer["armed"]]


def as_provider(name: str) -> dict[str, str]:
    return {"X-Client-Request-Id": f"gvses.{name}.0d3b4c1e-7f00-4000-8000-000000000001.1"}


async def test_a_fault_strikes_once_unless_told_otherwise(base_url: str) -> None:
    async with sdk(base_url) as client:
        await arm(client, fault="cut", after=3)
        assert await armed(client) == [("cut", 1)]
        first, second = await stream(client), await stream(client)
        assert (first.n_deltas, first.is_whole, second.is_whole) == (3, False, True)
        await arm(client, fault="server_error", times=2)
        assert [(await stream(client)).is_whole for _ in range(3)] == [False, False, True]
        assert await armed(client) == []


async def test_a_fault_aims_at_one_provider(base_url: str) -> None:
    async with sdk(base_url) as client:
        await arm(client, fault="failed", provider="workflow")

        async def whole(name: str) -> bool:
            return (await stream(client, headers=as_provider(name))).is_whole

        assert (await stream(client)).is_whole
        assert await whole("responses")
        assert await whole("agents_sdk")
        assert not await whole("workflow")
        assert await whole("workflow")


async def test_a_fault_in_the_text_waits_for_a_request_that_has_text(base_url: str) -> None:
    async with sdk(base_url) as client:

        async def ask(question: str, **options: Any) -> Seen:
            return await stream(client, question=question, headers=as_provider("responses"), **options)

        await arm(client, fault="cut", after=2, provider="responses")
        calls = await ask("price of AAPL", tools=our_tools())
        assert calls.is_whole
        assert calls.n_deltas == 0
        assert (await client.responses.create(model="m", input="hi", extra_headers=as_provider("responses"))).output
        assert await armed(client) == [("cut", 1)]
        assert (await ask("hello")).n_deltas == 2
        assert await armed(client) == []


async def test_a_fault_of_tools_waits_for_a_request_that_offers_tools(base_url: str) -> None:
    async with sdk(base_url) as client:
        await arm(client, fault="unknown_tool")
        assert (await stream(client)).is_whole
        seen = await stream(client, tools=our_tools("get_quote"))
    assert seen.last.response.output[0].name == "no_such_tool"


async def test_calls_are_endless_until_they_are_taken_away(base_url: str) -> None:
    async with sdk(base_url) as client:
        await arm(client, fault="endless_tools")
        for _ in range(3):
            seen = await stream(client, tools=our_tools("get_quote"))
            assert seen.last.response.output[0].type == "function_call"
        assert await armed(client) == [("endless_tools", None)]
        await client.delete("/faults", cast_to=object)
        assert (await stream(client, tools=our_tools("get_quote"))).n_deltas > 0
        await arm(client, fault="endless_tools", times=1)
        assert await armed(client) == [("endless_tools", 1)]


async def test_faults_strike_in_the_order_in_which_they_were_armed(base_url: str) -> None:
    async with sdk(base_url) as client:
        await arm(client, fault="quota")
        await arm(client, fault="server_error")
        codes = [getattr((await stream(client)).error, "status_code", None) for _ in range(3)]
    assert codes == [429, 500, None]


async def test_a_request_with_a_fault_of_its_own_leaves_the_armed_one_alone(base_url: str) -> None:
    async with sdk(base_url) as client:
        await arm(client, fault="quota")
        assert getattr((await stream(client, "server_error")).error, "status_code", None) == 500
        assert await armed(client) == [("quota", 1)]


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ({}, "fault"),
        ({"fault": "flood"}, "fault"),
        ({"fault": "quota", "after": 1}, "quota strikes at once"),
        ({"fault": "empty", "after": 3}, "empty strikes at once"),
        ({"fault": "slow_first_token", "after": 1}, "strikes at once"),
        ({"fault": "cut", "after": -1}, "after"),
        ({"fault": "cut", "times": 0}, "times"),
        ({"fault": "cut", "provider": "Work flow"}, "provider"),
        ({"fault": "cut", "delay_s": -1}, "delay_s"),
        ({"fault": "cut", "then": 1}, "then"),
    ],
)
async def test_what_is_no_fault_is_refused(base_url: str, order: dict[str, Any], words: str) -> None:
    async with sdk(base_url) as client:
        with pytest.raises(BadRequestError, match=words):
            await arm(client, **order)


@pytest.mark.parametrize("header", ["flood", "quota;after=3", "cut;after=x", "cut;speed=2", ";", "cut;after"])
async def test_a_header_that_names_no_fault_is_refused(base_url: str, header: str) -> None:
    async with sdk(base_url) as client:
        seen = await stream(client, header)
    assert isinstance(seen.error, BadRequestError)


def test_no_more_than_so_many_are_kept() -> None:
    arsenal = Arsenal()
    for _ in range(MOST_ARMED):
        arsenal.arm(FaultOrder(fault="cut"))
    with pytest.raises(WireError, match="armed already"):
        arsenal.arm(FaultOrder(fault="cut"))
    assert len(arsenal.listed()) == MOST_ARMED


def test_every_fault_strikes_a_response_that_streams_text_and_offers_tools() -> None:
    target = Target(provider="responses", is_response=True, emits_text=True, offers_tools=True)
    for name in NAMES:
        arsenal = Arsenal()
        arsenal.arm(FaultOrder.model_validate({"fault": name, "times": 1}))
        taken = arsenal.take(target)
        assert taken
        assert taken.fault == name
        assert arsenal.take(target) is None


def test_threads_that_race_take_each_fault_once() -> None:
    arsenal = Arsenal()
    arsenal.arm(FaultOrder(fault="quota", times=50))
    with ThreadPoolExecutor(max_workers=8) as pool:
        taken = list(pool.map(lambda _: arsenal.take(Target(provider="x")), range(400)))
    assert sum(fault is not None for fault in taken) == 50
