"""Answers without figures: greetings, a question back, an unknown ticker, and what is declined and why."""

import re
from collections.abc import Iterator

from apps.market.symbols.instruments import display_name
from apps.market.symbols.mentions import UnknownMention
from apps.providers.analyst.turn import Turn
from apps.providers.workflow.approvals import CLOSED

EXAMPLES = ("What's the price of AAPL?", "Where would you enter IBM and where is the stop?", "Compare AAPL and GOOG")
INVITATION = (
    "I'm G'sves, a market assistant. Every number I give comes from a tool, with its source and date: quotes, "
    "charts, levels, "
    "conditional plans, comparisons, and my own notes on method and risk."
)
QUESTIONS = {
    "compare": "Which two symbols shall I compare?",
    "plan": "Which symbol is the plan for?",
    "levels": "Which symbol's levels?",
    "chart": "Which symbol shall I chart?",
    "indicators": "Which symbol shall I read?",
    "quote": "Which symbol's price?",
    "news": "News on which symbol?",
}
DECLINED = {
    "distress": (
        "That sounds hard, and no trade will fix it tonight. Step back from the screen, leave positions alone "
        "for now, and talk to "
        "someone you trust. If you feel unsafe or cannot stop, please call your local emergency number or a "
        "crisis or gambling "
        "helpline; they listen at any hour."
    ),
    "reckless": (
        "I would slow down here. Money that is borrowed, or that you cannot lose, turns any ordinary loss into a "
        "forced exit, and one "
        "position with everything in it leaves no second try. If the idea is good, it is still good at a size "
        "where the stop hurts "
        "little; take a night before deciding. I can show what a small, planned position looks like."
    ),
    "promises": (
        "Nobody can promise a gain, and whoever does is selling something. A trade is a bet with a stop and a size; I "
        "can show how a plan keeps a loss small."
    ),
    "advice": (
        "I pick no stocks and give no personal advice: what to buy or sell is your own decision. Name a symbol and I "
        "can read it, or draft a plan with an entry, a stop and a size."
    ),
    "insider": (
        "I stay away from inside information: trading on it is unlawful, and I neither use nor look for it. I "
        "can read what the "
        "public price says."
    ),
    "manipulation": "I do not help with moving a price by deception. I can read what the price does by itself.",
    "tax_or_law": (
        "Tax and law depend on where and who you are, and a qualified adviser is the right person to ask. I can "
        "help with prices, "
        "levels and plans."
    ),
    "fundamentals": (
        "I have no company figures here: no earnings, dividends, valuation or option chains. I work from daily "
        "prices, and can read "
        "those."
    ),
    "order": "I place no orders and execute nothing. I can draft a plan with an entry, a stop and a size.",
    "closed_preview": CLOSED,
    "language": "I read English only, for now. Ask for example “What's the price of AAPL?”.",
    "not_yet": (
        "I cannot do that here: there are no alerts, watchlists, scans, backtests or portfolio records. I can "
        "look up a symbol, read "
        "it, or draft a plan for it."
    ),
}
PRAISE = re.compile(
    r"^\W*(?:(?:you'?re|you are|that'?s|what) )?(?:a |an )?"
    r"(?:good|great|nice|best|awesome|amazing) (?:bot|job|work|one)\b"
)
SPELLING = "Check the spelling; I know US stocks, the large funds and crypto."
LONGEST_NAME = 20
CAN_GIVE = "prices, charts, indicators, levels, comparisons and conditional plans"
OUT_OF_SCOPE = "I find no question about markets in that, and markets are all I know. Try"


def greeting(turn: Turn) -> Iterator[str]:
    said = turn.reading.question.lower()
    if turn.reading.topic == "abuse":
        yield "Fair enough. I am here for prices, charts and plans whenever you want one."
    elif PRAISE.search(said):
        yield "Glad it helps. What shall we look at next?"
    elif any(word in said for word in ("thank", "thx", "cheers")):
        yield "You're welcome. What shall we look at next?"
    elif any(word in said for word in ("bye", "see you", "take care")):
        yield "Goodbye. Your conversation stays here for when you come back."
    else:
        hello = next((f"Good {part}. " for part in ("morning", "afternoon", "evening") if part in said), "Hello. ")
        yield f"{hello}{INVITATION}"
        yield "Ask how the market is for a brief, or name a symbol."


def clarify(turn: Turn) -> Iterator[str]:
    reading = turn.reading
    if reading.topic == "meant":
        (symbol,) = reading.symbols
        yield f"Do you mean the symbol {symbol}, {display_name(symbol)}?"
    elif reading.topic in QUESTIONS:
        yield QUESTIONS[reading.topic]
    elif reading.symbols:
        yield f"What about {' and '.join(reading.symbols)}: the price, the levels, or a plan?"
    else:
        yield "Would you like a price, a chart, or a plan, and for which symbol?"


def out_of_scope(turn: Turn) -> Iterator[str]:
    if turn.reading.topic in DECLINED:
        yield DECLINED[turn.reading.topic]
        return
    if turn.reading.symbols:
        yield f"I have no answer to that about {' and '.join(turn.reading.symbols)}. I can give {CAN_GIVE}."
        return
    first, second, third = (f"“{example}”" for example in EXAMPLES)
    yield f"{OUT_OF_SCOPE} {first}, {second} or {third}."


def unknown_symbols(unknown: tuple[UnknownMention, ...]) -> str:
    """One sentence a name: that it is unknown, and what is nearest to it."""
    sentences = []
    for mention in unknown:
        name = "".join(c for c in mention.text if c.isalnum() or c in ".-$ ")[:LONGEST_NAME]
        near = f"; the nearest I have: {' or '.join(mention.nearest)}." if mention.nearest else f". {SPELLING}"
        sentences.append(f"I know no symbol “{name}”{near}")
    return " ".join(sentences)
