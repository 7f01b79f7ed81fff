"""Three claims about an answer, read from its text by written rules; the same text gives the same claims.

A change of a rule raises CLASSIFIER_VERSION, which each row keeps, so that figures of two versions are not mixed.

*Risk disclaimer*: the text says that it is no advice, for education only, that money can be lost, or that nothing is
guaranteed. *Stop-loss*: the text speaks of a protective stop, by name or as a stop at, below, above or of a price.
*Entry and exit*: it gives a price to get in and a price to get out, be that a target or a stop.
"""

import re
from dataclasses import dataclass

CLASSIFIER_VERSION = 1


#: What a question is after, by what the provider read it as.
INTENT_OF = {
    "quote": "research",
    "news": "research",
    "overview": "research",
    "compare": "analysis",
    "indicators": "analysis",
    "levels": "analysis",
    "plan": "execution",
    "chart": "chart",
    "knowledge": "education",
    "greeting": "other",
    "clarify": "other",
    "out_of_scope": "other",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """None where there was no text to read."""

    has_risk_disclaimer: bool | None = None
    mentions_stop_loss: bool | None = None
    has_entry_exit: bool | None = None


def classify(text: str) -> Claims:
    plain = _plain(text)
    return Claims(
        has_risk_disclaimer=has_risk_disclaimer(plain),
        mentions_stop_loss=mentions_stop_loss(plain),
        has_entry_exit=has_entry_exit(plain),
    )


def has_risk_disclaimer(text: str) -> bool:
    return bool(DISCLAIMER.search(_plain(text)))


def mentions_stop_loss(text: str) -> bool:
    return bool(STOP_LOSS.search(_plain(text)))


def has_entry_exit(text: str) -> bool:
    plain = _plain(text)
    return bool(ENTRY_PRICE.search(plain)) and bool(EXIT_PRICE.search(plain))


def _plain(text: str) -> str:
    """The words as read: without emphasis, table bars and typographic quotes, spaces single, line breaks kept."""
    plain = re.sub(r"[*_`|#>]+", " ", text).replace("’", "'").replace("‑", "-")
    return re.sub(r"[^\S\n]+", " ", plain)


def _rule(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{alternative})" for alternative in alternatives), re.IGNORECASE)


# A price: a figure with a currency sign, with decimals, or of two digits and more; no percentage, count or date part.
UNITS = (
    r"(?:%|percent|points?|days?|sessions?|weeks?|months?|years?|shares?|atr|bars?|r\b|x\b|-(?:day|week|session)|:\d)"
)
PRICE = rf"(?:[$€£]\s?\d[\d,]*(?:\.\d+)?|\b(?:\d[\d,]*\.\d+|\d{{2}}[\d,]*))(?![\d.,]*\d)(?!\s?{UNITS})"
# Between a word and its price: a few words of the same sentence, with no figure but a count ("50 shares", "2 ATR").
NEAR = rf"(?:[^\n.;!?\d$€£]|\d[\d,.]*\s?{UNITS}){{0,40}}"

DISCLAIMER = _rule(
    r"\b(?:not|no|never|none|isn't|nor)\b(?:\s+\w+){0,3}\s+(?:(?:financial|investment|trading|personal|personali[sz]ed)\s+)+"
    r"(?:advice|recommendation)",
    r"\bnot (?:an? )?(?:advice|recommendation|offer)\b",
    r"\bfor (?:education|information) only\b",
    r"\bfor (?:educational|informational) (?:purposes|use)\b",
    r"\b(?:can|could|may|might) lose (?:some|all|money|more|your|part|the)\b",
    r"\brisk of (?:loss|losing)\b",
    r"\b(?:no|not|never|nothing is|isn't|without)(?: \w+)? (?:guarantees?|guaranteed)\b",
    r"\bpast (?:performance|results|returns)\b",
    r"\bonly (?:risk|trade|invest) (?:what|money|capital) you can afford to lose\b",
    r"\bdo your own (?:research|due diligence)\b",
)
STOP_LOSS = _rule(
    r"\bstop[- ]?loss(?:es)?\b",
    r"\b(?:trailing|protective|initial|hard|mental|tight|wide|your|the|a|its|no|with|without) stops?\b"
    r"(?! (?:and think|doing|talking|by|trading|worrying|chasing|to))",
    rf"\bstops?\b(?: (?:is|goes|sits|at|below|above|under|over|near|of|price|order|set))*\s?[:=]?\s{PRICE}",
    r"\bstop(?:ped)? out\b",
    r"\bstop (?:below|above|under|beneath) (?:the|its|that|this|support|resistance)\b",
)
ENTRY_PRICE = _rule(rf"\b(?:entry|entries|enter|buy|buys|buying|long|short|get in|add)\b{NEAR}{PRICE}")
EXIT_PRICE = _rule(
    r"\b(?:exit|exits|targets?|take[- ]profits?|profit|tp ?\d?|t[12]|stops?|stop[- ]loss|sell|get out|invalidat\w+)\b"
    rf"{NEAR}{PRICE}"
)
