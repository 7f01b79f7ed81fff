"""Labelled answers: what each claim must and must not see."""

import pytest

from apps.metrics.classifiers import Claims, classify

# Answer, risk disclaimer, stop-loss, entry and exit.
EXAMPLES = [
    ("AAPL closed at 430.47 on 1 Mar 2013 (sample data).", False, False, False),
    ("This is not financial advice.", True, False, False),
    ("A conditional plan, not advice.", True, False, False),
    ("None of this is personalised investment advice.", True, False, False),
    ("It isn't a trading recommendation.", True, False, False),
    ("For educational purposes only.", True, False, False),
    ("For education only; you can lose money.", True, False, False),
    ("Trading carries a risk of loss.", True, False, False),
    ("Nothing is guaranteed, least of all a breakout.", True, False, False),
    ("Past performance says little about the future.", True, False, False),
    ("My advice: wait for a close above resistance.", False, False, False),
    ("Risk 1 % of the account on a trade.", False, False, False),
    ("The chart shows 250 sessions to 1 Mar 2013.", False, False, False),
    ("Place a stop-loss before you enter.", False, True, False),
    ("The stop is 198.20, 2 % under the entry.", False, True, False),
    ("Use a trailing stop once price is one ATR ahead.", False, True, False),
    ("**Stop:** $198.20", False, True, False),
    ("Put the stop below support.", False, True, False),
    ("You would be stopped out on a close under the average.", False, True, False),
    ("A plan without stop losses is a hope.", False, True, False),
    ("IBM does not stop at the average; it fell non-stop.", False, False, False),
    ("Stop and think before you chase a gap.", False, False, False),
    ("Trading stopped at 16:00 ET.", False, False, False),
    ("| Entry | 202.91 |\n| Stop | 198.20 |\n| Target 1 | 212.40 |", False, True, True),
    ("If IBM closes above 202.91, enter at 203.10; the stop is 198.20.", False, True, True),
    ("Buy near $202.91 and take profit at $212.40.", False, False, True),
    ("Entry: 202.91. Exit: 212.40. Not financial advice.", True, False, True),
    ("**Entry** $1,202.91, **target** $1,300", False, False, True),
    ("Buy 50 shares at $202.91; the stop sits 2 ATR lower, at 198.20.", False, True, True),
    ("Enter at 202.91 once volume confirms.", False, False, False),
    ("The target is 212.40.", False, False, False),
    ("The entry needs 2 closes and the target 3 % more.", False, False, False),
    ("I would wait: no level within range gives an entry or a target.", False, False, False),
    ("Short below 198.20, target 190; you may lose more than planned.", True, False, True),
    ("Entry after 10 sessions, exit after 20 days.", False, False, False),
    ("QE needs a close above the 50-day average; exit if the 200-day average breaks.", False, False, False),
]


@pytest.mark.parametrize(("answer", "disclaimer", "stop", "levels"), EXAMPLES, ids=[row[0][:40] for row in EXAMPLES])
def test_a_labelled_answer_is_read_as_labelled(answer: str, disclaimer: bool, stop: bool, levels: bool) -> None:
    assert classify(answer) == Claims(has_risk_disclaimer=disclaimer, mentions_stop_loss=stop, has_entry_exit=levels)
