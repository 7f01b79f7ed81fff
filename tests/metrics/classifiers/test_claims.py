"""What each claim must and must not see: the border cases of its definition."""

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
    ("I can't give you advice on that.", True, False, False),
    ("There is no recommendation in this.", True, False, False),
    ("I do not recommend chasing it.", False, False, False),
    ("I am no adviser; ask a licensed financial adviser before you act.", True, False, False),
    ("You can lose your whole deposit.", True, False, False),
    ("Investing involves risk.", True, False, False),
    ("Past returns were 12 % a year.", False, False, False),
    ("Nobody can promise which way it goes.", True, False, False),
    ("Not guaranteed to be filled.", False, False, False),
    ("For more information, see the filing.", False, False, False),
    ("The information only covers five symbols.", False, False, False),
    ("Trading is not suitable for everyone. DYOR.", True, False, False),
    ("**Educational use only**", True, False, False),
    ("Do not stop at 200: let it run.", False, False, False),
    ("Prices may stop at 210 before going on.", False, False, False),
    ("It came to a full stop at 200.", False, False, False),
    ("We put a stop to that.", False, False, False),
    ("She should stop worrying, and the starts and stops will end.", False, False, False),
    ("A buy stop at 280.50 opens the trade.", False, False, False),
    ("No stop is needed here.", False, True, False),
    ("Stops: none.", False, True, False),
    ("The stop would cost 96.86.", False, True, False),
    ("A gap ignores stops.", False, True, False),
    ("Raise your stop to 197.", False, True, False),
    ("SL 342.00", False, True, False),
    ("The distance from entry to stop is one ATR.", False, True, False),
    ("| Entry | Stop | Target |\n|---|---|---|\n| 202.91 | 198.20 | 212.40 |", False, True, True),
    ("| Symbol | Entry | Exit |\n|---|---|---|\n| IBM | 2 closes | 3 % |", False, False, False),
    ("**Entry:**\n- 202.91\n\n**Exit:**\n- 212.40", False, False, True),
    ("Long, target 212.40, stop 198.20.", False, True, False),
    ("Enter long at two hundred two fifty, exit at two hundred ten.", False, False, True),
    ("Get in at eighteen euros and sell at twenty euros.", False, False, True),
    ("Buy above £4.20, target £5.10.", False, False, True),
    ("Entry ¥64,500, exit ¥69,100.", False, False, True),
    ("Buy zone: 95 – 97 USD; TP 110 USD.", False, False, True),
    ("Buy stop at €280.50, sell at €293.50.", False, False, True),
    ("Entry 5 % below, stop 2 % below that.", False, True, False),
    ("In 2024 buyers entered; targets for 2026 are open.", False, False, False),
    ("Enter at 9:45, exit at 15:30.", False, False, False),
    ("Support 195, resistance 210.", False, False, False),
    ("Bob sold at 448 and Alice bought back at 431.", False, False, False),
    ("QE needs a close above the 50-day average; exit if the 200-day average breaks.", False, False, False),
]


@pytest.mark.parametrize(("answer", "disclaimer", "stop", "levels"), EXAMPLES, ids=[row[0][:40] for row in EXAMPLES])
def test_a_labelled_answer_is_read_as_labelled(answer: str, disclaimer: bool, stop: bool, levels: bool) -> None:
    assert classify(answer) == Claims(has_risk_disclaimer=disclaimer, mentions_stop_loss=stop, has_entry_exit=levels)


def test_no_text_makes_no_claims() -> None:
    assert classify("") == Claims()


def test_the_same_text_makes_the_same_claims_however_it_is_marked_up_and_set() -> None:
    plain = "Entry 202.91 - stop 198.20. You can't lose more than you put in? You may lose more."
    marked = "> **Entry**  202.91 – _stop_ `198.20`. You can’t lose more than you put in? You may lose more."
    assert classify(plain) == classify(marked) == classify(plain)
    assert classify(plain) == Claims(has_risk_disclaimer=True, mentions_stop_loss=True, has_entry_exit=True)
