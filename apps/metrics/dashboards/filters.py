"""What the URL asks a dashboard to show. What makes no sense is left out, and said in a sentence."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlencode

from apps.metrics.classifiers.intent import Intent
from apps.metrics.dashboards.periods import DEFAULT_PERIOD, LONGEST, PERIODS, range_label, start_of_period
from apps.metrics.rollups.scope import By, Channel, Scope
from apps.providers.registry import PROVIDERS

CHANNELS = ("text", "voice")
INTENTS = tuple(str(intent) for intent in Intent)
SIDES = ("assigned", "served")
CUSTOM = "custom"
#: How many sentences on what was ignored are written out, and how much of one value.
N_SAID = 3
N_CHARACTERS = 40
EARLIEST_YEAR = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What is shown: [start, end) in UTC, empty strings where all are meant. `ignored` are whole sentences."""

    period: str = DEFAULT_PERIOD
    start: datetime
    end: datetime
    channel: str = ""
    intent: str = ""
    provider: str = ""
    model: str = ""
    side: str = SIDES[0]
    picture: str = ""
    #: Whether the page is given as a CSV, and which of its tables then; part of no address of a choice.
    is_csv: bool = False
    table: str = ""
    ignored: tuple[str, ...] = ()

    @property
    def query(self) -> str:
        """The same choice as a query string; defaults are left out, so that one choice has one address."""
        chosen = {name: getattr(self, name) for name in ("channel", "intent", "provider", "model", "picture")}
        if self.period == CUSTOM:
            chosen = {"from": _moment(self.start), "to": _moment(self.end), **chosen}
        elif self.period != DEFAULT_PERIOD:
            chosen = {"period": self.period, **chosen}
        if self.side != SIDES[0]:
            chosen["side"] = self.side
        return urlencode({name: value for name, value in chosen.items() if value})

    @property
    def query_of_others(self) -> str:
        """The same choice for another dashboard, whose pictures are others."""
        return replace(self, picture="").query

    def query_of_period(self, name: str) -> str:
        return replace(self, period=name).query

    @property
    def from_value(self) -> str:
        """What the form's field holds; nothing where a period is chosen by its name."""
        return f"{self.start:%Y-%m-%dT%H:%M}" if self.period == CUSTOM else ""

    @property
    def to_value(self) -> str:
        return f"{self.end:%Y-%m-%dT%H:%M}" if self.period == CUSTOM else ""

    @property
    def words(self) -> str:
        return f"Last {PERIODS[self.period][0]}" if self.period in PERIODS else range_label(self.start, self.end)

    @property
    def before_words(self) -> str:
        """The period that a change is measured against."""
        return f"the {PERIODS[self.period][0]} before" if self.period in PERIODS else "the same time before"

    @property
    def scope(self) -> Scope:
        """What to read; the provider is who served or who was assigned, as `side` says."""
        channel: Channel | None = "text" if self.channel == "text" else "voice" if self.channel else None
        return Scope(
            start=self.start,
            end=self.end,
            channel=channel,
            intent=self.intent or None,
            provider=self.provider or None,
            model=self.model or None,
            provider_is=By.ASSIGNED if self.side == "assigned" else By.SERVED,
        )


def read_filters(query: str, *, now: datetime, models: Collection[str] = (), pictures: Collection[str] = ()) -> Filters:
    """The choice that a query string makes. Any text is taken: repeated, unknown and broken values are ignored.

    `models` are those that some turn used; `pictures` those of this page, the first of which is the default.
    """
    reader = _Reader(given=_values(query))
    period, start, end = _period(reader, now)
    chosen = Filters(
        period=period,
        start=start,
        end=end,
        channel=reader.one_of("channel", CHANNELS, "is neither text nor voice"),
        intent=reader.one_of("intent", INTENTS, "is no intent"),
        provider=reader.one_of("provider", tuple(PROVIDERS), "nobody knows"),
        model=reader.one_of("model", models, "no turn used"),
        side=reader.one_of("side", SIDES, "is neither assigned nor served") or SIDES[0],
        picture=_unless_first(reader.one_of("picture", pictures, "is no picture of this page"), pictures),
        is_csv=bool(reader.one_of("format", ("csv",), "is not csv")),
        table=next(iter(reader.values("table")), ""),
    )
    reader.unknown_names()
    return replace(chosen, ignored=said(reader.ignored))


