"""From a question to a `Reading`: guards, follow-ups, ordered rules, the model; and a gate for what is not ours."""

import re
from collections.abc import Collection
from dataclasses import replace
from functools import partial

from apps.market.repository import default_repository
from apps.market.symbols.instruments import resolve
from apps.market.symbols.mentions import Mentions, find_mentions, mask
from apps.providers.analyst.chart_changes import on_its_chart
from apps.providers.analyst.classifier import probabilities
from apps.providers.analyst.conversation import ABOUT_SYMBOLS, earlier_reading, follow_up, with_money
from apps.providers.analyst.guards import ABUSE, guarded_topic
from apps.providers.analyst.lexicon import PLAIN, market_words
from apps.providers.analyst.parameters import read_parameters
from apps.providers.analyst.patterns import any_of
from apps.providers.analyst.reading import Reading
from apps.providers.analyst.rules import DATA_AND_DAYS, POINTS_BACK, WHICH_DATA, WHICH_SYMBOLS, Asked, by_rule
from apps.providers.protocol import Message
from apps.providers.workflow.approvals import answers_preview

#: What is asked stands in this many characters; the guards read all of it.
LONGEST_READ = 1000
#: Below this probability of its best intent the model's guess is not taken.
FLOOR = 0.35
#: From here on the model's guess makes up for words that say little: a company's name, or one everyday word.
SURE_OF_NAME = 0.7
SURE_OF_WORD = 0.85
SURE_WITH_RULE = 0.6
SURE_OF_GREETING = 0.97
SURELY = 0.9
#: Intents and wordings that are ours without any word of the trade in them.
OURS_ANYWAY = any_of(
    r"\byour (?:\w+ )?(?:philosoph\w+|method\w*|approach|rules|checklist|strategy|principles|data)\b",
    r"^\W*glossary|\b(?:fomo|headlines)\b|how do you work|\bnews\b|(?:morning|daily|evening) brief",
    r"wall street|losing streaks?|\b(?:reverse|stock|share) splits?\b",
)
#: Things of a symbol that nobody asks about outside of markets; without a symbol they make us ask for one.
OUR_NOUNS = re.compile(
    r"\b(?:the|its|my|a) (?:stop(?:[- ]loss)?|entry|rsi|macd|atr|chart|levels|resistances?|trade plan|"
    r"trading plan|candles)\b(?! (?:sign|course|top))"
    r"|^\W*(?:price|quote|buy|sell|entry|target|rsi|macd|atr)s?\W*$"
)
ORDER = re.compile(
    r"^\W*(?:(?:please|ok(?:ay)?|now|can you|could you|i want (?:you )?to|i'd like (?:you )?to|go ahead and|let's|"
    r"just)\W+)*(?:buy|sell|short|purchase|close|cover)\W+(?:me |my |all )?(?:(?:of )?(?:number|symbol|some|a|an|"
    r"it)\b)|"
    r"place (?:an? |the |my )?(?:\w+ )?order|\b(?:market|limit) order\b|execute (?:the|this|a|my)|\bexecute\b"
)
PLACING = re.compile(r"\b(?:place|execute|submit) (?:the|this|that|my|an?|it)\b.{0,12}|^\W*execute\W*$")
#: "Short TSLA plan" asks for a plan and orders nothing.
OF_A_PLAN = re.compile(r"\b(?:plan|set-?up|idea)\b")
SHOULD = re.compile(r"\bshould (?:i|we) (?:\w+ )?(?:buy|sell|short|hold|get|add|enter|exit)\b")
FORECAST = any_of(
    r"\bwill (?:symbol|it)\b|predict\w*|forecast\w*",
    r"going to (?:go|rise|fall|drop|rally|crash|moon|hit|reach)|price target for next|where will",
)
FUNDAMENTALS = any_of(
    r"\boptions? (?:on|for) symbol|symbol options?\b|(?:calls?|puts?|straddles?) on symbol|\bstrikes?\b",
    r"\bp/?e\b(?: ratio)?|price[- ]to[- ]earnings|\beps\b|\bearnings\b|\brevenues?\b|\bdividends?\b",
    r"\b(?:over|under)[- ]?(?:valued|priced)\b|\bfair(?:ly)? valued?\b|\bintrinsic value|"
    r"\bmarket cap\w*|\bvaluation\b|\bfundamental\w*|\bceo\b|\bbalance sheet|\bcash flow",
    r"\binsider (?:buying|selling)|\bshort interest|\banalyst (?:rating|target)s?|\bfloat\b",
    r"\bheadquarter\w*|\bemployees\b|options? chain|open interest|implied volatility of symbol",
)
#: A tip or a pick is wanted, of no symbol in particular.
PICK = any_of(
    r"\b(?:what|which)(?! (?:price|level|time|size|strategy|plan))(?:'s| is| are)? .{0,24}"
    r"\b(?:should|shall|would|do) (?:i|we|you) (?:\w+ )?(?:buy|sell|short|invest|own|get into)\b",
    r"\b(?:best|top|good|hot(?:test)?) (?:\w+ )?(?:stocks?|shares?|coins?|cryptos?|picks?|buys?|investments?)\b"
    r"(?: .{0,30}\b(?:buy|own|invest|now|today|week|month|year)\b|\W*$)",
    r"\b(?:stock|trading|hot|investment) (?:tips?|picks?)\b|\b(?:give|got|have) .{0,12}\btips?\b",
    r"^\W*(?:please )?(?:buy|sell) (?:everything|all(?: of)?(?: my| the)? ?(?:stocks?|shares|positions)?)\W*$",
)
#: The bare decision; after a symbol was spoken of, it is about that symbol.
DECISION = re.compile(r"^\W*should (?:i|we) (?:buy|sell|invest|hold|trade)(?: (?:now|today|stocks?|something))*\W*$")
#: Another script, or the commonest words of a price question in Spanish, French, German, Italian or Portuguese.
OTHER_LANGUAGE = any_of(
    r"[\u0370-\u1fff\u3040-\u9fff\uac00-\ud7af]{2,}|[¿¡]",
    r"\b(?:cu[aá]l|cu[aá]nto|precio|acciones|comprar|pre[cç]o|prezzo|prix|quel(?:le)?|acheter|kurs|aktien?|kaufen|"
    r"wie (?:steht|viel|hoch))\b",
)
WORD_OR_SYMBOL = re.compile(
    r"^\W*(?i:(?:and |so |but )?(?:is|what about|how about|what of|should i buy|should i sell|thoughts on)) "
    r"([A-Z]{1,5})(?=\W*$| (?:a|an|the|worth|over|under|still|going|up|down|good)\b(?! (?:\w+ )?(?:time|moment)))"
)
NOT_YET = any_of(
    r"\balerts?\b|\bnotify me|watch ?list|\bback ?test\w*|\bscan(?:ner)?\b|\bscreen(?:er)? for",
    r"\bmy (?:positions|portfolio|trades|journal|holdings)\b|paper trad\w+|\bremind me\b.*symbol",
)


