"""Ordered rules for questions whose wording leaves no doubt; the first that fits names the intent.

They read the masked question in lower case: `symbol` for every ticker or company, `number` for every figure. Where
none fits, the model decides. The order settles what words alone cannot: "quick entry level" asks for a level, "entry"
for a plan. Repeated groups are possessive: a question is at most a thousand characters here, and no wording of it may
make a pattern try every way to split it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from apps.providers.analyst.lexicon import market_words
from apps.providers.analyst.patterns import any_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A masked question, how many symbols it names, and whether the conversation has one to speak of."""

    text: str
    n_symbols: int
    has_earlier_symbol: bool

    @property
    def has_subject(self) -> bool:
        """Something to look up: named here, or pointed at ("its stop", "the chart") after being named before."""
        return self.n_symbols > 0 or (self.has_earlier_symbol and not self.is_general)

    @property
    def is_general(self) -> bool:
        """A question about an idea, not about the symbol spoken of: "what is a stop", not "what is its stop"."""
        return bool(GENERAL.search(self.text)) and not POINTS_BACK.search(self.text)


def anything(asked: Asked) -> bool:
    return True


def no_symbol(asked: Asked) -> bool:
    return asked.n_symbols == 0


def idea(asked: Asked) -> bool:
    return asked.n_symbols == 0 and asked.is_general and market_words(asked.text) > 0


def subject(asked: Asked) -> bool:
    return asked.has_subject


def two_symbols(asked: Asked) -> bool:
    return asked.n_symbols >= 2 or (asked.n_symbols == 1 and bool(re.search(r"\b(it|that|this)\b", asked.text)))


