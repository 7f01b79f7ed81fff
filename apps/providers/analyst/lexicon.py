"""The words of the trade, by concept: what makes a question ours at all, and what it turns on.

A word ending in `*` stands for every word that begins so. `MARKET_CONCEPTS` are those that by themselves show that a
question is about markets; the others only tell intents apart.
"""

import re
from functools import cache

CONCEPTS: dict[str, str] = {
    "price": (
        "price prices priced quote quotes quoted close closed closes closing trading traded trades worth cost costs"
    ),
    "stock": (
        "stock stocks share shares equity equities etf etfs ticker tickers symbol crypto coin coins security securities"
    ),
    "market": ("market markets index indices indexes nasdaq dow nyse s&p wall tape bourse sector sectors sp500"),
    "chart": ("chart charts charted charting graph graphs plot plotted candle candles candlestick* timeframe"),
    "show": ("show display draw load pull open bring visuali* picture screen view see"),
    "indicator": (
        "rsi macd atr sma ema bollinger stochastic* indicator* momentum volatil* technical* overbought oversold "
        "oscillator* uptrend downtrend trend trends trending bullish bearish crossover average averages analy*"
    ),
    "view": ("opinion view think thoughts take outlook read verdict assessment deep dive forecast* predict* expect*"),
    "level": (
        "level levels support supports resistance resistances floor ceiling pivot pivots fib fibonacci retrace* "
        "breakout breakdown zone zones bounce* ltb qe retest load boat dip"
    ),
    "plan": (
        "entry entries enter entering stop stops stoploss target targets plan plans setup size sizes sizing position "
        "positions risk risking buy buying sell selling long short shorting shares account order invalidat* exit "
        "exits profit trade reward"
    ),
    "compare": (
        "compare* comparison versus vs against better stronger weaker outperform* underperform* beat beats "
        "correlat* relative differ* riskier rank which"
    ),
    "news": (
        "news headline headlines article articles story stories announce* announcement* catalyst* press reason why "
        "caused happened"
    ),
    "learn": (
        "explain define definition meaning mean means philosophy method methodology teach learn understand concept "
        "beginner glossary how what's what does lesson basics"
    ),
    "theory": (
        "option options call calls put puts strike premium theta delta gamma vega greeks leverage margin drawdown "
        "diversif* psychology discipline fomo revenge emotions journal hedge hedging dividend* earnings liquidity "
        "spread spreads expiry implied invest* investor* trader* portfolio* bull bear bankroll rally selloff "
        "pullback correction"
    ),
    "time": ("today yesterday now week month months year years ytd daily weekly session"),
}
MARKET_CONCEPTS = frozenset({"stock", "market", "chart", "indicator", "level", "plan", "theory", "price"})
# Words of those concepts that people use as much for anything else; alone they do not show a question about markets.
EVERYDAY_WORDS = (
    "account analy average averages bear boat bounce bull buy buying call calls ceiling chart charts close closed "
    "closes closing coin coins correction cost costs delta dip discipline emotions enter entering exit exits "
    "expiry floor gamma graph graphs index invest journal level levels leverage liquidity load long market "
    "markets open option options order plan plans plot position positions premium price prices profit psychology "
    "put puts quote quotes read reward risk screen security sell selling setup share short size spread stop stops "
    "strike strikes support supports symbol symbols tape target targets trade traded trades trading trends view "
    "wall worth zone zones"
)
EVERYDAY = frozenset(EVERYDAY_WORDS.split())
# An unmistakable word is enough, and so are two different everyday ones ("risk" and "stop").
PLAIN = 2
WORD = re.compile(r"[a-z&]+(?:[0-9]+)?")


@cache
def concepts_of(word: str) -> frozenset[str]:
    """The concepts a lower-case word belongs to."""
    return frozenset(
        concept
        for concept, words in CONCEPTS.items()
        if any(word == entry or (entry.endswith("*") and word.startswith(entry[:-1])) for entry in words.split())
    )


def concepts_in(text: str) -> set[str]:
    return {concept for word in WORD.findall(text.lower()) for concept in concepts_of(word)}


def market_words(text: str) -> int:
    """How plainly the words alone show a question about markets: 0 not at all, 1 by one everyday word, 2 plainly."""
    everyday = set()
    for word in WORD.findall(text.lower()):
        if concepts_of(word) & MARKET_CONCEPTS:
            if word not in EVERYDAY:
                return PLAIN
            everyday.add(word)
    return len(everyday)