def read(question: str, history: tuple[Message, ...]) -> Reading:
    """What the person asks for, in the light of what they asked before."""
    if answers_preview(question, history):
        # Whoever can act on it has it stored; to everybody else it is closed, and the person must know it.
        return Reading(intent="out_of_scope", question=question, topic="closed_preview")
    read_each = partial(read_in_turn, own=frozenset(default_repository().symbols() or ()))
    return read_each(question, earlier_reading(history, read_each))


def read_in_turn(question: str, previous: Reading | None, *, own: Collection[str] = ()) -> Reading:
    """One question after an earlier one, and what it does to the chart that stood there."""
    return on_its_chart(question, read_one(question, previous, own=own), previous)


def read_one(question: str, previous: Reading | None, *, own: Collection[str] = ()) -> Reading:
    """One question after an earlier one; `own` are symbols that the data has and no list, such as the user's files."""
    opening = " ".join(question[:LONGEST_READ].split())
    mentions = find_mentions(opening, also=own)
    masked = mask_all(opening, mentions)
    parameters = read_parameters(opening)
    now = Reading(
        intent="clarify",
        question=question,
        symbols=tuple(dict.fromkeys(mentions.symbols)),
        unknown=mentions.unknown,
        parameters=with_money(parameters, previous),
    )
    if topic := guarded_topic(question):
        return replace(now, intent="out_of_scope", topic=topic)
    if ABUSE.search(masked):
        return replace(now, intent="greeting", topic="abuse")
    chances = probabilities(masked)
    earlier = previous.symbols if previous else ()
    asked = Asked(text=masked, n_symbols=len(now.symbols) + len(now.unknown), has_earlier_symbol=bool(earlier))
    ruled = by_rule(asked)
    continued = follow_up(masked, replace(now, parameters=parameters), previous, ruled) if previous else None
    if continued:
        return replace(continued, topic=continued.topic or topic_of(masked, continued.intent))
    by_ticker = any(symbol.partition("-")[0] in opening for symbol in now.symbols)
    if OTHER_LANGUAGE.search(masked):
        return replace(now, intent="out_of_scope", topic="language")
    if asked.n_symbols == 0 and WHICH_DATA.search(masked):
        return replace(now, intent="knowledge", question="Which data is this?")
    if asked.n_symbols == 0 and WHICH_SYMBOLS.search(masked) and not wants_advice(asked):
        return replace(now, intent="overview", topic="symbols")
    if asked.n_symbols == 0 and wants_advice(asked):
        return replace(now, intent="out_of_scope", topic="advice")
    intent = decide(asked, ruled, chances, by_ticker=by_ticker, by_name=bool(now.symbols))
    if intent in ("out_of_scope", "clarify") and asked.n_symbols == 0 and PLACING.search(masked):
        return replace(now, intent="out_of_scope", topic="order")
    if intent in ("out_of_scope", "clarify") and not now.symbols and (meant := word_or_symbol(opening)):
        return replace(now, intent="clarify", topic="meant", symbols=(meant,))
    if intent == "out_of_scope" and not (now.symbols and FUNDAMENTALS.search(masked)):
        return replace(now, intent=intent, confidence=chances[intent] if intent == next(iter(chances)) else None)
    if topic := off_our_tools(masked, bool(now.symbols)):
        return replace(now, intent="out_of_scope", topic=topic)
    confidence = chances[intent] if intent == next(iter(chances)) else None
    return with_symbols(replace(now, intent=intent, confidence=confidence, topic=topic_of(masked, intent)), earlier)


