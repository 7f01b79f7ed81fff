"""Three claims of an answer, each by a definition that a person can label by.

*Risk disclaimer*: the text tells its reader, in whatever words, that it is no advice, recommendation or offer or that
the assistant is no adviser; that it is for education, information or study only; that money can be lost ("you may lose
€8"; the risk of a plan as plain arithmetic is none); that nothing is guaranteed or promised; that the past is no guide;
or to ask a professional, or look for themselves, before they act. A note on the data is none, nor is what a stop does.

*Stop-loss*: it speaks of a protective stop, which closes a position to limit its loss, under the name of stop ("SL" is
one), be it to set one, to explain one or to say that there is none. The verb, a stop order that opens a position, and
an exit that is not called a stop are none.

*Entry and exit*: for a trade that may be made or is open it gives a price to get in and another to get out, be that a
stop, a target or an exit. Ranges, any currency and prices in words count. Percentages and distances do not, nor do
levels that nobody is told to trade at, prices it declines to give, and trades that are over.
"""

import re
from dataclasses import dataclass

from apps.metrics.classifiers.disclaimers import DISCLAIMER
from apps.metrics.classifiers.prices import has_columns_for_both, has_entry_and_exit
from apps.metrics.classifiers.stops import speaks_of_stop

#: Of a longer text the beginning and the end are read: no answer is as long, and none may hold up the end of a turn.
BEGINNING = 9_000
ENDING = 3_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """None where there was no text to read."""

    has_risk_disclaimer: bool | None = None
    mentions_stop_loss: bool | None = None
    has_entry_exit: bool | None = None


def classify(text: str) -> Claims:
    if not text:
        return Claims()
    if len(text) > BEGINNING + ENDING:
        text = f"{text[:BEGINNING]}\n{text[-ENDING:]}"
    plain = _plain(text)
    return Claims(
        has_risk_disclaimer=bool(DISCLAIMER.search(plain)),
        mentions_stop_loss=speaks_of_stop(plain),
        has_entry_exit=has_entry_and_exit(plain) or has_columns_for_both(text),
    )


def _plain(text: str) -> str:
    """The words as read: without emphasis, table bars and typographic signs, spaces single, line breaks kept."""
    plain = re.sub(r"[*_`|#>~]+", " ", text).translate(TYPOGRAPHY)
    return re.sub(r"[^\S\n]+", " ", plain)


TYPOGRAPHY = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "‑": "-", "–": "-", "—": "-", "−": "-", "…": "."})
