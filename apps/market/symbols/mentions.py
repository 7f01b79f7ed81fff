"""Finds the instruments a person speaks of, and does not fall for "What is the market DOING" or "should I go ALL IN".

The surer the form, the less else is asked of it:

1. `$ABC` is always meant as a symbol.
2. Names and nicknames, the longest first ("bank of america"). Those that are words first need a word such as
   "stock" beside them.
3. A token in capitals that is listed, unless people write that word in capitals to stress it. A single letter needs
   a word such as "chart" beside it. In a text that is all capitals, capitals say nothing.
4. A listed token in lower case, beside a word such as "show" or "chart" and only when it is no plain word.
5. What is clearly meant as an instrument and is none ("price of ZZZZ") is reported with the nearest that are.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from apps.market.symbols.cues import (
    AFTER,
    AFTER_NAME,
    AFTER_STRICT,
    AFTER_TITLE,
    BEFORE,
    BEFORE_NAME,
    BEFORE_STRICT,
    DOLLAR,
    ENDS,
    JOINER,
    NAME_GAP,
    NAMED,
    NUMBER,
    OWNED,
    SPYING,
    TOKEN,
)
from apps.market.symbols.instruments import NAME_UNIT, NEAREST, Universe, misspelt, name_key, nearest, resolve, universe
from apps.market.symbols.words import ABBREVIATIONS, EMPHASIS, QUANTIFIERS, WORDS

LONGEST_UNKNOWN = 40
MAX_UNKNOWN = 10
NOT_NAMES = WORDS | EMPHASIS | ABBREVIATIONS
LOWER_WORD = re.compile(r"(?<![\w$'.])[a-z]{4,20}(?!\w)")
#: How far back a cue is looked for, in characters.
CONTEXT = 60


@dataclass(frozen=True, slots=True)
class Span:
    """Where in the text an instrument is named: `text[start:end]`. `symbol` is None for an unknown one."""

    start: int
    end: int
    symbol: str | None


@dataclass(frozen=True, slots=True)
class UnknownMention:
    """Text, as it was written, that is meant as an instrument and is none, with up to three symbols like it."""

    text: str
    nearest: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mentions:
    """`symbols` and `unknown` in order of appearance, each once, ten unknown at most; `spans` are all places."""

    symbols: tuple[str, ...]
    unknown: tuple[UnknownMention, ...]
    spans: tuple[Span, ...]


def find_mentions(text: str, *, also: Collection[str] = ()) -> Mentions:
    """The instruments `text` speaks of; `also` are symbols known from elsewhere, such as the user's own files."""
    search = _Search(text=text.replace("’", "'"), also=frozenset(also), everything=universe())
    search.run()
    spans = sorted(search.spans, key=lambda span: span.start)
    symbols = dict.fromkeys(span.symbol for span in spans if span.symbol)
    unknown: dict[str, UnknownMention] = {}
    for span in spans:
        if span.symbol is None and len(unknown) < MAX_UNKNOWN:
            written = text[span.start : span.end]
            likely = misspelt(written)
            near = tuple(dict.fromkeys((*([likely] if likely else []), *nearest(written))))[:NEAREST]
            unknown.setdefault(written.casefold(), UnknownMention(written, near))
    return Mentions(symbols=tuple(symbols), unknown=tuple(unknown.values()), spans=tuple(spans))


def mask(text: str, *, also: Collection[str] = (), mentions: Mentions | None = None) -> str:
    """The text with instruments as SYMBOL and free-standing numbers as NUMBER, as the intent classifier reads it.

    `mentions` are those found in the same text, where somebody has looked for them already.
    """
    parts, at = [], 0
    for span in (mentions or find_mentions(text, also=also)).spans:
        parts += [NUMBER.sub("NUMBER", text[at : span.start]), "SYMBOL"]
        at = span.end
    return "".join([*parts, NUMBER.sub("NUMBER", text[at:])])