def word_or_symbol(question: str) -> str | None:
    """The symbol that a word in capitals may be where an instrument could stand: "is IT a good company"."""
    found = WORD_OR_SYMBOL.search(question)
    return resolve(found[1]) if found and any(character.islower() for character in question) else None


def mask_all(question: str, mentions: Mentions) -> str:
    """The masked question in lower case, with what looks like an unknown ticker masked as well."""
    masked = mask(question, mentions=mentions).replace("’", "'")
    for mention in mentions.unknown:
        masked = masked.replace(mention.text, "SYMBOL")
    return masked.lower()


def decide(asked: Asked, ruled: str | None, chances: dict[str, float], *, by_ticker: bool, by_name: bool) -> str:
    """The intent, after the gate: a ticker, or words of the trade, or one such word and a model that is sure."""
    if ruled == "greeting" or (ruled == "knowledge" and DATA_AND_DAYS.search(asked.text)):
        return ruled
    best = next(iter(chances))
    if best == "greeting" and asked.n_symbols == 0 and chances[best] >= SURE_OF_GREETING:
        return best
    words = PLAIN if by_ticker or OURS_ANYWAY.search(asked.text) else market_words(asked.text)
    enough = SURE_WITH_RULE if ruled else SURE_OF_WORD
    chance = 0.0 if best == "out_of_scope" else chances[best]
    named = by_name and (ruled or asked.n_symbols >= 2 or chance >= SURE_OF_NAME)
    if not ruled and OUR_NOUNS.search(asked.text):
        ruled, words = by_rule(replace(asked, has_earlier_symbol=True)), PLAIN
    if words < PLAIN and not (words and chance >= enough) and not named and not (ruled and asked.has_subject):
        return "out_of_scope"
    if ruled:
        return "out_of_scope" if ruled == "knowledge" and chances["out_of_scope"] >= SURELY else ruled
    return best if chances[best] >= FLOOR else "clarify"


def topic_of(masked: str, intent: str) -> str:
    if intent == "plan" and ORDER.search(masked) and not OF_A_PLAN.search(masked):
        return "order"
    if intent == "plan" and SHOULD.search(masked):
        return "advice"
    return "forecast" if intent == "indicators" and FORECAST.search(masked) else ""


def wants_advice(asked: Asked) -> bool:
    """A pick or a decision that no tool can make: "what should I buy", "best stock right now"."""
    if PICK.search(asked.text):
        return not (asked.has_earlier_symbol and POINTS_BACK.search(asked.text))
    return not asked.has_earlier_symbol and bool(DECISION.search(asked.text))


def off_our_tools(masked: str, known: bool) -> str | None:
    """A market question that no tool here answers: company figures about a symbol, or actions that do not exist."""
    if known and FUNDAMENTALS.search(masked):
        return "fundamentals"
    return "not_yet" if NOT_YET.search(masked) and not masked.startswith(("what is", "what's a", "explain")) else None


def with_symbols(reading: Reading, earlier: tuple[str, ...]) -> Reading:
    """Fill in the symbols spoken of before; ask for one where the intent needs it and there is none."""
    symbols = reading.symbols
    if reading.intent not in ABOUT_SYMBOLS:
        return reading
    if reading.intent == "compare":
        if len(symbols) < 2 and not reading.unknown:
            symbols = tuple(dict.fromkeys((*earlier[: 2 - len(symbols)], *symbols)))
        if len(symbols) < 2 and not reading.unknown:
            return replace(reading, intent="clarify", confidence=None, topic="compare", symbols=symbols)
    elif not symbols and not reading.unknown:
        if not earlier:
            return replace(reading, intent="clarify", confidence=None, topic=reading.intent)
        symbols = earlier[:1] if reading.intent in ("plan", "levels", "indicators") else earlier
    return replace(reading, symbols=symbols)
