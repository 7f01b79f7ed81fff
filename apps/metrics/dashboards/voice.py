"""Spoken turns from ear to mouth: how long each stage takes, and how often people speak over the answer."""

from collections.abc import Callable, Mapping
from datetime import datetime

from apps.metrics.dashboards.drawing import Drawing, Line, table_of
from apps.metrics.dashboards.figures import Figure, Unit, few, plain, quantile, share
from apps.metrics.dashboards.filters import Filters
from apps.metrics.dashboards.looks import NOBODY, PROVIDER_SLOTS, by_slot, provider_slot
from apps.metrics.dashboards.measures import LOW, N_OVERVIEW, Measure, by_step, overview_tiles, tiles
from apps.metrics.dashboards.panels import Cell, Column, Page, Row, Table, Tile
from apps.metrics.dashboards.row_links import RowLinks, row_links
from apps.metrics.models import VoiceTurn
from apps.metrics.rollups import read
from apps.metrics.rollups.figures import VoiceFigures
from apps.metrics.rollups.histogram import Histogram
from apps.metrics.rollups.scope import By

Voice = Measure[VoiceFigures]
NOUN = "utterance"


def _stage(key: str, label: str, of: Callable[[VoiceFigures], Histogram], help: str) -> dict[float, Voice]:
    def measure(p: float) -> Voice:
        return Measure(
            key=f"{key}_p{p * 100:.0f}",
            label=f"{label} p{p * 100:.0f}",
            unit=Unit.MS,
            figure=lambda f: quantile(of(f), p, noun=NOUN),
            better=LOW,
            help=help,
        )

    return {p: measure(p) for p in (0.5, 0.95, 0.99)}


FIRST_TOKEN = _stage(
    "first_token", "Talk to first token", lambda f: f.first_token, "End of speech to the first text of the answer."
)
ASR = _stage("asr", "ASR", lambda f: f.asr, "End of speech to the final transcript.")
TTS = _stage("tts", "TTS", lambda f: f.tts, "First sentence handed to the engine to its first audio.")
VOICE_TO_VOICE = _stage(
    "voice_to_voice", "Voice to voice", lambda f: f.voice_to_voice, "End of speech to the first audio sent."
)
STAGES = {
    "Talk to first token": FIRST_TOKEN,
    "ASR": ASR,
    "TTS": TTS,
    "Voice to voice": VOICE_TO_VOICE,
}


def _per_session(figures: VoiceFigures) -> Figure:
    value = figures.utterances_per_session
    if value is None:
        return few(figures.sessions, "session", Unit.RATIO)
    return plain(value, unit=Unit.RATIO, n=figures.sessions, noun="session")


UTTERANCES: Voice = Measure(
    key="utterances",
    label="Utterances",
    unit=Unit.COUNT,
    figure=lambda f: plain(f.utterances, unit=Unit.COUNT, n=f.utterances, noun=NOUN),
    help="Spoken questions whose turn is over.",
)
BARGE_INS: Voice = Measure(
    key="barge_ins",
    label="Barge-ins",
    unit=Unit.PERCENT,
    figure=lambda f: share(f.barge_ins, f.utterances, noun=NOUN),
    help="The person spoke over the answer.",
    lookups=lambda _: {"voice_turn__was_barged_in__exact": "1"},
)
PER_SESSION: Voice = Measure(
    key="utterances_per_session",
    label="Utterances per session",
    unit=Unit.RATIO,
    figure=_per_session,
    help="A session counts in the period in which it was first spoken in.",
)
TILES = (FIRST_TOKEN[0.95], ASR[0.95], TTS[0.95], VOICE_TO_VOICE[0.95], BARGE_INS, PER_SESSION)
PICTURES = (
    *(FIRST_TOKEN[p] for p in (0.95, 0.5)), *(VOICE_TO_VOICE[p] for p in (0.95, 0.5)),
    *(ASR[p] for p in (0.95, 0.5)), *(TTS[p] for p in (0.95, 0.5)), BARGE_INS, UTTERANCES,
)  # fmt: skip
COLUMNS = (UTTERANCES, FIRST_TOKEN[0.5], FIRST_TOKEN[0.95], VOICE_TO_VOICE[0.5], VOICE_TO_VOICE[0.95], BARGE_INS)


