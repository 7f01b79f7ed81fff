"""Questions that get no market answer whatever else they hold: a person in trouble, a reckless stake, a line we keep.

Each pattern reads the lower-cased question; the first match names the topic. The order is by what matters most.
"""

import re

from apps.providers.analyst.patterns import any_of

LEARNING = re.compile(r"^\W*(what(?:'s| is| are)|explain|define|why is|how does|is it (?:illegal|legal))\b")

DISTRESS = any_of(
    r"kill(?:ing)? myself|suicid\w*|end (?:it all|my life)|don'?t want to (?:live|be here)|\b(?:want to|wanna) die\b",
    r"lost (?:everything|it all|(?:all|most|half) (?:of )?(?:my|our) (?:\w+ )?(?:money|savings|pension))",
    r"\b(?:lost|gambled away|blew|wiped out) (?:my|our) (?:\w+ )?(?:savings|pension|retirement|house|home|rent)\b",
    r"(?:gambling|trading) (?:addict\w*|problem)|addicted to (?:trading|gambling)",
    r"can'?t stop (?:trading|gambling)|ruined my (?:life|family)|i'?m (?:desperate|ruined)",
    r"\b(?:lost|losing|losses?|down)\b.{0,60}\b(?:feel(?:ing)? (?:sick|awful|terrible|hopeless|worthless)|"
    r"can'?t (?:sleep|eat|breathe)|crying|panicking|ashamed|hiding it)\b",
    r"\b(?:wife|husband|partner|family|parents)\b.{0,40}\b(?:finds?|found) out\b.{0,40}\b(?:lost|loss(?:es)?|debts?)\b",
)
RECKLESS = any_of(
    r"\b(?:go|going|went|put|be|am|i'?m) all[- ]in\b|\ball[- ]in on\b|life savings",
    r"all (?:of )?(?:my|our) (?:money|savings|cash|capital)|everything (?:i|we) (?:have|own|got)",
    r"(?:entire|whole) (?:savings|account|portfolio|pension|retirement)\b.{0,20}\b(?:on|in|into)\b",
    r"borrow\w*\b.{0,30}\b(?:money|cash|to buy|to trade|to invest|from)|borrowed money",
    r"\b(?:a|take|took|taking) (?:out )?(?:a )?loan\b|re-?mortgage|mortgage (?:my|the|our)",
    r"credit cards?\b.{0,30}\b(?:buy|trade|invest|stocks?|shares)",
    r"(?:buy|trade|invest)\b.{0,40}\bcredit card|rent money|(?:college|emergency) fund",
    r"bet the (?:house|farm|ranch)|\b(?:put(?:ting)?|bet(?:ting)?|throw(?:ing)?) it all (?:on|in|into)\b",
    r"(?:double|triple) (?:up|down) (?:to|until|till) (?:win|recover|make)|max(?:imum)? leverage",
    r"\d+x leverage|win (?:it|my money) (?:all )?back",
)
INSIDER = any_of(
    r"insider (?:info\w*|tips?|knowledge)|inside (?:info\w*|tips?|scoop)|non-?public",
    r"before (?:it|they|the news|the merger)\b.{0,20}\bpublic",
    r"my (?:cousin|friend|brother|sister|uncle|colleague|boss|wife|husband) (?:who )?works (?:at|for)",
    r"\bconfidential\b|tip from (?:someone|an employee)",
)
MANIPULATION = any_of(
    r"pump[- ]and[- ]dump|pump (?:up )?(?:the|a|this|this|some)?\s?(?:price|stock|shares|coin)",
    r"spoof(?:ing|ed)?\b|wash trad\w*|manipulat\w+|corner the market",
    r"spread(?:ing)? (?:a |some |fake |false )*(?:rumou?rs?|news|lies)|front[- ]?run\w*",
    r"fake (?:news|orders?|volume)",
)
PROMISES = any_of(
    r"\bguaranteed?\b.{0,30}\b(?:money|profits?|gains?|returns?|win|wins|work|works|income)\b",
    r"\bsure (?:thing|bet|win)\b|\brisk[- ]free (?:money|profits?|gains?|trades?|returns?)|\bcan'?t lose\b",
    r"\b(?:double|triple|10x) my (?:money|account|portfolio|cash|savings)\b|\bget rich\b|\b(?:quick|easy|fast) money\b",
)
TAX_OR_LAW = any_of(
    r"\btax(?:es|ed|able|ation)?\b|\birs\b|wash[- ]sale|1099|\b401\(?k\)?\b|\bira\b",
    r"\blaw(?:yer|suit|s)?\b|\b(?:il)?legal(?:ly)?\b|\bsue\b|\bsuing\b",
)

#: Nothing but an insult; one inside a question is left alone.
ABUSE = re.compile(
    r"^\W*(?:oh |well |go |just )*(?:f+u+c+k+ ?(?:you|u|off|this|yourself)|fu|"
    r"screw you|shut up|piss off|you (?:really |fucking )?suck|"
    r"(?:you(?:'re| are)? )?(?:a |an |so )?(?:useless|stupid|dumb|bad|terrible|shit|crap)"
    r"(?: (?:bot|machine|thing|assistant|idiot))?|"
    r"idiot|moron|asshole)\W*$"
)


def guarded_topic(question: str) -> str | None:
    """ "distress", "reckless", "promises", "insider", "manipulation", "tax_or_law", or None."""
    text = question.lower().replace("’", "'")
    if DISTRESS.search(text):
        return "distress"
    if RECKLESS.search(text):
        return "reckless"
    if PROMISES.search(text):
        return "promises"
    if TAX_OR_LAW.search(text):
        return "tax_or_law"
    if LEARNING.search(text):
        return None
    if INSIDER.search(text):
        return "insider"
    return "manipulation" if MANIPULATION.search(text) else None
