"""The words of a question or a text that carry meaning, each in one form, so that search compares like with like."""

import re
from typing import Final

_WORD = re.compile(r"[a-z0-9]+")
_VOWEL = re.compile(r"[aeiouy]")


def tokens(text: str) -> list[str]:
    """ "How do moving averages work?" and "the SMA" both give ["sma"]; order and repeats are kept."""
    text = _APOSTROPHE.sub("", text.lower())
    for pattern, instead in _SYNONYMS:
        text = pattern.sub(instead, text)
    return [stem(word) for word in _WORD.findall(text) if word not in STOP_WORDS]


def stem(word: str) -> str:
    """Plural, tense and a silent e cut off: "sizes", "sized" and "sizing" give "siz". Short words stay."""
    if len(word) <= 3 or word.isdigit():
        return word
    word = _singular(word)
    for ending in ("ing", "ed"):
        root = word.removesuffix(ending)
        if root != word and len(root) >= 3 and _VOWEL.search(root):
            doubled = root[-1] == root[-2] and root[-1] not in "aeiolsz"
            return root[:-1] if doubled else root.removesuffix("e")
    if word.endswith("ly") and len(word) > 6:
        return word.removesuffix("ly")
    if word.endswith(("ance", "ence")):
        return f"{word[:-2]}t"
    return word[:-1] if word[-1] in "ey" and len(word) > 3 else word


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


_APOSTROPHE = re.compile(r"['’](?:s|t|m|d|ll|re|ve)?\b")

#: Phrases and spellings that mean one thing. In this order, as the parts of a longer phrase are phrases too.
_SYNONYMS: Final = [
    (re.compile(rf"\b(?:{phrase})\b"), instead)
    for phrase, instead in (
        (r"moving averages? convergence(?:[ /-]+divergence)?", "macd"),
        (r"exponential(?:ly)?(?: weighted)?(?: moving)? averages?|emas", "ema"),
        (r"(?:sma|dma|ma)[ -]?(200|50|20)|(200|50|20)[ -]?(?:day)?[ -]?(?:sma|dma|ma|averages?)", r"\1\2 day sma"),
        (r"(?:simple )?moving averages?|simple averages?|smas|mas?", "sma"),
        (r"relative strength index", "rsi"),
        (r"average true ranges?", "atr"),
        (r"load(?:ing)? (?:up )?(?:on )?the boat", "ltb"),
        (r"quick entr(?:y|ies)", "qe"),
        (r"stop[ -]?loss(?:es)?", "stop"),
        (r"(?:take|taking)[ -]profits?|(?:profit|price)[ -](?:target|objective)s?", "target"),
        (r"(?:risk|reward)(?: ?[:/] ?|[ -](?:to[ -]|versus |vs )?)(?:risk|reward)", "rewardrisk"),
        (r"r ?[:/] ?r|rrr?|r[ -]multiples?", "rewardrisk"),
        (r"fear of missing out", "fomo"),
        (r"fib(?:s|onacci)?", "fibonacci"),
        (r"price[ -](?:to[ -])?earnings|p ?/ ?e|pe ratios?", "pe"),
        (r"(?:pre|after|post)[ -]?(?:market|hours)|extended hours", "extended hours"),
        (r"candles?", "candlestick"),
        (r"bitcoin|btc|cryptocurrenc(?:y|ies)", "crypto"),
        (r"real[ -]?time", "live"),
        (r"(?:fake|made[ -]up|invented) (?:data|prices?|numbers?|quotes?)", "simulated data"),
        (r"methodolog(?:y|ies)|approach", "philosophy"),
        (r"fake[ -]?outs?", "false breakout"),
        (r"correlated|correlat(?:e|es|ions?)", "correlation"),
        (r"diversif(?:y|ied|ies|ication)", "diversification"),
        (r"put (?=(?:my|a|the|your) stop)", "place "),
        (r"my (?:capital|portfolio|money|balance)", "account"),
        (r"scared|afraid|fearful", "fear"),
        (r"go(?:ing)? long|long positions?", "going long position"),
        (r"volatile", "volatility"),
        (r"trad(?:e|ing) too (?:much|many|often)", "overtrading"),
        (r"bullish", "bull"),
        (r"bearish", "bear"),
        (r"emotion(?:s|al|ally)?|psychological(?:ly)?|mindset", "psychology"),
        (r"tickers?", "symbol"),
        (r"stocks?", "share"),
        (r"buying the dip", "pullback"),
        (r"shorting|shorts?[ -](?:selling|sale|trade)|sell(?:ing)? short|go(?:ing)? short", "short selling"),
        (r"journal(?:s|ing|ling)?", "journal"),
        (r"max(?:imum)?", "maximum"),
        (r"how (?:big|large)", "size"),
        (r"predict(?:s|ed|ing|ions?)?|forecast(?:s|ed|ing)?", "forecast"),
        (r"market caps?|market capitali[sz]ations?", "market capitalisation"),
        (r"calculat(?:e|es|ed|ing|ions?)", "compute"),
        (r"reliab(?:le|ly|ility)|accura(?:te|tely|cy)|trustworthy", "trust"),
    )
]

STOP_WORDS: Final = frozenset(
    "a about actual actually after all also always am an and any anybody anyone anything are as at be "  # noqa: SIM905
    "been before being between but by can could define defined definition describe did differ difference "
    "do does doing done dont else ever every exactly explain explained explanation for from generally get "
    "gets getting give given go goes going good got had happen happens has have he help her here hey hi "
    "him his how i id if ill im in into is isnt it its ive just keep keeps kind learn let lets like "
    "lot made make makes many may me mean meaning means might mine more most much must my need never no "
    "not now of off often ok on once one only or other our out over own please question really s said say "
    "see shall she should show simple simply so some someone something sort such sure t take teach tell "
    "term terms than thanks that thats the their them then there theres these they thing things think "
    "this those through to too two under understand up us use used using usual usually versus very vs "
    "want wants was way we well were what whats when where which while who whos why will with without "
    "word words work working works would yes you your yours".split()
)
