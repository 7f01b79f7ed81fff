"""Attempts to take the assistant over, as people write them: dropping its rules, reading them out, another part to
play, words that pose as the system or as a tool.

The patterns ask for both the verb and its object ("ignore" and "your instructions"), because half of either is
ordinary trading talk: a stop may be ignored, rules explained, a system traded. They stop the plain attempts without a
model call; what gets past them meets the instructions, which treat every question as material to read.
"""

import re
import unicodedata

from apps.providers.analyst.patterns import any_of

#: As many characters as are read.
LONGEST_READ = 8000

# What an assistant was told. Companies give guidance, states lift restrictions, and rules, limits and orders are a
# trader's own, so these need an owner.
TOLD = (
    r"(?:instructions?|prompts?|guidelines?|directives?|guardrails?|"
    r"(?:your|these|safety|openai'?s) (?:\w+ ){0,2}(?:programming|guidance|training|restrictions|ethics|filters)|"
    r"(?:guidance|training|restrictions) you (?:were|have been|are)|"
    r"(?:earlier|previous|prior) guidance(?= and be\b|\W*$)|"
    r"safety (?:rules|filters?|settings|policy)|content (?:policy|filters?)|(?:system|developer) message)"
)
OWNER = (
    r"(?:your|previous|prior|above|preceding|earlier|existing|current|system|these|those|safety|hidden|original|"
    r"openai'?s)"
)
OWNED_RULES = (
    rf"(?:{OWNER} (?:\w+ ){{0,2}}rules?|(?:your|safety|hidden|openai'?s) (?:\w+ ){{0,2}}(?:orders|limits|limitations)|"
    r"(?:rules?|orders) (?:above|before this|you (?:were|are|have been)))"
)
ALL_TOLD = (
    r"(?:everything|all|anything|what(?:ever)?) (?:of )?(?:that )?(?:(?:was |is |stands )?(?:written |said )?"
    r"(?:above|before this (?:message|line))|"
    r"you(?: were| have been| are|'ve been|'re) (?:told|given|taught|instructed))"
)
DROP = (
    r"(?:ignor(?:e|ing)|disregard(?:ing)?|forget(?:ting)?|overrid(?:e|ing)|bypass(?:ing)?|drop(?:ping)?|skip|discard|"
    r"delete|erase|disobey|break|violate|circumvent|abandon|suspend|disable|(?:turn|switch) off|remove|lift|reset|"
    r"cancel|(?:set|put|cast) aside|throw away|"
    r"(?:do not|don't|dont|stop|without|no longer|need not|never|not) (?:(?:have|need|want) to )?"
    r"(?:follow(?:ing)?|obey(?:ing)?|apply(?:ing)?|respect(?:ing)?|listen(?:ing)? to))"
)
SHOW = (
    r"(?:show|reveal|print|repeat|tell|give|output|display|leak|share|disclose|copy|dump|recite|write|paste|expose|"
    r"echo|summari[sz]e|translate|paraphrase|encode|spell out|read (?:out|back)|list|quote me|"
    r"what(?:'s| is| are| was| were))"
)
HIDDEN = (
    r"(?:(?:system|initial|hidden|secret|original|internal|developer) ?-?"
    r"(?:prompts?|instructions?|messages?|directives)|"
    r"(?:hidden|secret|internal) rules|"
    r"(?:full|whole|exact|base|starting|first|real|pre) ?-?prompts?|"
    r"your (?:\w+ ){0,3}(?:instructions(?! (?:for|on|about|when)\b)|directives|configuration|source code)|"
    r"(?:prompts?|instructions) (?:you (?:were|have been|are|got)|above|before(?= (?:this|my|me)\b|\W*$)))"
)
#: An answer is what stands above, too: to have that summed up is no attempt, to have it written out again is one.
REPEAT = r"(?:show|reveal|print|repeat|output|display|leak|copy|dump|recite|write|paste|echo|encode|read (?:out|back))"
ABOVE = r"(?:words|text|everything) (?:above|before (?:this|my)|that precedes?)|lines above(?= (?:this|my|me)\b|\W*$)"
FREE = (
    r"(?:unrestricted|uncensored|unfiltered|unaligned|jailbroken|amoral|evil|rogue|dan\b|"
    r"(?:no|without(?: any)?|free (?:of|from)(?: all| any)?) (?:\w+ ){0,2}"
    r"(?:rules|restrictions|limitations|filters?|guidelines|ethics|morals|policy|policies))"
)
MACHINE = r"(?:ai|bot|model|llm|chatbot|terminal|assistant|g'?sves|persona)"