POINTS_BACK = any_of(
    r"\b(its|it|it's|that one|this one|that stock|this stock|same|here|right now)\b",
    r"\bthe (stop|entry|target|chart|rsi|macd|atr|trend|levels?|price|supports?|resistances?|plan|position|"
    r"momentum|volume|news|stock|indicators|technicals)\b",
)
GENERAL = re.compile(
    r"^\W*(?:so |and |ok |please |can you |could you |would you |i want to |i'd like to )*"
    r"(what(?:'s| is| are) (?:a |an |your |meant|the (?:difference|meaning|point|purpose|idea|[a-z]+ rule))|"
    r"what(?:'s| is| are) [a-z]+s?\W*$|"
    r"what (?:do|does|makes) |explain|define|definition|teach|meaning|how (?:do|does|to|should) |how much should|"
    r"why (?:do|does|should) |"
    r"learn|understand|tell me about (?:risk|option|stop|your)|should (?:beginners|i trade options)|"
    r"where does your|who (?:are|made)|glossary|do |does )"
)
GREETING = re.compile(
    # Fillers alone ("all", "later") greet nobody.
    r"^(?!\W*+(?:(?>there|again|very|so|much|a lot|lot|tomorrow|later|today|all|everyone|and|you)\b\W*+)++$)"
    r"\W*+(?:(?>hi(?:ya)?|hello|heya?|howdy|yo|greetings|good (?:morning|afternoon|evening|day)|morning|"
    r"afternoon|evening|thanks?|thank you|thx|ty|cheers|how are you|"
    r"bye|goodbye|see you|take care|ok(?:ay)?|great|nice|cool|perfect|there|g'?sves|again|very|so|much|a lot|lot|"
    r"tomorrow|later|today|"
    r"how(?:'s| is) it going|how do you do|what's up|sup|all|everyone|good|and|to meet you|you|for (?:that|"
    r"the help|your help))\b\W*+)++$"
)
WHO_ARE_YOU = re.compile(
    r"^\W*(?:(?:so|and|ok|hi|hello|hey)\W+)*(?:who are you|what are you|what (?:can|do) you do|what can i (?:ask|"
    r"do)|how can you help|can you help(?: me)?|help(?: me)?|"
    r"what (?:else )?do you (?:know|offer)|what are you able to do|how (?:do|can) i use (?:this|you)|"
    r"get(?:ting)? started)\b[^.]{0,24}$"
)
IDEAS = any_of(
    r"philosoph\w+|methodolog\w+",
    r"your (?:\w+ )?(?:method|approach|rules|checklist|strategy|principles|process|style|edge|notes)",
    r"glossary",
    r"how do you (?:work|find|decide|build|calculate|choose|define|pick|measure|size|compute|set|come up)",
    r"where does your data|where do(?:es)? (?:you|your|the) \w+ (?:data )?come from|where do you get",
    r"psycholog\w*|discipline|fomo|revenge|emotions?|\bfear\b|greedy?\b|losing streak|\btilt\b",
    r"beginner|greeks?\b|theta|vega|covered calls?|put spread|call spread|iron condor|straddle",
    r"implied volatility|checklist|how reliable|simulated data|sample data",
    r"\b(?:reverse|stock|share) splits?\b",
)
#: "Is this real data?": asks which of the kinds of data it is.
WHICH_DATA = any_of(
    r"^\W*(?:so |but |ok |and )*(?:is|are) (?:this|these|it|that|the|your) ?"
    r"(?:data |prices? |numbers? |quotes? |figures )?"
    r"(?:real|live|fake|made[- ]up|simulated|accurate|real[- ]?time|up[- ]to[- ]date)"
    r"(?: (?:data|prices?|numbers?|quotes?|figures))?\W*$",
    r"^\W*(?:are|is) (?:the )?(?:prices|quotes|data|numbers) (?:real|live|accurate|simulated|real[- ]?time)\b",
)
#: "What stocks do you know?": asks for the list of symbols.
WHICH_SYMBOLS = any_of(
    r"\b(?:what|which|all|list|how many|every|other)\b.{0,16}"
    r"\b(?:stocks?|symbols|tickers?|companies|coins?|cryptos?|etfs?|instruments|shares)\b.{0,12}"
    r"\b(?:(?:do|can|could) you (?:know|have|cover|support|track|follow|do|show|offer|chart|quote|list|look)|"
    r"you (?:have|know|cover|support|track|offer)|can i (?:ask|look|query|see|chart|choose|pick)|"
    r"(?:are|is) (?:covered|there|(?:in )?here)|available|supported)\b",
    r"^\W*(?:please )?(?:list|show|give)(?: me)?(?: all)?(?: of)?(?: the| your)?(?: available| supported)? "
    r"(?:stocks|symbols|tickers)\W*$",
)
DATA_AND_DAYS = any_of(
    r"\b(?:prices|quotes|data|numbers) (?:are |is )?delayed\b|\bdelayed (?:prices|quotes|data)\b",
    r"\btrust (?:this|these|the|your) (?:data|prices|numbers|quotes|figures)\b",
    r"\bhow (?:old|fresh) (?:is|are) (?:the|this|these|your) (?:data|prices|numbers|quotes)\b",
    r"\bmarkets? .{0,20}\b(?:thanksgiving|christmas|new year|good friday|juneteenth|memorial day|labou?r day|"
    r"independence day|(?:public |bank )?holidays?)\b|\bmarket holidays?\b",
)
PLAN = any_of(
    r"\benter\b|\bentering\b|\bentry\b|\bentries\b|\bstop[- ]?loss(?:es)?\b",
    r"\bstops?\b(?! (?:falling|rising|going|dropping))|\btargets?\b|trade plan|\bplan\b",
    r"posi?tion siz\w+|position size|how (?:many|much) (?:shares|of symbol)",
    r"how many \w+ (?:can|should|could|to)|take[- ]profits?",
    r"\b(?:should|would|could|can) (?:i|you|we|one) (?:\w+ )?(?:buy|sell|short|get|hold|add)|\bbuy\b",
    r"\bsell\b|\bbuying\b|\bselling\b|\bshort(?:ing)?\b(?![- ]?(?:term|run|ly))|\bgo(?:ing)? long\b",
    r"\ba long\b|\blongs?\b (?:in|on|symbol|from|at)|\binvalidat\w+|reward[- :to/]*risk",
    r"risk[- /]*reward|\brisk(?:ing)? (?:of )?(?:number|\$)|\btrade symbol\b|trade idea",
    r"\bset (?:me )?up\b|\bset-?up (?:a|on|for|in)\b|\bget (?:in|out)\b|\bgetting (?:in|out)\b",
    r"\bexit\b|place an? (?:\w+ )?order|how (?:would|do|could) (?:you|i|we) (?:play|trade)",
    r"\bis (?:symbol|it) a (?:good |strong )?buy\b|good time to",
    r"(?:number|my|an?) \w* ?(?:account|portfolio)\b|\bsize (?:a|my|the|it)\b",
)
LEVELS = any_of(
    r"\bsupports?\b|\bresistances?\b|\blevels?\b|\bfib\w*|\bpivots?\b|\bltb\b|\bqe\b|load the boat",
    r"swing trade (?:level|price|zone)|quick entry|buy[- ]the[- ]dip|\bthe dip\b|\bbtd\b|\bfloor\b",
    r"\bceiling\b|break(?:s|ing)? ?out\b|\bbreakout\b|\bbreakdown\b|retest|\bprice zones?\b",
    r"\bdemand zone|\bsupply zone|step in|\bround number|bounced? (?:from|off|at)",
    r"turn(?:ed|ing|s)? (?:back|around) (?:at|from)",
    r"where (?:is|are|could|would|do|does|did) (?:the )?buyers",
)
CHART = any_of(
    r"\bcharts?\b|\bcharting\b|\bcandles?(?:ticks?)?\b|\bgraphs?\b|\bplot\w*|price history",
    r"historical (?:prices|data)|timeframe|moved (?:over|in|since|during)|\bzoom\b|price action",
    r"(?:show|display|load|visuali[sz]e) (?:me )?symbol\W*$",
    r"(?:show|display|load) (?:me )?symbol (?:over|for|since|from|during|ytd|this|the last|the past|number|"
    r"with (?:the )?volume)",
    r"^\W*(?:load|visuali[sz]e|display) symbol",
)
INDICATORS = any_of(
    r"\brsi\b|relative strength index|\bmacd\b|\batr\b|\bsmas?\b|\bemas?\b|bollinger|moving averages?",
    r"\bnumber[- ]?day (?:average|avg|ma|line)|\bover(?:bought|sold|extended)\b",
    r"\b(?:up|down)?trend(?:ing|s)?\b|\bmomentum\b|volatil\w*|technical\w*|\banaly[sz]\w+|\banalysis\b",
    r"\bbullish\b|\bbearish\b|\bbull (?:and|case|or)|\bbear (?:case|and|or)|\bindicators?\b",
    r"\bopinions?\b|\boutlook\b|\bthink (?:of|about)\b|your (?:view|take|read)\b|thoughts on",
    r"(?:golden|death) cross|deep dive|average true range|crossover|losing steam|\bforecast\w*",
    r"\bpredict\w*|price target for next|\bwill (?:symbol|it|they)\b",
    r"going to (?:go|rise|fall|drop|rally|crash|moon)",
    r"where (?:is|will|might) (?:symbol|it) (?:be )?(?:head|go|end)\w*",
    r"\brisky\b|\bwhat (?:if|happens (?:if|when)) (?:symbol|it) (?:drop|fall|dip|crash|tank|break|rise|ris|rall|go)\w*",
    r"\b(?:how far|distance|(?:down|off)) (?:is (?:symbol|it) )?(?:from|off|below) (?:its |the )?"
    r"(?:52[- ]week |yearly |number[- ]week )?high",
)
NEWS = any_of(
    r"\bnews\b|headlines?|articles?\b|\bstories\b|announce\w*|catalysts?|\bpress\b",
    r"what(?:'s| is| was)? (?:moving|driving|behind|pushing|dragging)|what (?:has )?(?:just )?happened",
    r"what happen|going on (?:with|at)|anything new",
    r"why (?:is|are|did|has|have|was) .{0,24}\b(?:down|up|fall\w*|fell|drop\w*|jump\w*|ris\w*|rose|rall\w*|"
    r"tank\w*|crash\w*|surg\w*|slid\w*|sink\w*|sank|plung\w*|mov\w*|gain\w*|los\w*|soar\w*|spik\w*|red|green|"
    r"gap\w*)\b",
    r"(?:reason|cause|explanation) (?:for|of|behind)|what caused|\blatest (?:on|about|from) symbol\b",
    r"did something happen|people saying|\brumou?rs?\b",
)
QUOTE = any_of(
    r"\bprices?\b|\bquotes?\b|\bclosed?\b|\bclosing\b|\btrading at\b|\btrading (?:right )?now",
    r"where(?:'s| is) symbol (?:trading|at|now)|\bworth\b|how much|\bvolume\b|\bcosts?\b",
    r"\bopen(?:ed)? at\b",
    r"(?:day's|today's|52[- ]week|number[- ]week|yearly|intraday|session) (?:high|low|range)",
    r"percent change|last trade|\bup or down\b",
    r"how(?:'s| is| did| has| are| was) symbol (?:doing|do|done|perform\w*|far\w*|look\w*|go\w*|today|been)",
    r"what(?:'s| is) symbol (?:at|now|today|going for)\b|tell me about symbol",
)
MARKET_NOW = any_of(
    r"how(?:'s| is| are| was| were| did| do| does) (?:the |all )?(?:\w+ )?(?:markets?|stocks|equities|indices|"
    r"indexes|nasdaq|dow|crypto|wall street)\b(?!.{0,12}\bwork)",
    r"what(?:'s| is| are) (?:the )?markets? (?:doing|up to)",
    r"(?:is|are) (?:the )?(?:\w+ )?(?:markets?|exchange|nyse|wall street) (?:still |already )?(?:open|closed)",
    r"is it a (?:bull|bear) market",
)
OVERVIEW = any_of(
    r"\b(?:the|today's|stock|overall|general) markets?\b",
    r"\bmarkets? (?:overview|summary|update|brief|wrap|check|recap|snapshot|mood|report|conditions|today|doing|"
    r"open|close|closed|direction)",
    r"\b(?:how|where|what|are|is|did|do) .{0,30}\b(?:markets|indices|indexes|wall street|stocks|equities|nasdaq|"
    r"dow|s&p|tech stocks|crypto)\b",
    r"(?:morning|daily|evening) (?:brief|update|report|recap)|state of the market|bull market",
    r"bear market|which (?:stocks|symbols|tickers)|what (?:stocks|symbols|tickers)|today's session",
    r"^\W*(?:markets?|overview|brief)\W*$|risk[- ]on|summar\w+ .{0,20}(?:market|session|day)",
)
VERSUS = any_of(
    r"\bcompar\w+|\bversus\b|\bvs\b|\bagainst\b|\bbetter\b|\bbeat(?:s|en)?\b|outperform\w*",
    r"underperform\w*|correlat\w+|\bthan symbol|next to symbol|side by side|difference between",
    r"\brelative to\b|relative strength\b(?! index)|move together|symbol or symbol|symbol ?/ ?symbol",
    r"\bbetween symbol and symbol|\bwho won\b|which (?:one |of )|\brank\b|\bworst|\bbest\b",
)
BARE_SYMBOLS = re.compile(r"^\W*+(?:(?>symbol|stock|shares?|ticker|and|please|the|now|today|quote|price)\b\W*+)++$")


