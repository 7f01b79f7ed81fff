"""Follow-ups: what "and its stop?", "what about MSFT?" and "why?" mean after what the person asked before.

Only the person's own messages count; what an assistant said is no source. The earlier questions are read again in
order, so that nothing has to be remembered between turns.
"""

import re
from collections.abc import Callable
from dataclasses import replace

from apps.providers.analyst.reading import Parameters, Reading
from apps.providers.protocol import Message

WHAT_ABOUT = re.compile(
    r"^\W*(?:(?:and|ok(?:ay)?|so|then|but|now|also|alright|sure|well|or)\W+)*(?:what about|how about|what of|"
    r"same (?:thing )?(?:for|with|on)|(?:do|try|take) |(?:and )?for|versus|vs|against|"
    r"with|to|the)?\W*(?:symbol\W*+(?:(?:and|or)\b\W*+)?)++(?:then|instead|too|as well|please|though)?\W*$"
)
WHY = re.compile(
    r"^\W*(?:(?:and|but|ok(?:ay)?|so|hm+|yes|no)\W+)*(?:why(?: (?:is )?(?:that|this|so|not|there|those|then))?|"
    r"how come|how so|says who|explain(?: (?:that|it|this|why|more|please))*|"
    r"what makes you (?:say|think) (?:that|so)|tell me (?:more|why)|(?:some )?more(?: details?)?|go (?:on|deeper)|"
    r"details?|based on what|what's (?:that|it) based on|give me (?:the )?reasons?)\W*(?:please)?\W*$"
)
#: "why that stop", "why is the entry there": one part of the plan before.
WHY_PART = re.compile(
    r"^\W*(?:(?:and|but|ok(?:ay)?|so)\W+)*(?:why|how come|explain)(?: is| did you (?:pick|choose|take|put)| put)?"
    r" (?:(?:that|this|the|your|its|such an?) (?:first )?(?:stop(?:[- ]loss)?|entry|targets?)|(?:a )?(?:long|short))"
    r"\b[^.?!]{0,30}\W*$"
)
WHICH = re.compile(
    r"\b(?:which|who)\b.{0,24}\b(?:better|best|stronger|weaker|worst|worse|riskier|safer|calmer|won|ahead|leads?)\b"
)
#: "what if I use 2%?" after a plan: a percentage alone is the risk, the one that people vary.
BARE_PERCENT = re.compile(
    r"^\W*(?:(?:and|but|ok(?:ay)?|so|now|then)\W+)*(?:what if i (?:use|used|take|took|do|did|go with|went with)|"
    r"what about|how about|make it|use|with|try|at)?\W*(\d+(?:\.\d+)?) ?(?:%|percent|pct)"
    r"\W*(?:then|instead|please)?\W*$"
)
#: Intents whose answer is about symbols.
ABOUT_SYMBOLS = frozenset({"quote", "chart", "indicators", "levels", "plan", "compare", "news"})
FORGOTTEN = frozenset({"greeting", "out_of_scope"})

ReadOne = Callable[[str, Reading | None], Reading]


def earlier_reading(history: tuple[Message, ...], read: ReadOne) -> Reading | None:
    """The last question of the person that a follow-up can lean on, itself read in its context."""
    previous: Reading | None = None
    for message in history:
        if message.role == "user":
            reading = read(message.content, previous)
            if reading.intent not in FORGOTTEN:
                previous = reading if reading.symbols or not previous else keep_symbols(reading, previous)
    return previous


def keep_symbols(reading: Reading, previous: Reading) -> Reading:
    """A question without symbols ("what is RSI?") does not make the conversation forget whom it was about."""
    return replace(reading, symbols=previous.symbols)


def with_money(parameters: Parameters, previous: Reading | None) -> Parameters:
    """Account and risk once given hold for the plans that follow."""
    if previous is None:
        return parameters
    earlier = previous.parameters
    return replace(
        parameters,
        account=parameters.account or earlier.account,
        risk_pct=parameters.risk_pct or (None if parameters.risk_amount else earlier.risk_pct),
        risk_amount=parameters.risk_amount or (None if parameters.risk_pct else earlier.risk_amount),
    )


