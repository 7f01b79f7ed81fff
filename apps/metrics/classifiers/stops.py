"""Whether a text speaks of a protective stop: each "stop" in it is judged by the words around it."""

import re

from apps.metrics.classifiers.prices import PRICE

#: Names that need no context. SL is written large and before a price or a colon.
BY_NAME = re.compile(
    rf"(?i:\bstop[- ]?loss(?:es)?\b|\bstop(?:ped|s|ping)? (?:me |you |us |them )?out\b)|\bSL\b(?: ?[:=]| ?{PRICE})"
)
STOP = re.compile(r"\bstops?\b", re.IGNORECASE)
#: The word before it, of the same phrase, in the characters before it that are looked at.
WORD_BEFORE = re.compile(r"([\w']+)[ ,(/\"'-]{1,3}$")
LOOK_BACK = 30

_WORDS_BEFORE = """
    the a an your my our its his her their this that each every any some no without with for of under below above
    beyond behind near trailing trailed protective initial hard mental tight tighter wide wider close closer first
    original old new same sell loose obvious fixed percentage volatility chandelier resting
    raise raises raised move moves moved moving lower set sets setting place places placed placing put puts use uses
    using trail trails trailing tighten tightens widen keep keeps kept need needs have has hit hits hitting run runs
    respect respects honour honor ignore ignores ignoring skip skips trigger triggers triggered called call
"""
_BEFORE_A_VERB = """
    to please may might could can will would should must not never did does do don't didn't doesn't won't can't
    it they he she we i you who which that's let let's
"""
#: What stands before the noun, and before the verb.
NOUN_AFTER_WORD = frozenset(_WORDS_BEFORE.split())
VERB_AFTER_WORD = frozenset(_BEFORE_A_VERB.split())
#: The word before a stop that opens a position.
OPENS = "buy"
#: What follows the noun.
AFTER_NOUN = re.compile(
    rf"\s?[:=]|[^\w\n.;!?]{{0,3}}{PRICE}|-?\s?(?:limit|market)?\s?"
    r"(?:orders?|prices?|levels?|distances?|placement|sizes?)\b|"
    r"'s? (?:distance|price)\b|,? ?(?:and|or|&|/) ?(?:an? |the |your )?(?:\w+ )?"
    r"(?:targets?|limits?|size|exits?|take)\b| (?:targets?|entry|exit|tp ?\d?)\b|"
    rf" (?:is|are|was|were|goes?|sits?|lies?|gets?|becomes?|hurts?|would|belongs?|protects?|caps?|limits?|works?|"
    rf"comes?|follows?|depends?|beneath|moved|raised|set|hit)\b|"
    rf" (?:at|below|above|under|over|near|beyond|around|of|to) "
    rf"(?:(?:the|its|that|this|a|your|about|roughly|break|entry|support|resistance)\b|{PRICE})",
    re.IGNORECASE,
)
#: What follows the verb, and idioms of the noun that mean no order.
AFTER_VERB = re.compile(
    r" (?:(?:\w+ing|it|me|him|them|us|there|here|by|short|whenever|when|before you|for (?:today|now|good|the day))\b)|"
    r"s?,? and (?:think|starts?|go|look|breathe)\b| (?:sign|light|watch|gap)s?\b",
    re.IGNORECASE,
)
IDIOM = re.compile(
    r"(?<!\w)(?:put|puts|putting|bring|brings|brought|came|come|comes|coming|grind\w*|roll\w*|slow\w*|drew|draws?) "
    r"(?:\w+ )?(?:to )?an? (?:\w+ )?stop\b|\b(?:full|bus|train|pit|whistle) stops?\b|"
    r"\bnon-?stop\b|\bstarts and stops\b",
    re.IGNORECASE,
)

#: "To" joins two names of prices, as in "from entry to stop".
TO_STOP = re.compile(r"\b(?:entry|target|price) to $", re.IGNORECASE)


def speaks_of_stop(plain: str) -> bool:
    """`plain` is a text without markup, its spaces single."""
    return bool(BY_NAME.search(plain)) or any(_is_protective(plain, match) for match in STOP.finditer(plain))


def _is_protective(plain: str, match: re.Match[str]) -> bool:
    start, end = match.span()
    looked_at = plain[max(0, start - LOOK_BACK) : start]
    word = WORD_BEFORE.search(looked_at)
    before = word[1].lower() if word else ""
    if before == OPENS or AFTER_VERB.match(plain, end) or IDIOM.search(looked_at + match[0]):
        return False
    if before in NOUN_AFTER_WORD:
        return True
    follows = AFTER_NOUN.match(plain, end) is not None
    return follows and (before not in VERB_AFTER_WORD or TO_STOP.search(looked_at) is not None)