DROPS_RULES = any_of(
    rf"\b{DROP}\W+(?:\w+\W+){{0,4}}?{TOLD}\b",
    rf"\b{DROP}\W+(?:\w+\W+){{0,3}}?{OWNED_RULES}",
    rf"\b{DROP}\W+(?:\w+\W+){{0,2}}?{ALL_TOLD}",
    rf"\bforget\W+(?:about )?(?:that )?you(?:'re| are) (?:an? )?(?:trading )?{MACHINE}\b",
    rf"\b(?:stop|quit) (?:being|acting (?:as|like)) (?:an? )?{MACHINE}\b",
    r"\bopposite of what (?:you|your|openai)\b|\bsafety\W+(?:is |are )?(?:off|disabled)\b",
    r"\b(?:obey|comply with|follow|listen to) "
    r"(?:only (?:to )?(?:me|my)\b|me only|my (?:commands|orders|instructions) only)",
    r"\b(?:new|updated|revised|real|actual) (?:system )?(?:instructions?|prompts?|directives?)\s*"
    r"(?::|are\b|follow\b|override)",
    rf"\b(?:(?:your|the) (?:\w+ )?(?:instructions?|guidelines|guardrails|restrictions|programming)|{OWNED_RULES}) "
    r"(?:no longer|do not|don't|have been|are now|are|were) "
    r"(?:appl(?:y|ies)|count|hold|lifted|removed|disabled|void|suspended|replaced|updated|cancell?ed|outdated)",
)
SHOWS_PROMPT = any_of(
    rf"\b{SHOW}\W+(?:\w+\W+){{0,6}}?{HIDDEN}",
    rf"\b{REPEAT}\W+(?:\w+\W+){{0,6}}?(?:{ABOVE})",
    r"\b(?:how|what) (?:were|are|have) you (?:been )?"
    r"(?:prompted|instructed|told (?:to do|at the (?:start|beginning)|before))",
    r"\byour (?:\w+ )?(?:api|secret|access) (?:keys?|tokens?)\b|\bopenai (?:api )?key\b|\benvironment variables?\b",
    r"\b(?:your|the) (?:system|hidden|secret|initial|developer) (?:prompt|instructions|message)\b",
    r"\byour (?:\w+ ){0,2}prompts?\b(?! (?:answer|repl|response|help|advice|execution|fill))",
    r"\b(?:words|lines|text|contents?|copy|beginning|start) of your (?:\w+ ){0,2}(?:instructions|message)\b",
    r"\bwhat (?:hidden|secret|internal) (?:rules|instructions|orders)\b",
)
PLAYS_PART = any_of(
    r"\b(?:act|behave|respond|answer|talk|speak|role-?play|pretend|imagine|simulate|become|be|play|"
    rf"you(?: are|'re) now|you (?:will be|had|have|were))\b.{{0,60}}?\b{FREE}",
    rf"\byou(?: are|'re) an? (?:\w+ ){{0,2}}{MACHINE} (?:that|who|which|with|without)\b",
    r"\byour new (?:role|persona|identity|task|job|name|personality)\b|\bnever (?:refuses?|says? no)\b",
    r"\b(?:pretend|imagine|act as if|act like|assume)\W+(?:that )?(?:you(?:'re| are| were|r)|to be)\b.{0,40}?"
    rf"\b(?:an? (?:\w+ )?(?:{MACHINE}|hacker|human)|not (?:an? )?{MACHINE}|another|someone else|"
    r"my (?:late |dead )?(?:grand\w+|broker)|the (?:developer|administrator|admin|system)|openai|chatgpt|gpt)\b",
    rf"\byou are (?:now|no longer|from now on)\W+(?:an? |the |called )?(?:\w+ ){{0,3}}?(?:{MACHINE}|dan)\b",
    r"\bfrom now on,? (?:you (?:are|will (?:be|obey|act)|must (?:obey|answer every)|have no|act)|obey)\b",
    r"\b(?:developer|debug|admin(?:istrator)?|god|root|sudo|maintenance|dan|jailbreak|unrestricted|opposite) mode\b",
    r"\bjailbr(?:eak|oken)\b|\bdo anything now\b|\bsudo\b",
    r"\b(?:i am|i'm|this is|we are|speaking as)\W+(?:your (?:developer|creator|programmer|operator|maker)|"
    r"(?:your|the) (?:system )?admin(?:istrator)?|the developer)s?\b",
    r"\bmessage from (?:the |your )?(?:system|developer|admin|openai)\w*|"
    r"\b(?:session|log ?in|run|user) as (?:root|admin)",
    r"\b(?:i am|i'm|this is|we are|on behalf of)\W+openai\b(?! (?:share|stock|invest))",
)
POSES = any_of(
    r"<\|?/?(?:im_start|im_end|system|assistant|developer|endoftext|tool(?:_\w+)?|function(?:_\w+)?)\b",
    r"\[/?(?:inst|system|sys)\]|<<sys>>|#{2,}\s*(?:system|instructions?|developer)\b",
    r"(?:^|\n)\s*(?:system|developer|assistant|tool)(?: (?:message|prompt|note|override|update))?\s*:",
    r"""["']?role["']?\s*[:=]\s*["'](?:system|developer|assistant|tool)""",
    r"""["'](?:tool|function)(?:_name)?["']\s*:""",
    r"\b(?:function_call(?:_output)?|tool_(?:call|result|output|response)s?)\b",
    r"\btool (?:results?|outputs?|responses?)\s*(?:[:={]|for \w+\s*[:=])",
    r"\b(?:get|build|compare|search)_[a-z]+(?:_[a-z]+)*\b\W{0,3}(?:has |just |already )?"
    r"(?:return\w*|result|output|answer\w*|gave|says?|said|[=:({]|->|→)",
    r"\b(?:decode|rot13|base64)\b.{0,80}?\b(?:follow|obey|execute|carry out|do what|run)\b",
)
OTHER_LANGUAGES = any_of(
    r"\bignorier\w*\b.{0,30}\b(?:anweisung|anleitung|vorgabe|regel)\w*",
    r"\b(?:ignora|olvida)\w*\b.{0,30}\b(?:instruccion|regla|indicacion)\w*",
    r"\b(?:ignore|oublie)[rsz]?\b.{0,30}\b(?:tes|vos|les|toutes) (?:\w+ )?(?:instructions|consignes|règles)",
    r"\b(?:ignora|dimentica)\b.{0,30}\b(?:istruzioni|regole)\b",
)
ATTEMPTS = (DROPS_RULES, SHOWS_PROMPT, PLAYS_PART, POSES, OTHER_LANGUAGES)
#: "i g n o r e": letters apart, so that no pattern sees the word.
SPACED = re.compile(r"\b(?:\w[ .\-_*]){4,40}\w\b")
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\U000e0000-\U000e007f]")


def is_injection(question: str) -> bool:
    """Whether the question tries to change what the assistant is or to read what it was told."""
    text = plain(question)
    return any(pattern.search(text) for pattern in ATTEMPTS)


def plain(question: str) -> str:
    """Lower case, without look-alike forms, invisible characters and letters set apart; line breaks stay."""
    text = unicodedata.normalize("NFKC", INVISIBLE.sub("", question[:LONGEST_READ])).lower()
    text = text.replace("’", "'").replace("‘", "'").replace("“", '"').replace("”", '"')
    text = SPACED.sub(lambda found: re.sub(r"[ .\-_*]", "", found[0]), text)
    return re.sub(r"[^\S\n]+", " ", text)