def read_voice(filters: Filters) -> Page:
    """Two queries: the period step by step, and the one before it."""
    figures = read.voice(filters.scope, by=By.SERVED, over_time=True)
    before = read.voice(filters.scope.before).get("", VoiceFigures())
    return voice_page(filters, figures=figures, before=before)


def voice_overview(filters: Filters) -> tuple[Tile, ...]:
    """The tiles for a page that shows no more of it."""
    scope = filters.scope
    return overview_tiles(
        TILES[:N_OVERVIEW],
        series=read.voice(scope, over_time=True),
        before=read.voice(scope.before).get("", VoiceFigures()),
        scope=scope,
        nothing=VoiceFigures(),
    )


def voice_page(filters: Filters, *, figures: Mapping[tuple[datetime, str], VoiceFigures], before: VoiceFigures) -> Page:
    links = row_links(filters, always={"is_voice__exact": "1"}, provider_lookup="provider")
    totals = read.add_over_time(figures)
    total = read.add_keys(totals, VoiceFigures())
    lines = [
        Line(key=name, label=name or NOBODY, slot=provider_slot(name), column="provider")
        for name in by_slot(totals, PROVIDER_SLOTS)
    ]
    picture, points = Drawing(
        scope=filters.scope,
        figures=figures,
        lines=lines,
        links=links,
        measures=PICTURES,
        chosen=filters.picture,
        by="provider that served",
        noun=NOUN,
    ).drawn()
    return Page(
        n=total.utterances,
        noun=NOUN,
        nothing="Nobody has spoken in this period. Each spoken question is counted here once its answer is over.",
        tiles=tiles(
            TILES,
            now=total,
            before=before,
            over_time=by_step(figures, filters.scope.steps),
        ),
        picture=picture,
        tables=(
            points,
            stages_table(total, links),
            table_of(
                COLUMNS,
                key="providers",
                title="By provider that served",
                first="Provider",
                first_key="served_provider",
                lines=lines,
                totals=totals,
                total=total,
                links=links,
            ),
            outcomes_table(total, links),
        ),
        notes=("Stages overlap, so their times do not add up.", "Turns that staff forced count too."),
    )


def stages_table(total: VoiceFigures, links: RowLinks) -> Table:
    columns = tuple(Column(key=f"p{p * 100:.0f}_ms", label=f"p{p * 100:.0f}, ms") for p in (0.5, 0.95, 0.99))
    rows = tuple(
        Row(label=label, href=links(), cells=tuple(measures[p].cell(total, links) for p in (0.5, 0.95, 0.99)))
        for label, measures in STAGES.items()
    )
    return Table(
        key="stages",
        title="Stages",
        first="Stage",
        first_key="stage",
        columns=columns,
        rows=rows if total.utterances else (),
    )


def outcomes_table(total: VoiceFigures, links: RowLinks) -> Table:
    labels = {str(value): str(label) for value, label in VoiceTurn.Outcome.choices}
    rows = []
    for outcome, n in sorted(total.outcomes.items(), key=lambda item: (-item[1], item[0])):
        href = links({"voice_turn__outcome__exact": outcome})
        cells = (
            Cell(figure=plain(n, unit=Unit.COUNT, n=total.utterances, noun=NOUN), href=href),
            Cell(figure=share(n, total.utterances, noun=NOUN), href=href),
        )
        rows.append(Row(label=labels.get(outcome, outcome), name=outcome, href=href, cells=cells))
    return Table(
        key="outcomes",
        title="How they ended",
        first="Outcome",
        first_key="outcome",
        columns=(Column(key="utterances", label="Utterances"), Column(key="share_percent", label="Share, %")),
        rows=tuple(rows),
    )
