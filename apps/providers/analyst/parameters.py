"""Figures and names in a question: timeframe, account, risk, direction, entry, stop, indicators.

Every pattern reads the raw question, lower-cased. "1m" is one month here: bars are daily.
"""

import re

from apps.providers.analyst.reading import Parameters

AMOUNT = r"\$?\s?(\d[\d,]*(?:\.\d+)?)\s?(k|m|thousand|grand|million)?\b(?!\s?%)"
SCALES = {"k": 1e3, "thousand": 1e3, "grand": 1e3, "m": 1e6, "million": 1e6}
PERCENT = r"\s?(?:%|percent\b|per cent\b|pct\b)"
PRICE = (
    rf"\$?\s?(\d[\d,]*(?:\.\d+)?)\b(?!\.\d|{PERCENT}|"
    r"\s?(?:k\b|shares?|sh\b|days?|months?|years?|dollars|usd|account))"
)
ACCOUNT = (
    rf"{AMOUNT}(?:\s?(?:dollars?|usd))?\s(?:trading |cash )?(?:account|portfolio|capital|balance|bankroll)"
    # "stop 195 account 20k": the figure after the word is the account.
    r"\b(?!\s?(?:size |value |of |is |[:=] ?)*+\$?\d[\d,.]*+(?!\s?(?:%|per ?cent|pct)))",
    rf"(?:account|portfolio|capital|balance|bankroll)(?: size| value)?(?: is| of| with| worth|:| =)*\s?{AMOUNT}",
    r"(?:i have|i've got|i got|i own|with|using)\s(?:about |around |only )?"
    rf"(?=\$|[\d,.]+\s?(?:k\b|dollars|usd|grand|thousand)){AMOUNT}",
    rf"(?:%|percent|per cent|pct)\sof\s(?:a |my )?(?=\$|[\d,.]+\s?(?:k\b|dollars|usd|grand|thousand)){AMOUNT}",
    # A bare figure of four digits or more that ends the phrase is money too: "how many shares with 10000".
    r"(?:i have|with|using)\s(?:about |only )?"
    rf"(?=(?:\d{{4,}}|\d{{1,3}},\d{{3}})\s*(?:$|[?.!;]|,\s|and\b|risk)){AMOUNT}",
)
RISK_PERCENT = (
    r"risk(?:ing|s)?\s?(?:of|is|at|about|only|just|no more than|max)?\s?(\d+(?:\.\d+)?)\s?(?:%|percent\b|"
    r"per cent\b|pct\b)",
    r"(\d+(?:\.\d+)?)\s?(?:%|percent|per cent|pct)\s?(?:account |max )?(?:risk|of (?:it|my|the)\b)",
)
RISK_AMOUNT = (
    r"risk(?:ing)?\s(?:of |only |about |up to |max )?\$\s?(\d[\d,]*)",
    r"risk(?:ing)?\s(?:of |only |about |up to )?(\d[\d,]*)\s?(?:dollars|usd|bucks)",
)
STOP = (rf"stop(?:[- ]?loss)?(?:\s(?:is|at|of|under|below|above|near|around|to|price)|[:@=])*\s?{PRICE}",)
STOP_PERCENT = (
    # "a stop, risk 2%" and "where is the stop with 2% risk" speak of the account.
    rf"\bstop(?:[- ]?loss)?\b(?:(?!risk|account)[^.?!\d]){{0,24}}?(\d{{1,2}}(?:\.\d+)?){PERCENT}"
    r"(?!\s?(?:risk|of (?:it|my|the (?:account|portfolio))\b|account))",
    rf"(?<!risk )(?<!risking )(?<!risk of )(?<![\d.])(\d{{1,2}}(?:\.\d+)?){PERCENT}\s(?:hard )?stop(?:[- ]?loss)?\b"
    r"(?!\s?(?:is |at |of |@|below |under |near )*\$?\d)",
)
ENTRY = (
    r"(?:entry|enter(?:ing)?|get(?:ting)? in|fill(?:ed)?)"
    rf"(?:\s[a-z.$-]{{1,8}}|[:@=]){{0,4}}?\s?{PRICE}",
    rf"(?:buy(?:ing)?|bought|sell(?:ing)?|sold|short(?:ing|ed)?|long|in)\b[^.?!\d]{{0,24}}?\s?(?:at|@|for)\s{PRICE}",
    rf"\b(?:limit|order)\b[^.?!\d]{{0,24}}?\s?(?:at|@|of)\s?{PRICE}",
)
SHARES = (
    r"\b(\d[\d,]*)\s(?:shares?|sh|units?|coins?)\b",
    r"\b(?:buy|sell|short|order for)\s(?:me\s)?(\d[\d,]*)\s"
    r"(?!dollars|usd|bucks|worth|percent|per\b|pct|k\b|grand|thousand|million|days?\b|weeks?\b|months?\b|years?\b)(?=[a-z])",
)
SHORT = r"\bshort(?:ing|ed)?\b(?![- ]?(?:term|run|ly\b|version|answer|list|summary))"
LONG = (
    r"\bbuy(?:ing)?\b|\bbought\b|\b(?:i(?:'m)?|im|am|we) (?:own|hold|holding)\b|"
    r"\bsell (?:half |some |all |part )?(?:of )?(?:my|our|the)\b|"
    r"\blong(?:s|ing)?\b(?![- ]?(?:term|run|time|has|have|ago|did|do|does|"
    r"will|is|until))|"
    # An order of no named side buys.
    r"^(?!.*\bsell).*\b(?:limit|market) order\b"
)

