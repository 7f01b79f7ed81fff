"""What the answer to a plan says of its own weak points, and of what was asked for and is not in it."""

import pytest

from apps.providers.analyst.grounding import ungrounded_numbers
from tests.providers.asking import ask


async def test_a_stop_already_passed_is_told_once_and_before_the_plans_lines() -> None:
    answer = await ask("long plan for AAPL with entry 450")
    void = "**The last close is already beyond the stop: the plan is void unless price returns to the entry.**"
    assert answer.text.split("\n\n")[1] == void
    assert answer.text.count("beyond the stop") == 1
    assert "beyond the stop" not in (await ask("long plan for AAPL")).text


async def test_a_limit_order_becomes_a_plan_at_its_price_and_none_is_placed() -> None:
    answer = await ask("place a limit order for aapl at 400")
    assert answer.text.startswith("**I draft plans and never place orders")
    assert (answer.calls[0].arguments["direction"], answer.calls[0].arguments["entry"]) == ("long", 400)


async def test_a_number_of_shares_is_said_not_to_be_the_size() -> None:
    answer = await ask("buy 100 shares of TSLA")
    assert "**The size is not the 100 you named:** it follows the risk" in answer.text
    assert "you named" not in (await ask("buy TSLA", "buy 100 shares of AAPL")).text


async def test_a_stop_in_percent_stands_that_far_from_the_entry() -> None:
    answer = await ask("stop loss for tsla at 5%")
    plan = answer.results[answer.sidecar["plan_call_id"]]
    assert plan["stop"] == round(plan["entry"] * 0.95, 2)
    assert "5 % below the entry, as given" in answer.text


@pytest.mark.parametrize(
    ("question", "path", "others"),
    [("why that stop", "stop_reason", "entry_reason"), ("why is the entry there?", "entry_reason", "stop_reason")],
)
async def test_why_one_part_gives_that_parts_reasons_alone(question: str, path: str, others: str) -> None:
    answer = await ask(question, "long plan for AAPL")
    plan = answer.results["call_1"]
    assert plan[path] in answer.text
    assert plan[others] not in answer.text
    assert not ungrounded_numbers(answer.text, answer.results.values(), question)


async def test_what_would_change_the_view_of_a_plan_belongs_to_its_own_side() -> None:
    against, along = await ask("long plan for AAPL"), await ask("short plan for AAPL")
    changes = [answer.text.split("**What would change the view:** ")[1].split("\n")[0] for answer in (against, along)]
    assert changes[0].startswith("a close below the stop at 412.24 voids this long; a close above the 200-day average")
    assert changes[1].startswith("a close above the 200-day average")
    assert changes[1].endswith("would turn the longer trend against this short.")