@dataclass(slots=True)
class _Search:
    """One pass over one text; each step claims spans that later, less sure steps leave alone."""

    text: str
    also: frozenset[str]
    everything: Universe
    spans: list[Span] = field(default_factory=list)

    def run(self) -> None:
        self._claim_dollar_symbols()
        self._claim_names()
        self._claim_misspelt_names()
        self._claim_tokens()
        self._claim_joined()
        self._claim_names()  # "Visa vs Mastercard": what is known by now speaks for what stands beside it
        self._claim_stand_ins()
        self._claim_unknown()

    # What is listed ---------------------------------------------------------------------------------

    def _claim_dollar_symbols(self) -> None:
        for match in DOLLAR.finditer(self.text):
            symbol = self._resolved(match[1])
            if symbol or match[1].lower() not in ABBREVIATIONS:
                self._claim(match.start(), match.end(), symbol)

    def _claim_names(self) -> None:
        units = list(NAME_UNIT.finditer(self.text))
        keys = [name_key(unit.group()) for unit in units]
        i = 0
        while i < len(units):
            i += self._claim_name_at(units, keys, i)

    def _claim_name_at(self, units: list[re.Match[str]], keys: list[str], i: int) -> int:
        """Claims the longest name that begins at unit `i`; returns how many units to go on by."""
        for n in range(min(self.everything.longest_alias, len(units) - i), 0, -1):
            name = " ".join(keys[i : i + n])
            symbol = self.everything.aliases.get(name)
            if symbol is None or not self._is_one_name(units[i : i + n]):
                continue
            start, end = units[i].start(), units[i + n - 1].end()
            if not self._is_free(start, end):
                continue
            if name in self.everything.common_names and not self._is_named_clearly(start, end):
                continue
            self._claim(start, end, symbol)
            return n
        return 1

    def _is_one_name(self, units: list[re.Match[str]]) -> bool:
        return all(NAME_GAP.fullmatch(self.text, a.end(), b.start()) for a, b in pairwise(units))

    def _is_named_clearly(self, start: int, end: int) -> bool:
        if self._before(BEFORE_NAME, start) or AFTER_NAME.match(self.text, end):
            return True
        return self.text[start].isupper() and (self._before(BEFORE, start) or self._is_joined(start, end))

    def _claim_misspelt_names(self) -> None:
        """ "aple", "microsft": all but the name of a popular company, alone or where an instrument is spoken of."""
        for match in LOWER_WORD.finditer(self.text):
            word, (start, end) = match.group(), match.span()
            if word in NOT_NAMES or word in self.everything.distinctive or not self._is_free(start, end):
                continue
            is_cued = (self._before(BEFORE, start) and ENDS.match(self.text, end)) or AFTER.match(self.text, end)
            if (is_cued or self.text.strip(" ?.!") == word) and misspelt(word):
                self._claim(start, end, None)

    def _claim_tokens(self) -> None:
        is_shouted = self._is_shouted()
        for token, start, end in self._tokens():
            symbol = self._resolved(token)
            if symbol and self._is_meant(token, start, end, is_shouted=is_shouted):
                self._claim(start, end, symbol)

    def _tokens(self) -> Iterator[tuple[str, int, int]]:
        """What may be a ticker and is not claimed; "BRK.B" as one, "AAPL/MSFT" and "TSLA-like" as two."""
        for match in TOKEN.finditer(self.text):
            token, at = match.group(), match.start()
            parts = [(token, 0)]
            if not token.isalpha() and self._resolved(token) is None:
                parts = [(part.group(), part.start()) for part in re.finditer(r"[A-Za-z]+", token)]
            for part, offset in parts:
                start, end = at + offset, at + offset + len(part)
                if self._is_free(start, end):
                    yield part, start, end

    def _is_meant(self, token: str, start: int, end: int, *, is_shouted: bool) -> bool:
        word = token.lower()
        if word in ABBREVIATIONS:
            return False
        if len(token) == 1:
            return token.isupper() and self._is_letter_meant(word, start, end)
        if word in self.everything.distinctive and not self._is_spying(start):
            return True
        if token.isupper() and not is_shouted:
            return word not in EMPHASIS or self._is_stressed_word_meant(word, start, end)
        return word not in WORDS and (self._before(BEFORE, start) or AFTER.match(self.text, end) is not None)

    def _is_spying(self, start: int) -> bool:
        return any(match.start() <= start < match.end() for match in SPYING.finditer(self.text))

    def _is_letter_meant(self, letter: str, start: int, end: int) -> bool:
        if re.search(r"\d\s*$", self.text[:start]):  # "1 D chart" is a timeframe
            return False
        if letter in QUANTIFIERS:
            return self._before(BEFORE_STRICT, start) and not re.match(r"\s+\w", self.text[end:])
        return self._before(BEFORE, start) or AFTER.match(self.text, end) is not None

    def _is_stressed_word_meant(self, word: str, start: int, end: int) -> bool:
        if self._before(BEFORE_STRICT, start) and ENDS.match(self.text, end):
            return True
        if AFTER_TITLE.match(self.text, end):
            return True
        return word not in QUANTIFIERS and AFTER_STRICT.match(self.text, end) is not None

    def _claim_joined(self) -> None:
        """Listed tokens beside a found symbol: "aapl and f", "NVDA vs amd, ba"."""
        found = -1
        while found != len(self.spans):
            found = len(self.spans)
            for token, start, end in self._tokens():
                word = token.lower()
                if word in NOT_NAMES:
                    continue
                if (symbol := self._resolved(token)) and self._is_joined(start, end):
                    self._claim(start, end, symbol)

    def _claim_stand_ins(self) -> None:
        """Gold, oil, the Nasdaq: no instrument by that name, but a fund to offer."""
        names = sorted(self.everything.stand_ins, key=len, reverse=True)
        for match in re.finditer(rf"\b(?:{'|'.join(names)})\b", self.text, re.I):
            is_cued = self._before(BEFORE, match.start()) or AFTER.match(self.text, match.end())
            if is_cued and self._is_free(*match.span()):
                self._claim(*match.span(), None)

    # What is not listed -----------------------------------------------------------------------------

    def _claim_unknown(self) -> None:
        self._claim_unknown_tickers()
        for match in NAMED.finditer(self.text):
            start, end = self._unknown_name(match.end())
            if end > start and self._is_free(start, end):
                self._claim(start, end, None)
        for match in OWNED.finditer(self.text):
            if match[1].lower() not in WORDS and self._is_free(*match.span(1)):
                self._claim(*match.span(1), None)

    def _claim_unknown_tickers(self) -> None:
        if self._is_shouted():
            return
        for token, start, end in self._tokens():
            word = token.lower()
            if len(token) < 2 or not token.isupper() or word in NOT_NAMES:
                continue
            if self._resolved(token):
                continue
            is_alone = self.text.strip(" ?.!") == token
            is_cued = self._before(BEFORE, start) or AFTER.match(self.text, end) is not None
            if is_alone or is_cued or self._is_joined(start, end):
                self._claim(start, end, None)

    def _unknown_name(self, at: int) -> tuple[int, int]:
        """Where the unknown name that begins at `at` starts and ends; of no length when what stands there is none.

        It is taken as it was written, markup and all, save for the signs around it.
        """
        start = end = at
        for n, match in enumerate(re.finditer(r"\S+", self.text[at : at + 4 * CONTEXT])):
            written = match.group()
            bare = written.strip("*_`\"'()[]{},.?!:;").removesuffix("'s")
            word = name_key(bare)
            first = at + match.start() + written.find(bare)
            is_name = word not in NOT_NAMES or (n > 0 and bare[:1].isupper())
            if n == 4 or not word or word.isdecimal() or not is_name or not self._is_free(first, first + len(bare)):
                break
            start = start if n else first
            end = min(first + len(bare), start + LONGEST_UNKNOWN)
            if written != written.rstrip(",.?!:;"):
                break
        return start, max(start, end)

    # Reading the text -------------------------------------------------------------------------------

    def _resolved(self, token: str) -> str | None:
        """The symbol that a token is, or that it is a nickname of; names that are words first are no tickers."""
        symbol = resolve(token, also=self.also)
        is_word = symbol != token.upper() and token.lower() in self.everything.common_names
        return None if is_word else symbol

    def _claim(self, start: int, end: int, symbol: str | None) -> None:
        self.spans.append(Span(start, end, symbol))

    def _is_free(self, start: int, end: int) -> bool:
        return all(end <= span.start or span.end <= start for span in self.spans)

    def _before(self, cue: re.Pattern[str], start: int) -> bool:
        return cue.search(self.text[max(0, start - CONTEXT) : start]) is not None

    def _is_joined(self, start: int, end: int) -> bool:
        """Whether "and", "vs", a comma or the like stands between this place and a known symbol."""
        return any(
            JOINER.fullmatch(self.text, *gap)
            for span in self.spans
            if span.symbol
            for gap in ((span.end, start), (end, span.start))
            if gap[0] < gap[1]
        )

    def _is_shouted(self) -> bool:
        """Whether three words or more stand all in capitals, with one among them that is no symbol."""
        if any(character.islower() for character in self.text):
            return False
        words = list(self._letters())
        return len(words) >= 3 and any(self._resolved(word) is None for word in words)

    def _letters(self) -> Iterator[str]:
        return (match.group() for match in re.finditer(r"[^\W\d_]+", self.text))