COUNTED = re.compile(
    r"\b(\d+|a|one|two|three|four|five|six|nine|ten|twelve)[- ]?(d|w|mo|m|y|days?|weeks?|months?|yrs?|years?)\b"
    r"(?! ?(?:high|low|range)\b)"
)
WORDS_FOR_NUMBERS = {
    "a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "nine": 9, "ten": 10, "twelve": 12,
}  # fmt: skip
MONTHS_IN = {"d": 1 / 30, "w": 7 / 30, "m": 1, "y": 12}
#: Timeframes of the tools by the months they hold, shortest first.
TIMEFRAMES = ((1, "1M"), (3, "3M"), (6, "6M"), (12, "1Y"), (24, "2Y"), (60, "5Y"))
NAMED_TIMEFRAMES = (
    (r"\bytd\b|year to date|this year|since (?:new year|january)", "YTD"),
    (r"\bmax\b|all[- ]time|all history|whole history|full history|entire history|since the beginning|\bdecade", "MAX"),
    (r"(?:last|past|this|previous) (?:week|month)|\bmonthly\b", "1M"),
    (r"(?:last|past|this|previous) quarter|\bquarterly\b", "3M"),
    (r"half a year|half[- ]year", "6M"),
    (r"(?:last|past|previous) year|\byearly\b|52[- ]?weeks?\b(?! (?:high|low))", "1Y"),
)
#: "Since 2008" is covered by all there is: which window that takes depends on where the data ends.
SINCE_YEAR = re.compile(r"\bsince (?:\w+ )?(?:19|20)\d\d\b")
MINUTES = re.compile(r"\b(\d{1,3})[- ]?(minutes?|mins?|hours?|hrs?|h)\b")
OTHER_BARS = re.compile(
    r"\b(weekly|monthly|quarterly|hourly|intraday) (?:chart|candles?|bars?|view|graph)\b"
    r"|^\W*(?:\w+ )?(weekly|hourly|intraday)\W*$"
)
OTHER_DAY = re.compile(
    r"\b(?:on|in|of|for|during|since) (?:the )?(?:\d{1,2}(?:st|nd|rd|th)? )?(?:of )?"
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)\b|\b(?:on|in|during|back in) (?:19|20)\d\d\b|\b(?:19|20)\d\d-\d\d-\d\d\b|"
    r"\b(?:days?|weeks?|months?|years?) ago\b"
)
INDICATORS = (
    (r"\brsi\b|relative strength index|overbought|oversold", ("rsi_14",)),
    (r"\bmacd\b", ("macd",)),
    (r"\batr\b|average true range|\brisky\b|how volatile", ("atr_14",)),
    (r"bollinger|\bbbands?\b", ("bollinger_upper", "bollinger_lower")),
    (r"golden cross|death cross", ("sma_50", "sma_200")),
)
NAMED_ENTRIES = {
    "ltb": re.compile(r"\bltb\b|\bload(?:ing)? the boat\b"),
    "st": re.compile(
        r"\bst (?:level|price|zone|entry)\b|\b(?:ltb|qe)(?:,| and|,? &) st\b|\bst(?:,| and| &) (?:ltb|qe)\b|"
        r"\bswing trade (?:level|price|zone|entry)\b"
    ),
    "qe": re.compile(r"\bqe\b|\bquick entry\b"),
}
AVERAGE = re.compile(
    r"(?:\b(\d{1,3})(?:[- ]?(?:day|d|period))?[- ]?(?:simple |exponential )?(sma|ema|dma|ma|moving average|"
    r"average|avg)\b)"
    r"|(?:\b(sma|ema|ma)[- (]?(\d{1,3})\b)"
    # "the 200 day" alone is the average; "over 50 days", "the last 20 day" and "a 50 day chart" are windows.
    r"|(?:(?<!last )(?<!past )(?<!over )\b(20|50|200)[- ]?day\b"
    r"(?! (?:high|low|range|chart|graph|history|window|view|period)))"
)
#: "50 and 200 day": the first of them is one of days as well.
SHARED_UNIT = re.compile(
    r"\b(20|50|100|200)(?=(?:\s*(?:,|/|&|\+|and)\s*(?:20|50|100|200))+[- ]?(?:day|d|sma|dma|ma|moving)\b)"
)
AVERAGES = {"20": "sma_20", "50": "sma_50", "200": "sma_200"}
EXPONENTIAL = {"12": "ema_12", "26": "ema_26"}
ANY_AVERAGE = re.compile(r"moving averages?|\bsmas?\b|\bmas\b")


