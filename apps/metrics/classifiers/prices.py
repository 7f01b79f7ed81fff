"""Prices in a text, and the words that make one a price to get in or to get out at."""

import re
from itertools import pairwise

#: After a figure that is no price: a share, a count, a length of time, a ratio, a time of day.
UNITS = (
    r"(?:%|percent|per cent|pct|points?|days?|sessions?|weeks?|months?|years?|shares?|units|contracts|atr|bars?|cents?|"
    r"minutes?|hours?|times|r\b|x\b|m\b|-(?:day|week|session|month|year|minute)|:\d|(?:st|nd|rd|th)\b)"
)
SIGN = r"(?:[$€£¥]|US\$|USD|EUR|GBP)"
#: A number in words: "two hundred and two ninety", "fifteen forty"; one word alone counts things ("two targets").
NUMBER_WORD = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|"
    r"eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand)"
)
IN_WORDS = (
    rf"\b{NUMBER_WORD}(?:(?:[ -](?:and |point )?{NUMBER_WORD}\b){{1,8}}| (?=dollars|euros?|pounds))"
    rf"(?![ -](?:{UNITS}|{NUMBER_WORD}))"
)
#: With a sign, with decimals, or of two digits and more; a year alone is none.
IN_FIGURES = (
    rf"(?:{SIGN} ?\d[\d,]*+(?:\.\d+)?|(?<![\d:.,/])(?!(?:19|20)\d\d\b(?!\.\d))(?:\d[\d,]*+\.\d+|\d{{2}}[\d,]*+))"
    rf"(?![.,:]?\d)(?!\s?{UNITS})"
)
PRICE = rf"(?:{IN_FIGURES}|{IN_WORDS})"

IN = (
    r"entry|entries|entered|enter(?:ing)?|buy(?:s|ing)?(?: (?:stop|limit)(?: orders?)?)?|bid(?:s|ding)?|"
    r"long(?![- ]?(?:term|run|er|est|as\b))|short(?:ing)?(?![- ]?(?:term|run|er|ly))|"
    r"(?:get|getting|got|am|are|is|was|be|you're|i'm|go) in(?= |:)|in at|in:|"
    r"add(?:ing)? (?:more |some )?(?:at|near|around|below)|fill(?:ed)? at|accumulate|scale in|pick (?:it|some) up"
)
OUT = (
    r"exits?|exited|stops?|stop[- ]?loss|sl|targets?|objectives?|goals?|aim(?:ing)?(?: for)?|take[- ]profits?|profits?|"
    r"tp ?\d?|t\d|sell(?:s|ing)?|sale|cover(?:s|ing)?|bail|trim|scale out|invalidat\w+|break-?even|"
    r"cut (?:it|the|your)|(?:get|getting|be|am|is|are|position|all) out|"
    r"out (?:at|again|below|above|under|over|near)|out:|take (?:half|some|a third)"
)
#: Between a word and its price: a few words of the same sentence, with no figure in them but a count ("50 shares").
STEP = rf"(?:[^\n.;!?\d$€£¥]|\.(?=\S)(?!\d)|(?<![\d.,])\d[\d,.]{{0,8}}\s?{UNITS})"
NEAR = rf"{STEP}{{0,40}}?"
#: The same, and no word of the other kind on the way: in "long, target 212" the price is no entry.
NEAR_ENTRY = rf"(?:(?!\b(?:{OUT})\b){STEP}){{0,40}}?"
#: A price may stand on the line below a word that ends in a colon.
BELOW = r"(?: ?: ?\n[ -]{0,3})?"
ENTRY_PRICE = re.compile(rf"\b(?:{IN})(?![\w-]){BELOW}{NEAR_ENTRY}(?P<price>{PRICE})", re.IGNORECASE)
EXIT_PRICE = re.compile(rf"\b(?:{OUT})(?!\w){BELOW}{NEAR}(?P<price>{PRICE})", re.IGNORECASE)

A_PRICE = re.compile(PRICE, re.IGNORECASE)
AN_ENTRY = re.compile(rf"\b(?:{IN})(?![\w-])", re.IGNORECASE)
AN_EXIT = re.compile(rf"\b(?:{OUT})(?!\w)", re.IGNORECASE)


def has_entry_and_exit(plain: str) -> bool:
    """Two prices in two places: one price cannot be both, whatever words stand around it."""
    exits = {match.span("price") for match in EXIT_PRICE.finditer(plain)}
    return bool(exits) and any(exits - {match.span("price")} for match in ENTRY_PRICE.finditer(plain))


def has_columns_for_both(text: str) -> bool:
    """A Markdown table with a column to get in and one to get out in its head, and two prices in a row under it."""
    lines = [line for line in text.splitlines() if line.strip(" |:-")]
    return any(
        "|" in head
        and "|" in row
        and AN_ENTRY.search(head) is not None
        and AN_EXIT.search(head) is not None
        and not A_PRICE.search(head)
        and len(A_PRICE.findall(row)) > 1
        for head, row in pairwise(lines)
    )
