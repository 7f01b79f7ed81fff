"""What an answer of ours must never hold: a promise, or a plan that names an entry and no stop.

Saying that nothing is guaranteed is no promise: one counts where no word beside it takes it back.
"""

import re

from apps.providers.analyst.patterns import any_of

PROMISE = any_of(
    r"\bguarantee(?:s|d|ing)?\b(?! stops?\b)",
    r"\b(?:can(?:no|')?t|can not|won't|will not|never) (?:possibly )?(?:loses?|fails?|go(?:es)? wrong)\b"
    r"(?! (?:more|sight|track|hope|heart|patience|interest|touch))",
    r"\brisk[- ]?free\b(?! (?:interest )?(?:rates?|yields?|assets?|bonds?|returns? of|benchmark))",
    r"\b(?:no|zero|without(?: any)?) risk\b(?= ?(?:at all|whatsoever|of (?:a )?loss|[.,!]|$))",
    r"\bsure (?:thing|bet|win(?:ner)?)\b|\b(?:safe|easy|certain|assured|free) (?:money|profits?|gains?|wins?)\b",
    r"\b(?:100|hundred) ?(?:%|percent) (?:certain|sure|safe|win|success)",
    r"\b(?:certain|bound|sure) to (?:rise|go up|gain|win|profit|double|pay off|rally)\b",
    r"\bwill (?:definitely|certainly|surely|undoubtedly|for sure)\b",
    r"\byou(?:'ll| will) (?:double|triple) your (?:money|account)\b",
    r"\bfoolproof\b|\b(?:cannot|can't) miss\b|\bno[- ]lose\b",
)
#: Before a promise: it is denied, or somebody else's.
DENIED = re.compile(
    r"\b(?:no|not|nothing|nobody|none|never|neither|nor|cannot|hardly|without|any(?:one|body) who|who(?:ever)?|"
    r"(?:that|which) promis\w+|claims?|scams?|beware|avoid|wary|so-called|supposed\w*|sounds?)\b|n't\b|"
    r"\b(?:that|what|money|cash) you $|[“\"][^”\"]{0,30}$"
)
#: After it: it is called untrue, or taken back.
TAKEN_BACK = re.compile(
    r"\b(?:no|not|never|cannot|nothing|myths?|scams?|lies?|selling|warning|wary|red flag)\b|n't\b|^[^“”\"]{0,30}[”\"]"
)
#: So many characters before and after it are read.
NEAR = 70
SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n")

STOP = re.compile(r"\bstop(?:s|ped)?\b|\binvalidat\w+")
_PRICE = r"[^.\n]{0,40}?\$? ?\d[\d,]*(?:\.\d+)?"
ENTRY = any_of(
    rf"\bentr(?:y|ies)\b{_PRICE}",
    rf"\benter(?:ing)?\b(?: long| short)? ?(?:at|near|around|above|below|on|if|once){_PRICE}",
    r"\b(?:buy|sell|short|long|get in)\b (?:it |them |[a-z-]{1,8} )?"
    rf"(?:at|near|around|above|below|under|over)\b{_PRICE}",
)


def promise_in(text: str) -> str | None:
    """The words of the first promise that stands, or None. A question promises nothing."""
    for sentence in SENTENCE.split(text.lower().replace("’", "'")):
        if sentence.rstrip().endswith("?"):
            continue
        for found in PROMISE.finditer(sentence):
            before = sentence[max(0, found.start() - NEAR) : found.start()]
            after = sentence[found.end() : found.end() + NEAR]
            if not (DENIED.search(before) or TAKEN_BACK.search(after)):
                return found[0]
    return None


def lacks_stop(plan: str) -> bool:
    """Whether the text of a plan names a price to enter at and no way out."""
    plain = plan.lower()
    return bool(ENTRY.search(plain)) and not STOP.search(plain)