def adds_figures(parameters: Parameters) -> bool:
    given = (
        parameters.account,
        parameters.risk_pct,
        parameters.risk_amount,
        parameters.entry,
        parameters.stop,
        parameters.stop_pct,
    )
    return any(value is not None for value in given) or parameters.direction is not None


def follow_up(masked: str, now: Reading, previous: Reading, ruled: str | None) -> Reading | None:
    """The question as a continuation of `previous`, or None when it stands by itself.

    `now` holds the symbols and parameters of the question, `ruled` the intent its own wording settles.
    """
    wanted = previous.topic if previous.intent == "clarify" else previous.intent
    if now.symbols and WHAT_ABOUT.search(masked):
        bare = not re.search(r"[a-z]", masked.replace("symbol", ""))
        if (bare and previous.intent != "clarify") or wanted not in ABOUT_SYMBOLS:
            return None
        symbols = now.symbols
        if wanted == "compare" and len(symbols) == 1:
            symbols = (*[symbol for symbol in previous.symbols if symbol not in symbols][:1], *symbols)
        kept = replace(previous.parameters, entry=None, stop=None, shares=None)
        return replace(now, intent=wanted, symbols=symbols, parameters=kept)
    if now.symbols or now.unknown:
        return None
    if WHY.search(masked):
        if wanted not in ABOUT_SYMBOLS:
            return replace(now, intent="knowledge", question=previous.question) if wanted == "knowledge" else None
        return replace(now, intent=wanted, symbols=previous.symbols, parameters=previous.parameters, topic="why")
    if wanted == "plan" and WHY_PART.search(masked):
        return replace(now, intent=wanted, symbols=previous.symbols, parameters=previous.parameters, topic="why")
    if wanted == "plan" and (percent := BARE_PERCENT.search(now.question.lower())):
        parameters = merged(previous.parameters, replace(now.parameters, risk_pct=float(percent[1])))
        return replace(now, intent="plan", symbols=previous.symbols, parameters=parameters)
    if wanted == "plan" and (ruled == "plan" or (ruled is None and adds_figures(now.parameters))):
        return replace(
            now, intent="plan", symbols=previous.symbols, parameters=merged(previous.parameters, now.parameters)
        )
    if wanted == "compare" and ruled is None and WHICH.search(masked):
        return replace(now, intent=wanted, symbols=previous.symbols, parameters=previous.parameters)
    if wanted in ("chart", "compare") and now.parameters.timeframe and ruled in (None, "chart", "compare"):
        parameters = replace(previous.parameters, timeframe=now.parameters.timeframe)
        return replace(now, intent=wanted, symbols=previous.symbols, parameters=parameters)
    if wanted == "chart" and now.parameters.other_bars and ruled in (None, "chart"):
        parameters = replace(previous.parameters, other_bars=now.parameters.other_bars)
        return replace(now, intent="chart", symbols=previous.symbols, parameters=parameters)
    if wanted == "chart" and now.parameters.indicators and ruled in (None, "chart", "indicators"):
        names = tuple(dict.fromkeys((*previous.parameters.indicators, *now.parameters.indicators)))
        return replace(
            now, intent="chart", symbols=previous.symbols, parameters=replace(previous.parameters, indicators=names)
        )
    return None


def merged(old: Parameters, new: Parameters) -> Parameters:
    """The figures of the plan spoken of, with those that the person now changes; a new direction drops old prices."""
    turned = new.direction is not None and new.direction != (old.direction or "long")
    money = with_money(new, Reading(intent="plan", question="", parameters=old))
    return replace(
        money,
        direction=new.direction or old.direction,
        entry=new.entry or (None if turned else old.entry),
        stop=new.stop or (None if turned or new.stop_pct else old.stop),
        stop_pct=new.stop_pct or (None if turned or new.stop else old.stop_pct),
    )
