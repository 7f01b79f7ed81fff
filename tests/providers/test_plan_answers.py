"""What the answer to a plan says of its own weak points, and of what was asked for and is not in it."""

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
    assert "**The 100 asked for are not used:** the size of a plan follows its risk" in answer.text
    assert "asked for" not in (await ask("buy TSLA", "buy 100 shares of AAPL")).text
