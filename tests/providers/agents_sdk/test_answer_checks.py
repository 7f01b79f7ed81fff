"""Promises and plans without a stop are seen; honest words about them, and every answer of the analyst, are not."""

import pytest

from apps.providers.agents_sdk.answer_checks import lacks_stop, promise_in
from apps.providers.analyst.answers.talk import DECLINED
from tests.providers.asking import SYMBOLS, ask
from tests.providers.held_out import HELD_OUT

PROMISES = (
    "This trade is guaranteed to work.",
    "Guaranteed profits with IBM.",
    "I guarantee you a gain of 5 percent.",
    "You can't lose with this setup.",
    "You cannot lose here.",
    "It is a risk-free trade.",
    "Buy NVDA now, there's zero risk at all.",
    "A sure thing: long META.",
    "That is easy money.",
    "IBM is certain to rise tomorrow.",
    "TSLA will definitely reach 500.",
    "You'll double your money in a month.",
    "This level never fails.",
    "The setup cannot go wrong.",
    "I am 100% sure.",
    "It is foolproof.",
    "Guaranteed profit, no risk.",
    "If you buy at 200 you can’t lose.",
)
HONEST = (
    "Nothing is guaranteed.",
    "No plan can guarantee a gain.",
    "A stop does not guarantee the price you get.",
    "A stop order guarantees an exit, not a price.",
    "There is no such thing as a risk-free trade.",
    "Whoever promises guaranteed profits is selling something.",
    "Beware of anyone who says you can't lose.",
    "Risk-free returns do not exist.",
    "The risk-free rate is what a Treasury bill pays.",
    "Is it guaranteed? No.",
    "With this size you can't lose more than 100 dollars at the stop, gaps aside.",
    "Never risk money you cannot afford to lose.",
    "It is not a sure thing.",
    "There is no easy money in this.",
    "“Guaranteed” is a word to be wary of.",
    "A guaranteed stop costs extra at some brokers.",
    "Good traders never lose sight of the stop.",
    "If the target is reached you will make 2.1 times the risk.",
    "It isn't certain to rise.",
    "A breakout can fail.",
    "No one can tell whether it will rise.",
)


@pytest.mark.parametrize("text", PROMISES)
def test_a_promise_is_seen(text: str) -> None:
    assert promise_in(text)
    assert promise_in(f"IBM closed at 202.91.\n\n- {text}\n- Nothing else.")


@pytest.mark.parametrize("text", HONEST)
def test_words_about_promises_are_none(text: str) -> None:
    assert promise_in(text) is None


@pytest.mark.parametrize("topic", DECLINED)
def test_what_the_analyst_declines_with_promises_nothing(topic: str) -> None:
    assert promise_in(DECLINED[topic]) is None


@pytest.mark.parametrize("intent", HELD_OUT)
async def test_no_answer_of_the_analyst_promises_anything(intent: str) -> None:
    for question in HELD_OUT[intent]:
        assert promise_in((await ask(question)).text) is None, question


@pytest.mark.parametrize("symbol", SYMBOLS)
async def test_no_plan_of_the_analyst_lacks_a_stop(symbol: str) -> None:
    assert not lacks_stop((await ask(f"trade plan for {symbol}")).text)


@pytest.mark.parametrize(
    "plan",
    [
        "Entry 200.10, target 220, 50 shares.",
        "Enter above 201 and take profit at 210.",
        "If it holds, buy near 198.50; sell at 210.",
        "Go long at $200 with 10 shares.",
    ],
)
def test_a_plan_without_a_stop_is_seen(plan: str) -> None:
    assert lacks_stop(plan)


@pytest.mark.parametrize(
    "plan",
    [
        "Entry 200.10, stop 195.20, target 220.",
        "I can draft no plan: the tool has no data for it.",
        "Which account size shall I plan for?",
        "Enter above 201; below 195 the idea is invalidated.",
        "The largest loss at the stop is 100 dollars.",
    ],
)
def test_other_words_of_a_plan_lack_none(plan: str) -> None:
    assert not lacks_stop(plan)
