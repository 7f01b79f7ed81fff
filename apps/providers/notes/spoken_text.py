"""A model's Markdown as words to read figures from.

Marks, addresses and code go, and the digits that state nothing about the data: the length of an average, a threshold
of RSI, "Target 2", "2 reasons".
"""

import re

from apps.providers.analyst.grounding import Number, label_of, numbers_in
from apps.providers.analyst.patterns import any_of
from apps.providers.notes.moments import blank

ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
# Bounded: a bracket that nothing closes would be searched for to the end of the text, once for each that opens.
ADDRESS = re.compile(r"\]\([^)\n]{0,1000}\)|<https?://[^>\n]{0,1000}>|https?://\S+")
CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
MARKS = re.compile(r"\*\*|__|~~|(?<!\w)[*_](?=\w)|(?<=\w)[*_](?!\w)")
#: Digits that belong to the name of a thing, in the wordings of people and models.
NAMES = any_of(
    r"\b14[- ](?:day|period)\b(?= (?:RSI|ATR|relative|average true))|\b(?:RSI|ATR|MACD)[- ]?14\b",
    r"\b(?:20|50|200)[- ]?(?:day|period|bar|d|DMA|SMA|MA)\b|\b(?:S|D)?MA[- ]?\(?(?:20|50|200)\b\)?",
    r"\b(?:20|50|200)(?:-(?= )|(?= ?/ ?\d)|(?=,? (?:and|or|to) (?:20|50|200)[- ]))",
    r"\bEMA[- ]?\(?(?:12|26)\b\)?|\b(?:12|26)[- ](?:day|period)\b|\b52[- ](?:weeks?|wk)\b",
    r"\bNasdaq 100\b",
    r"(?<=\d)(?: ?: ?| to |-to-)1\b(?![.,]?\d)",
    r"\b(?i:targets?|tp|supports?|resistances?|step|option|scenario|level|tier|case|rule|point|part)"
    r" ?#?[1-5]\b(?![.,]?\d)(?! ?%)",
)
#: What RSI is measured against; its own value stands after "is" or "at" and is none of these.
THRESHOLDS = re.compile(
    r"(?<=above |below |under )(?:30|50|70)\b(?![.,]?\d)|(?<=over |than |past )(?:30|50|70)\b(?![.,]?\d)|"
    r"\b(?:30|50|70)(?=[- ](?:line|level|mark|threshold))"
)
MOMENTUM = re.compile(r"\b(?:RSI|overbought|oversold|relative strength)\b", re.IGNORECASE)
#: A count up to this one is a figure of speech, unless it counts what a tool counts.
LARGEST_COUNT = 10
COUNTED = re.compile(
    r"[ -]?(?:ATR|shares?|contracts?|sessions?|days?|bars?|times|touch|points?|x\b|R\b|×)", re.IGNORECASE
)


def spoken(markdown: str) -> str:
    """The words as they are read, every figure still in its order."""
    return MARKS.sub("", ESCAPED.sub(r"\1", ADDRESS.sub(blank, markdown))).replace("`", "")


def without_code(markdown: str) -> str:
    """The same text with code blanked: a page links no number inside it."""
    return CODE.sub(blank, markdown)


def without_names(text: str) -> str:
    """Spoken text of the same length in which only figures that state something are left."""
    text = NAMES.sub(blank, text)
    lines = [THRESHOLDS.sub(blank, line) if MOMENTUM.search(line) else line for line in text.split("\n")]
    text = "\n".join(lines)
    for number in reversed(list(numbers_in(text))):
        if is_mere_count(number, text):
            text = f"{text[: number.start]}{' ' * (number.end - number.start)}{text[number.end :]}"
    return text


def is_mere_count(number: Number, text: str) -> bool:
    """The 2 of "2 reasons": it counts nothing that a tool counts and is called nothing that a tool gives."""
    is_small = number.text.isdigit() and number.value <= LARGEST_COUNT
    return is_small and not label_of(number, text) and not COUNTED.match(text, number.end)
