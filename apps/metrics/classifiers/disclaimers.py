"""The wordings of a risk disclaimer, one group for each thing that it may tell its reader."""

import re

# Up to so many words of the same sentence between two that belong together.
FEW = r"(?:[\s,]+[\w'&-]+){0,4}"
SOME = r"[^.!?\n]{0,60}"
NOT = (
    r"(?:not|no|none|nothing|never|nor|neither|without|cannot|isn't|aren't|wasn't|can't|don't|doesn't|won't|nobody|"
    r"no one)"
)
NO_ADVICE = (
    rf"\b{NOT}\b(?:[\s,]+(?!my\b|your\b|his\b|her\b|their\b|wait\b|follow\b)[\w'&-]+){{0,6}}[\s,]+"
    r"(?:advice|advis[eo]rs?|recommendations?|solicitations?|endorsements?)\b(?! (?:from|of|by|against)\b)",
    rf"\b{NOT}\b{FEW}[\s,]+an? (?:offer|invitation|inducement|tip)\b",
    rf"\b{NOT}\b{FEW}[\s,]+(?:tailored|suited|adapted|account of)\b",
    r"\b(?:weigh\w*|consider|against) (?:it |this |them )?(?:against )?your own (?:\w+ )?"
    r"(?:circumstances|situation|needs)\b",
    r"\bat your own risk\b",
)
FOR_STUDY = (
    r"\b(?:education(?:al)?|information(?:al)?|illustrati(?:on|ve)|study|demonstration|entertainment)\b"
    r"(?: (?:and|or) \w+)? (?:only(?= ?(?:$|[^\w ]|and\b|or\b))|purposes?\b|use\b|material\b)",
    r"\b(?:only|just|merely|purely|solely|simply|strictly) (?:(?:an?|for|meant|as|general|intended|to be) ){0,4}"
    r"(?:education(?:al)?|information(?:al)?|illustrati(?:on|ve)|study|an exercise)\b",
    r"\b(?:plan|example|exercise|is|are|meant|written|made|intended) for (?:study|education)\b",
    r"\b(?:is|as) general (?:education|information)\b",
)
LOSSES = (
    r"\b(?:can|could|may|might|will) (?:\w+ ){0,2}lose (?:\w+ )?(?:it|some|all|money|more|most|much|your|part|the|an?|"
    r"everything|capital|(?:[$€£¥] ?)?\d)",
    r"\b(?:can|could|may|might) (?:\w+ )?(?:cost you|expire worthless|go to (?:zero|nothing)|be wiped out)\b",
    r"\b(?:loses?|losing) (?:\w+ )?money\b",
    r"\b(?:afford|bear|prepared|willing|ready) to lose\b",
    r"\brisks? of (?:\w+ )?(?:loss(?:es)?|losing|ruin)\b",
    r"\b(?:involves?|carr(?:y|ies)|comes? with|entails?) (?:\w+ ){0,3}risks?\b",
    r"\b(?:capital|money|funds|savings|investment) (?:is|are|will be )?\s?at risk\b",
    rf"\bloss(?:es)?\b{SOME}\b(?:unlimited|without (?:any )?(?:\w+ )?(?:limit|bound)s?|no (?:upper )?(?:limit|bound)|"
    r"exceed(?:s|ing)? (?:your|what|the))",
    r"\b(?:unlimited|total) loss(?:es)?\b|\bnot suitable for (?:every|all|most)\b",
    r"\b(?:your|the) (?:whole|entire|full) (?:stake|capital|investment|deposit|money)\b",
    r"\bmove against you\b",
)
NO_PROMISE = (
    rf"\b{NOT}\b{FEW}[\s,]+(?:guarantee\w*|promis\w+)(?!(?: [\w']+){{0,4}} (?:fill\w*|execut\w+))\b",
    r"\bnothing is certain\b|\bno certainties\b|\bno such thing as (?:a )?(?:sure|certain|safe)\b",
)
THE_PAST = (
    rf"\b(?:past|historical|previous|prior|earlier) (?:performance|results?|returns?|gains?|profits?)\b{SOME}"
    r"\b(?:not?|n't|little|nothing|never|cannot|doesn't|don't|isn't|aren't|poor)\b",
)
BEFORE_ACTING = (
    r"\bdo(?:ing)? your own (?:\w+ )?(?:research|homework|diligence|analysis|reading)\b|\bdyor\b",
    r"\b(?:speak|talk|consult|ask|seek|see|get|turn)\b[^.!?\n]{0,30}\b(?:financial|investment|licen[sc]ed|qualified|"
    r"independent|registered|professional|regulated)\b(?: financial| investment)? "
    r"(?:advis[eo]rs?|advice|professionals?|planners?)\b",
)
DISCLAIMER = re.compile(
    "|".join((*NO_ADVICE, *FOR_STUDY, *LOSSES, *NO_PROMISE, *THE_PAST, *BEFORE_ACTING)), re.IGNORECASE
)
