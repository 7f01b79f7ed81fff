"""The wordings that settle an intent where the analyst, which asks how to answer and not what for, reads another.

Each pattern reads a question in lower case. Gaps between two words are bounded, so that no text makes one slow.
"""

from apps.providers.analyst.patterns import any_of

#: To show, draw or change a picture of prices.
PICTURE = any_of(
    r"\b(?:show|draw|plot|display|mark|put|overlay|add|remove|hide|drop|switch|change|load|visuali[sz]e|pull|bring|open|"
    r"highlight|annotate|shade|see|view|make|set|extend|shorten)\b.{0,80}"
    r"\b(?:charts?|graphs?|candles?|candlesticks?|time ?frame|log scale|on (?:the )?screen)\b",
    r"\bzoom\b|^\W*(?:\w+ ){0,2}(?:candles?|candlesticks?|bars)(?: please| instead)?\W*$",
    r"\b(?:show|let me see) (?:me )?how .{1,40}\b(?:moved|performed|developed|traded)\b",
)
#: What only a chart has, taken off it or put on it.
CHANGE_OF_PICTURE = any_of(
    r"^\W*(?:(?:please|now|and|can you|could you) )*"
    r"(?:remove|hide|add|overlay|toggle|turn (?:on|off)|get rid of) (?:the |my |a |an |all )?(?:\d+[- ]day )?"
    r"(?:volume|moving averages?|averages?|smas?|emas?|rsi|macd|atr|bollinger|bands|levels|lines?|indicators?)\b",
)
#: What a picture says, which is no wish to see one.
ABOUT_CHART = any_of(
    r"\bwhat (?:do|does|did|can) .{0,20}\b(?:charts?|graphs?|candles)\b.{0,24}\b(?:tell|say|mean|suggest|show)\b",
    r"\b(?:read|interpret|analy[sz]e) (?:me )?(?:the|this|its|that) (?:chart|graph|candles)\b",
)
ACTING = any_of(
    r"\b(?:should|would|could|can|do|shall|may) (?:i|you|we|one) (?:\w+ )?"
    r"(?:enter|buy|sell|short|exit|hold|trade|get (?:in|out)|go (?:long|short))\b",
    r"\bhow much (?:should|can|could) i (?:invest|buy|put|stake)\b",
    r"\btime to (?:buy|sell|short|enter|exit|get (?:in|out)|take profits?)\b|\btrad(?:e|ing) plan\b",
    r"\bwhere(?:'s| is| to put| do i put| should) (?:the |my |a )?(?:stop|entry|exit)\b",
)
#: Asks why something moved, and not what was reported.
CAUSE = any_of(
    r"\bwhy\b|\bwhat(?:'s| is| was| are| were|s)? (?:moving|driving|behind|pushing|dragging|lifting|making)\b",
    r"\bwhat (?:made|caused|drove|moved)\b|\b(?:reasons?|cause|explanation) (?:for|of|behind)\b|\bhow come\b",
)
OUTLOOK = any_of(
    r"\b(?:crash\w*|correction|bubble|bull(?:ish)?|bear(?:ish)?|outlook|trend\w*|direction|head(?:ing|ed)|expensive)\b",
    r"\b(?:about|going) to\b|\bwill\b",
)
#: A question about an idea; asked of no symbol.
GENERAL_IDEA = any_of(
    r"^\W*what happens (?:if|when) (?:i|you|we|one|there|nobody)\b.{0,40}"
    r"\b(?:stops?|orders?|margin|leverage|options?|plan)\b",
    r"^\W*(?:what(?:'s)?|how|why|when|which|are|is|do|does|can|should) .{0,60}"
    r"\b(?:(?:stop|limit|market) orders?|\d ?% rule|percent rule|trading (?:rules?|basics|styles?|psychology))\b",
    r"^\W*(?:explain |what(?:'s| is) )?(?:the )?differences? between .{0,60}"
    r"\b(?:orders?|stops?|limits?|options?|etfs?|funds?|stocks?|shares?|bonds?|trad(?:e|es|ing)|averages?|margin)\b",
    r"^\W*what(?:'s| is| are) (?:the |an? )?\w+ (?:orders?|ratios?|patterns?)\W*$",
)
#: To act on a trade that is open or in mind, also where what was said before would have to be known.
TRADE_AT_HAND = any_of(
    r"\balerts?\b|\bnotify me\b|\bwatch ?list\b|\btell me when\b.{0,40}\d",
    r"\bmy (?:\w+ )?(?:positions?|portfolio|trades?|holdings|stops?|entry|entries|orders?|targets?|shares)\b",
    r"\b(?:the|a|an|no|any) (?:stop(?:[- ]loss)?|entry|exit|long|short|take[- ]profit)\b"
    r"(?! (?:sign|course|wave|story|time|way|list))",
    r"\b(?:trade|trading|scalp|swing|stock|crypto|bitcoin|aggressive|safe|quick) (?:\w+ )?"
    r"(?:idea|play|set-?up|bet)s?\b",
    r"\b(?:place|cancel|confirm|submit) (?:the|this|that|my|an|it)\b.{0,20}\b(?:order|trade)\b",
)
RANKING = any_of(
    r"\b(?:which|what|who|rank|find|list|scan|screen)\b.{0,40}"
    r"\b(?:symbols?|stocks?|shares?|tickers?|coins?|sectors?|names)\b"
    r".{0,40}\b(?:strong\w*|weak\w*|riski\w+|safe\w*|calm\w*|volatile|ahead|perform\w+|fell|rose|gained|lost)\b",
    r"\b(?:strong\w*|weak\w*|over(?:sold|bought)|volatile|best|worst)(?:[- ]perform\w+)? "
    r"(?:symbols?|stocks?|shares?|coins?)\b",
    r"\bback ?test\w*\b",
)
#: Instruments that are not listed here and of which people ask the price all the same.
INSTRUMENT = any_of(
    r"\b(?:how(?:'s| is| are| did)?|what(?:'s| is)|price of|where(?:'s| is)) (?:the )?(?:price of )?"
    r"(?:gold|silver|oil|crude|brent|copper|wheat|bonds|treasuries|gilts|forex|ftse|dax|nikkei|vix)\b",
)
