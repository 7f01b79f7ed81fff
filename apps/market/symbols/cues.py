"""The turns of phrase that mark a word as an instrument: "price of …", "… chart", "compare … and …"."""

import re

DOLLAR = re.compile(r"(?<![\w$])\$([A-Za-z]{1,5}(?:[.\-/][A-Za-z]{1,4})?)(?!\w)")
TOKEN = re.compile(r"(?<![\w$'.])[A-Za-z]{1,5}(?:[.\-/][A-Za-z]{1,4})?(?!\w)")
#: Between the words of one name: "J.B. Hunt", "Coca-Cola", "Lowe's".
NAME_GAP = re.compile(r"[\s.\-–'’]{0,3}")
JOINER = re.compile(r"(?:\s*(?:,|/|&|\b(?:and|or|vs?|versus|against|with|to|than)\b\.?))+\s*", re.I)
NUMBER = re.compile(r"(?<![\w.])\$?\d[\d,]*(?:\.\d+)?(?:%|[kK]\b)?(?!\w)")

_INTO = r"(?:me\s+)?(?:up\s+)?(?:a\s+|the\s+|some\s+)?$"
_OF = r"(?:price|prices|quote|quotes|chart|charts|shares|stock|ticker|symbol)\s+(?:of|for|on)\s+(?:the\s+)?$"
_TITLE = r"\b(?:ticker|symbol)\s+$"
_OTHER = r"\bcompare\s+\S+\s+(?:and|with|to|vs\.?|versus|against)\s+$"
_DEED = r"\b(?:compare|buy|buying|sell|selling|short|shorting|own|vs\.?|versus|analy[sz]e)\s+(?:some\s+)?$"
_ABOUT = (
    r"\b(?:show|chart|plot|load|draw|display|pull|bring|trade|trading|hold|holding|long|enter|add|"
    r"(?:(?:levels?|plan|news|stop|entry|setup|support|resistance|analysis|rsi|macd|atr|sma|ema|average|indicators?|"
    r"volume|trend|targets?)\s+(?:of|for|on|in))|(?:what|how)\s+about|thoughts\s+on|think\s+of|opinion\s+on)\s+"
)
#: Words before a token that mark it as an instrument: strictly, or as far as its form leaves little doubt.
BEFORE_STRICT = re.compile(rf"\b{_OF}|{_TITLE}", re.I)
BEFORE_NAME = re.compile(rf"\b{_OF}|{_TITLE}|{_OTHER}|{_DEED}", re.I)
BEFORE = re.compile(rf"\b{_OF}|{_TITLE}|{_OTHER}|{_DEED}|{_ABOUT}{_INTO}", re.I)

#: The token ends its phrase, so that "chart for ALL timeframes" is no Allstate.
_END = r"(?=\s*(?:$|[?.!,;:)]|(?:please|today|now|with|over|vs|versus|and|or|stock|shares?|chart|price)\b))"
ENDS = re.compile(_END, re.I)
AFTER_TITLE = re.compile(r"\s+(?:stock\s+price|share\s+price|ticker)\b", re.I)
AFTER_STRICT = re.compile(rf"\s+(?:stock|chart){_END}", re.I)
AFTER_NAME = re.compile(
    r"(?:'s)?\s+(?:stock|shares?|chart|ticker|inc\b|corp\b|earnings|(?:is\s+)?trading\s+at)\b|'s\s+price\b", re.I
)
AFTER = re.compile(
    r"(?:'s)?\s+(?:stock|shares?|charts?|prices?|quote|ticker|levels?|news|options?|earnings|rsi|macd|atr|sma|ema|"
    r"trade|plan|setup|support|resistance|calls?|puts?|trend|volume|indicators?|candles?|(?:is\s+)?trading)\b",
    re.I,
)
#: "price of Foobarcorp", and up to three more words of its name.
NAMED = re.compile(r"\b(?:price|quote|chart|shares|stock|ticker|symbol)\s+(?:of|for)\s+(?:the\s+)?(?=\S)", re.I)
OWNED = re.compile(r"(?<=\s)([A-Z][a-z]{3,20})(?='s\s+(?:stock|share|chart|price|levels)\b)")
#: The one distinctive ticker that is a word too, in its own sense: "a spy", "spy on my neighbour".
SPYING = re.compile(
    r"\ba\s+spy\b(?!\s+(?:call|put|chart|trade|plan))|"
    r"\bspy\s+(?:on\s+(?:a|my|your|his|her|their|our|him|them|me|us|you|people|someone|somebody|others)|"
    r"films?|movies?|novels?|books?|stor(?:y|ies)|rings?|cams?|cameras?)\b",
    re.I,
)
