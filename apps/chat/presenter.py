"""A stored turn as the page shows it: the same view for a reload and for the last event of a stream."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from django.urls import reverse

from apps.assistant.models import Turn
from apps.chat import figures, formats
from apps.chat.tool_lines import ToolLine, anchor, summary, tool_line
from apps.core.markdown import NumberLink, render_markdown

KIND_WORDS = {"real": "market data", "sample": "sample data", "simulated": "simulated data", "knowledge": "our notes"}
STOPPED = "Stopped. What had been written stays here."
NO_REASON = "The answer could not be finished."
#: How the sandbox names the models it stands in for.
SANDBOX_MODEL = "sandbox/"
MOST_UNVERIFIED = 6


class AttemptRow(Protocol):
    """One provider's try at a turn; `error` is the class of its failure, or empty."""

    @property
    def provider(self) -> str: ...

    @property
    def error(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """Where numbers or words come from. `detail` is the day of the last bar, or the heading in our notes."""

    label: str
    detail: str
    kind: str
    kind_word: str
    #: What must be known of it, as sentences; "" where there is nothing.
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffLine:
    """Who answered, how fast and at what cost, with the way to the row."""

    provider: str
    model: str
    ttft: str
    latency: str
    cost: str
    href: str
    #: "2, after workflow failed (cut)"; "2: … and …" where all failed; "" where the first try was the last.
    attempts: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnView:
    """All that chat/_turn.html and chat/_answer.html need. `answer_html` is sanitised."""

    request_id: UUID
    number: int
    question: str
    status: str
    answer_html: str
    copy_text: str
    error: str
    tools: list[ToolLine] = field(default_factory=list)
    #: The one line that the tools stand behind; "" where they are few, or the answer is still being written.
    tools_summary: str = ""
    charts: list[figures.Chart] = field(default_factory=list)
    plan: figures.PlanCard | None = None
    comparison: figures.Comparison | None = None
    sources: list[SourceLine] = field(default_factory=list)
    suggestions: list[str] = field(default_factory=list)
    #: Which figures of the text stand in no data, as one sentence; "" where all do.
    unverified: str = ""
    #: That no reload will show it, as one sentence; "" where it is stored.
    unkept: str = ""
    #: The sandbox stood in for the model.
    is_sandbox: bool = False
    staff: StaffLine | None = None

    @property
    def has_figures(self) -> bool:
        return bool(self.charts or self.plan or self.comparison)

    @property
    def figures_title(self) -> str:
        """What the figures are, for the link that leads to them when they stand beside the thread."""
        names = [f"{chart.symbol} chart" for chart in self.charts]
        names += [f"{self.plan.symbol} plan"] if self.plan else []
        names += ["comparison"] if self.comparison else []
        return formats.listed(names)


def turn_view(
    turn: Turn,
    *,
    is_staff: bool,
    cost_usd: Decimal | float | None = None,
    attempts: Sequence[AttemptRow] = (),
    unkept: str = "",
) -> TurnView:
    """What the page shows of `turn`; staff also see who answered, and after which `attempts`.

    A cost of None is unknown, never free.
    """
    sidecar: dict[str, Any] = turn.sidecar or {}
    calls: list[dict[str, Any]] = turn.tool_calls or []
    results = {call["call_id"]: call["result"] for call in calls if call.get("ok") and call.get("result")}
    plan, comparison = results.get(sidecar.get("plan_call_id")), results.get(sidecar.get("comparison_call_id"))
    sources = [source_line(source) for source in sidecar.get("sources") or []]
    unverified = unverified_sentence(sidecar.get("unverified") or [])
    return TurnView(
        request_id=turn.request_id,
        number=turn.number,
        question=turn.question,
        status=turn.status,
        answer_html=render_markdown(turn.answer, links=number_links(turn, sidecar, calls)),
        copy_text=copy_text(turn.answer, sources, unverified),
        error=error_sentence(turn),
        tools=[tool_line(call, request_id=turn.request_id) for call in calls],
        tools_summary=summary(calls) if turn.is_finished else "",
        charts=[
            figures.chart(view, results[view["call_id"]], id=f"chart-{turn.request_id}-{number}")
            for number, view in enumerate(sidecar.get("charts") or [], start=1)
            if view.get("call_id") in results
        ],
        plan=figures.plan_card(plan, id=f"plan-{turn.request_id}") if plan else None,
        comparison=figures.comparison(comparison, id=f"comparison-{turn.request_id}") if comparison else None,
        sources=sources,
        suggestions=list(sidecar.get("suggestions") or []),
        unverified=unverified,
        unkept=unkept,
        is_sandbox=turn.model.startswith(SANDBOX_MODEL),
        staff=staff_line(turn, cost_usd=cost_usd, attempts=attempts) if is_staff and turn.is_finished else None,
    )


def number_links(turn: Turn, sidecar: dict[str, Any], calls: Sequence[dict[str, Any]]) -> list[NumberLink]:
    """One link a printed fact, in the answer's order, to the line of the tool call it repeats."""
    known = {call.get("call_id") for call in calls}
    return [
        NumberLink(text=fact["text"], href=f"#{anchor(turn.request_id, fact['call_id'])}", title=fact["label"])
        for fact in sidecar.get("facts") or []
        if fact.get("call_id") in known
    ]


def source_line(source: dict[str, Any]) -> SourceLine:
    kind = str(source.get("kind", ""))
    detail = str(source.get("heading", "")) if kind == "knowledge" else formats.day(str(source.get("as_of") or ""))
    label = str(source.get("label", ""))
    symbol = str(source.get("symbol") or "")
    return SourceLine(
        label=f"{symbol}: {label}" if symbol and symbol not in label else label,
        detail="" if detail in label else detail,
        kind=kind,
        kind_word=KIND_WORDS.get(kind, kind),
        note=str(source.get("note") or ""),
    )


def unverified_sentence(figures: Sequence[str]) -> str:
    """ "Not found in the data: 431.50 and 3 March."; of many the first few and their count."""
    if not figures:
        return ""
    shown, more = list(figures[:MOST_UNVERIFIED]), len(figures) - MOST_UNVERIFIED
    return f"Not found in the data: {formats.listed([*shown, f'{more} more'] if more > 0 else shown)}."


def copy_text(answer: str, sources: Sequence[SourceLine], unverified: str) -> str:
    """The answer's Markdown with what it is not sure of and its sources below, for the clipboard."""
    lines = [f"- {source.label}" + (f" ({source.detail})" if source.detail else "") for source in sources]
    parts = [answer.strip(), unverified, "\n".join(["Sources:", *lines]) if lines else ""]
    return "\n\n".join(part for part in parts if part)


def error_sentence(turn: Turn) -> str:
    """What went wrong, in the words that were stored; empty for a turn that went well or still runs."""
    match turn.status:
        case Turn.Status.FAILED:
            return turn.error or NO_REASON
        case Turn.Status.INTERRUPTED:
            return turn.error or STOPPED
        case _:
            return ""


def staff_line(turn: Turn, *, cost_usd: Decimal | float | None, attempts: Sequence[AttemptRow] = ()) -> StaffLine:
    return StaffLine(
        provider=turn.provider or "none",
        model=turn.model or "none",
        ttft="none" if turn.ttft_ms is None else formats.duration(turn.ttft_ms),
        latency="none" if turn.latency_ms is None else formats.duration(turn.latency_ms),
        cost="unknown" if cost_usd is None else f"{cost_usd:.4f} USD",
        href=f"{reverse('admin:index')}metrics/requestlog/{turn.request_id}/change/",
        attempts=attempts_words(attempts),
    )


def attempts_words(attempts: Sequence[AttemptRow]) -> str:
    if len(attempts) < 2:
        return ""
    failed = [f"{attempt.provider} failed ({attempt.error})" for attempt in attempts if attempt.error]
    if not failed:
        return str(len(attempts))
    # "after" leads to the one that answered; where the last failed as well, none did.
    return f"{len(attempts)}{':' if attempts[-1].error else ', after'} {formats.listed(failed)}"