def number(text: str, scale: str | None = None) -> float:
    return float(text.replace(",", "")) * SCALES.get(scale or "", 1.0)


def first_match(patterns: tuple[str, ...], text: str) -> re.Match[str] | None:
    return next((found for pattern in patterns if (found := re.search(pattern, text))), None)


def read_timeframe(text: str) -> str | None:
    for pattern, timeframe in NAMED_TIMEFRAMES:
        if re.search(pattern, text):
            return timeframe
    if SINCE_YEAR.search(text):
        return "MAX"
    for count, unit in COUNTED.findall(text):
        if unit.startswith("d") and any(count in average[0] for average in AVERAGE.finditer(text)):
            continue
        months = (WORDS_FOR_NUMBERS.get(count) or int(count)) * MONTHS_IN[unit[0]]
        return next((name for limit, name in TIMEFRAMES if months <= limit), "MAX")
    return None


def read_other_bars(text: str) -> str:
    if found := MINUTES.search(text):
        return f"{found[1]}-{'minute' if found[2].startswith('m') else 'hour'}"
    if found := OTHER_BARS.search(text):
        return found[1] or found[2]
    return ""


def read_indicators(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Keys of the indicators named, and the averages named that the tools do not have."""
    keys: list[str] = []
    others: list[str] = []
    for pattern, found in INDICATORS:
        if re.search(pattern, text):
            keys += found
    for match in AVERAGE.finditer(SHARED_UNIT.sub(r"\1-day", text)):
        length, kind = (match[1], match[2]) if match[1] else (match[4] or match[5], match[3])
        key = (EXPONENTIAL if kind == "ema" else AVERAGES).get(length)
        if key:
            keys.append(key)
        else:
            others.append(f"{length}-day")
    if not AVERAGE.search(text) and ANY_AVERAGE.search(text):
        keys += ["sma_50", "sma_200"]
    return tuple(dict.fromkeys(keys)), tuple(dict.fromkeys(others))


def read_parameters(question: str) -> Parameters:
    text = question.lower()
    account = first_match(ACCOUNT, text)
    # The account's own digits are no price and no timeframe: "$1m account" is not one month.
    rest = text.replace(account[0], " ") if account else text
    risk, risk_amount = first_match(RISK_PERCENT, text), first_match(RISK_AMOUNT, text)
    shares = first_match(SHARES, rest)
    # Nor is their number a price, wherever one follows it: "buy 100 shares at 240".
    rest = rest.replace(shares[0], shares[0].replace(shares[1], "some")) if shares else rest
    stop = first_match(STOP, rest)
    stop_percent = None if stop else first_match(STOP_PERCENT, rest)
    before_stop = rest.replace(stop[0], " ; ") if stop else rest
    entry = first_match(ENTRY, before_stop)
    if not entry and stop:
        entry = re.search(rf"(?:at|from|@)\s{PRICE}", before_stop)
    indicators, others = read_indicators(text)
    return Parameters(
        timeframe=read_timeframe(rest),
        account=number(account[1], account[2]) if account else None,
        risk_pct=float(risk[1]) if risk else None,
        risk_amount=number(risk_amount[1]) if risk_amount else None,
        direction="short" if re.search(SHORT, text) else "long" if re.search(LONG, text) else None,
        entry=number(entry[1]) if entry else None,
        stop=number(stop[1]) if stop else None,
        stop_pct=float(stop_percent[1]) or None if stop_percent else None,
        shares=number(shares[1]) if shares else None,
        indicators=indicators,
        other_averages=others,
        named_entries=tuple(name for name, pattern in NAMED_ENTRIES.items() if pattern.search(text)),
        other_day=bool(OTHER_DAY.search(text)),
        other_bars=read_other_bars(text),
    )