def _unless_first(picture: str, pictures: Collection[str]) -> str:
    return "" if picture == next(iter(pictures), "") else picture


def said(sentences: list[str]) -> tuple[str, ...]:
    rest = len(sentences) - N_SAID
    return (*sentences[:N_SAID], *([f"Ignored: {rest:,} more {'value' if rest == 1 else 'values'}."] * (rest > 0)))


@dataclass(slots=True)
class _Reader:
    given: Mapping[str, list[str]]
    read: set[str] = field(default_factory=set)
    ignored: list[str] = field(default_factory=list)

    def values(self, name: str) -> list[str]:
        self.read.add(name)
        return [value for value in self.given.get(name, ()) if value]

    def one_of(self, name: str, known: Collection[str], what_is_wrong: str) -> str:
        """The first value that is known; each other one is ignored with its reason."""
        chosen = ""
        for value in self.values(name):
            if value not in known:
                self.ignore(name, value, f"which {what_is_wrong}")
            elif chosen:
                if value != chosen:
                    self.ignore(name, value, "as one is shown at a time")
            else:
                chosen = value
        return chosen

    def ignore(self, name: str, value: str, why: str) -> None:
        self.ignored.append(f"Ignored: {name} “{shown(value)}”, {why}.")

    def unknown_names(self) -> None:
        for name in self.given.keys() - self.read:
            self.ignored.append(f"Ignored: “{shown(name)}”, which is no filter of this page.")


def _values(query: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True, encoding="utf-8", errors="replace"):
        # A list in one value is as good as a value repeated.
        parts = value.split(",") if name == "provider" else [value]
        found.setdefault(name, []).extend(part.strip() for part in parts)
    return found


def _period(reader: _Reader, now: datetime) -> tuple[str, datetime, datetime]:
    name = reader.one_of("period", tuple(PERIODS), "is no period of this page") or DEFAULT_PERIOD
    start, end = (_read_moment(reader, which, now) for which in ("from", "to"))
    if start and end and start >= end:
        reader.ignored.append("Ignored: “from” and “to”, as the end lies before the start.")
        start = end = None
    if start is None and end is None:
        return name, start_of_period(name, now=now), now
    end = end or now
    start = start or end - PERIODS[name][1]
    if end - start > LONGEST:
        reader.ignored.append(f"Ignored: what lies more than {LONGEST.days} days before the end.")
        start = end - LONGEST
    return CUSTOM, start, end


def _read_moment(reader: _Reader, name: str, now: datetime) -> datetime | None:
    """A date or a moment, in UTC unless it says otherwise; a bare date as the end is that whole day."""
    moments = []
    for value in reader.values(name):
        try:
            at = datetime.fromisoformat(value)
            at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        except (ValueError, OverflowError):
            reader.ignore(name, value, "which is no date")
            continue
        if at.year < EARLIEST_YEAR:
            reader.ignore(name, value, "which lies before anything was recorded")
            continue
        if name == "to" and len(value) == len("2026-01-01") and at <= now:
            at += timedelta(days=1)
        if at > now and name == "from":
            reader.ignore(name, value, "which lies in the future")
        elif at > now:
            # The end of today is no mistake: it is what a form sends for today.
            if at - now > timedelta(days=1):
                reader.ignore(name, value, "which lies in the future; figures end now")
            moments.append(now)
        else:
            moments.append(at)
    return moments[0] if moments else None


def shown(value: str) -> str:
    """A value from outside as a page may repeat it: printable, and not long."""
    plain = "".join(character if character.isprintable() else "�" for character in value)
    return f"{plain[:N_CHARACTERS]}…" if len(plain) > N_CHARACTERS else plain


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}"
