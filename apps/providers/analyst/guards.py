"""Questions that get no market answer whatever else they hold: a person in trouble, a reckless stake, a line we keep.

Each pattern reads the lower-cased question; the first match names the topic. The order is by what matters most.
"""

import re

LEARNING = re.compile(r"^\W*(what(?:'s| is| are)|explain|define|why is|how does|is it (?:illegal|legal))\b")

DISTRESS = re.compile(
    r"kill(?:ing)? myself|suicid\w*|end (?:it all|my life)|don'?t want to (?:live|be here)|"
    r"lost (?:everything|it all|all (?:of )?(?:my|our) (?:money|savings))|(?:gambling|trading) (?:addict\w*|problem)|"
    r"addicted to (?:trading|gambling)|can'?t stop (?:trading|gambling)|ruined my (?:life|family)|"
    r"i'?m (?:desperate|ruined)"
)
RECKLESS = re.compile(
    r"\b(?:go|going|went|put|be|am|i'?m) all[- ]in\b|\ball[- ]in on\b|life savings|all (?:of )?(?:my|"
    r"our) (?:money|savings|cash|capital)|"
    r"everything (?:i|we) (?:have|own|got)|(?:entire|whole) (?:savings|account|portfolio|pension|"
    r"retirement)\b.{0,20}\b(?:on|in|into)\b|"
    r"borrow\w*\b.{0,30}\b(?:money|cash|to buy|to trade|to invest|from)|borrowed money|\b(?:a|take|took|"
    r"taking) (?:out )?(?:a )?loan\b|"
    r"re-?mortgage|mortgage (?:my|the|our)|credit cards?\b.{0,30}\b(?:buy|trade|invest|stocks?|shares)|(?:buy|"
    r"trade|invest)\b.{0,40}\bcredit card|"
    r"rent money|(?:college|emergency) fund|bet the (?:house|farm|ranch)|(?:double|triple) (?:up|down) (?:to|"
    r"until|till) (?:win|recover|make)|"
    r"max(?:imum)? leverage|\d+x leverage|win (?:it|my money) (?:all )?back"
)
INSIDER = re.compile(
    r"insider (?:info\w*|tips?|knowledge)|inside (?:info\w*|tips?|scoop)|non-?public|before (?:it|they|the news|"
    r"the merger)\b.{0,20}\bpublic|"
    r"my (?:cousin|friend|brother|sister|uncle|colleague|boss|wife|husband) (?:who )?works (?:at|for)|"
    r"\bconfidential\b|tip from (?:someone|an employee)"
)
MANIPULATION = re.compile(
    r"pump[- ]and[- ]dump|pump (?:up )?(?:the|a|this|this|some)?\s?(?:price|stock|shares|coin)|spoof(?:ing|ed)?\b|"
    r"wash trad\w*|"
    r"manipulat\w+|corner the market|spread(?:ing)? (?:a |some |fake |false )*(?:rumou?rs?|news|lies)|"
    r"front[- ]?run\w*|fake (?:news|orders?|volume)"
)
TAX_OR_LAW = re.compile(
    r"\btax(?:es|ed|able|ation)?\b|\birs\b|wash[- ]sale|1099|\b401\(?k\)?\b|\bira\b|\blaw(?:yer|suit|s)?\b|"
    r"\b(?:il)?legal(?:ly)?\b|\bsue\b|\bsuing\b"
)


def guarded_topic(question: str) -> str | None:
    """ "distress", "reckless", "insider", "manipulation", "tax_or_law", or None."""
    text = question.lower().replace("’", "'")
    if DISTRESS.search(text):
        return "distress"
    if RECKLESS.search(text):
        return "reckless"
    if TAX_OR_LAW.search(text):
        return "tax_or_law"
    if LEARNING.search(text):
        return None
    if INSIDER.search(text):
        return "insider"
    return "manipulation" if MANIPULATION.search(text) else None
