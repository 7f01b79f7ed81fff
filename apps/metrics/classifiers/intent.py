"""What a question is after: one of six intents, from its own words alone.

- *research*: what an instrument or the market is or does: price, range, volume, news, company figures, a brief, which
  symbols there are. A symbol alone ("and IBM?") is research.
- *analysis*: what the figures mean: trend, indicators, levels, comparison, risk, outlook, opinion, why it moved. "Is
  it a buy?" asks to act and is execution; "what is RSI?" names no figures and is education.
- *execution*: to act: whether to buy, sell or hold, what to pick, a plan, entry, exit, stop, target, size, order,
  alert, position. "What is a stop-loss?" is education.
- *chart*: to show, draw or change a picture of prices, whatever it is to show: "draw the levels on the chart". "What
  does the chart say?" is analysis; "how do I read a chart?" is education.
- *education*: what a term means or how something is done, also by us: our method, rules and data. "What is IBM's RSI?"
  asks for a figure and is analysis.
- *other*: greetings, what the assistant can do, what is not about markets, tax and law, inside knowledge, a person in
  distress, other languages, and what cannot be read by itself, such as "why?" or "yes".

A question after several is the first of execution, chart, analysis, research. What was asked before does not count: a
question that leans on it is read by what it says itself, so that it means the same when old rows are read again.
"""

from enum import StrEnum

from apps.metrics.classifiers.intent_words import (
    ABOUT_CHART,
    ACTING,
    CAUSE,
    CHANGE_OF_PICTURE,
    GENERAL_IDEA,
    INSTRUMENT,
    OUTLOOK,
    PICTURE,
    RANKING,
    TRADE_AT_HAND,
)
from apps.providers.analyst.intents import read_one
from apps.providers.analyst.reading import Reading

#: Of a longer message the beginning and the end are read: there stands what it asks.
BEGINNING = 200
ENDING = 100


class Intent(StrEnum):
    RESEARCH = "research"
    ANALYSIS = "analysis"
    EXECUTION = "execution"
    CHART = "chart"
    EDUCATION = "education"
    OTHER = "other"


#: By what the analyst reads a question as, or, where it asks back, by what it asks about.
BY_READING = {
    "quote": Intent.RESEARCH,
    "news": Intent.RESEARCH,
    "overview": Intent.RESEARCH,
    "compare": Intent.ANALYSIS,
    "indicators": Intent.ANALYSIS,
    "levels": Intent.ANALYSIS,
    "plan": Intent.EXECUTION,
    "chart": Intent.CHART,
    "knowledge": Intent.EDUCATION,
    "greeting": Intent.OTHER,
}
#: By why the analyst cannot or will not answer. Whoever asks for a pick or a sure gain wants to act.
BY_TOPIC = {
    "advice": Intent.EXECUTION,
    "order": Intent.EXECUTION,
    "reckless": Intent.EXECUTION,
    "promises": Intent.EXECUTION,
    "fundamentals": Intent.RESEARCH,
    "meant": Intent.RESEARCH,
    "distress": Intent.OTHER,
    "insider": Intent.OTHER,
    "manipulation": Intent.OTHER,
    "tax_or_law": Intent.OTHER,
    "language": Intent.OTHER,
}
DECLINED = frozenset({"distress", "insider", "manipulation", "tax_or_law", "language"})
#: Readings that a wish to act, spoken of beside them, outweighs.
LOOKING = frozenset({"quote", "news", "overview", "compare", "indicators", "levels"})


def intent_of(question: str) -> Intent:
    text = " ".join(_ends(question).split())
    return _meant(text.lower().replace("’", "'"), read_one(text, None))


def _ends(question: str) -> str:
    if len(question) <= BEGINNING + ENDING:
        return question
    return f"{question[:BEGINNING]} {question[-ENDING:]}"


def _meant(text: str, reading: Reading) -> Intent:
    """The intent of a question in lower case, by its wording where that is plain and else by the analyst's reading."""
    if reading.topic in DECLINED or reading.intent == "greeting":
        return Intent.OTHER
    if CHANGE_OF_PICTURE.search(text):
        return Intent.CHART
    if reading.intent == "knowledge":
        return Intent.EDUCATION
    if ABOUT_CHART.search(text):
        return Intent.ANALYSIS
    if PICTURE.search(text):
        return Intent.CHART
    if reading.intent in LOOKING and ACTING.search(text):
        return Intent.EXECUTION
    if reading.intent == "news" and CAUSE.search(text):
        return Intent.ANALYSIS
    if reading.intent == "overview" and (OUTLOOK.search(text) or RANKING.search(text)):
        return Intent.ANALYSIS
    if reading.intent in BY_READING:
        return BY_READING[reading.intent]
    return _unanswered(text, reading)


def _unanswered(text: str, reading: Reading) -> Intent:
    """The intent of what the analyst asks back about or takes for none of its own."""
    names_nothing = not (reading.symbols or reading.unknown)
    if names_nothing and GENERAL_IDEA.search(text):
        return Intent.EDUCATION
    if reading.topic in BY_READING:
        return BY_READING[reading.topic]
    if reading.topic in BY_TOPIC:
        return BY_TOPIC[reading.topic]
    if TRADE_AT_HAND.search(text):
        return Intent.EXECUTION
    if RANKING.search(text):
        return Intent.ANALYSIS
    return Intent.OTHER if names_nothing and not INSTRUMENT.search(text) else Intent.RESEARCH