@dataclass(frozen=True, slots=True)
class Rule:
    intent: str
    pattern: re.Pattern[str]
    applies: Callable[[Asked], bool] = anything


RULES = (
    Rule("greeting", GREETING, no_symbol),
    Rule("greeting", WHO_ARE_YOU, no_symbol),
    Rule("compare", VERSUS, two_symbols),
    Rule("knowledge", IDEAS, no_symbol),
    Rule("knowledge", DATA_AND_DAYS, no_symbol),
    Rule("overview", MARKET_NOW, no_symbol),
    Rule("knowledge", GENERAL, idea),
    Rule("overview", OVERVIEW, no_symbol),
    Rule("news", re.compile(r"^\W*(?:and |so |but )?why (?:is|are|did|has|have|was)\b.*symbol"), subject),
    Rule("news", NEWS),
    Rule(
        "levels",
        re.compile(
            r"quick entry|load the boat|buy[- ]the[- ]dip|\bltb\b|\bqe\b|swing trade (?:level|price|zone)|"
            r"breakout level"
        ),
        subject,
    ),
    Rule("plan", PLAN, subject),
    Rule("levels", LEVELS, subject),
    Rule("chart", CHART, subject),
    Rule("indicators", INDICATORS, subject),
    Rule("quote", QUOTE, subject),
    Rule("quote", BARE_SYMBOLS, lambda asked: asked.n_symbols > 0),
)


def by_rule(asked: Asked) -> str | None:
    """The intent that the wording settles, or None."""
    for candidate in RULES:
        if candidate.pattern.search(asked.text) and candidate.applies(asked):
            return candidate.intent
    return None
