"""The models that the profiles and the live workflow name, held against what the upstream has and for how long."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from apps.providers.errors import ProviderProtocolError
from apps.providers.models import AssistantProfile
from apps.providers.openai_api.client import openai_client
from apps.providers.openai_api.failures import translated
from apps.providers.shutdown_dates import shutdown_of
from apps.providers.workflow.graph import ClassifyNode, parse_graph
from apps.providers.workflow.versions import live_version

#: When the dates of `apps.providers.shutdown_dates` were read.
TABLE_READ_ON = date(2026, 11, 22)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedModel:
    """One model and what is known of its end. `is_listed` is None where the server could not be asked.

    `date_source` is "server", "table" or, without a date, "". `problem` is a code that needs somebody to act: "unknown"
    to the server, "ended", "ending" within the days asked about; "" for none.
    """

    model: str
    used_by: tuple[str, ...]
    is_listed: bool | None
    shutdown_date: date | None
    date_source: str
    days_left: int | None
    successor: str
    problem: str

    def as_json(self) -> dict[str, Any]:
        ends = self.shutdown_date
        return {**asdict(self), "used_by": list(self.used_by), "shutdown_date": ends.isoformat() if ends else None}


def configured_models() -> dict[str, tuple[str, ...]]:
    """Model → who uses it, in words. Raises BadGraph where the live workflow cannot be read."""
    used: dict[str, list[str]] = {}
    # Later versions overwrite earlier ones: the newest of each name is in force.
    rows = AssistantProfile.objects.order_by("name", "version").values_list("name", "model")
    for name, model in dict(rows).items():
        used.setdefault(model, []).append(f"profile {name}")
    live = live_version()
    for node_id, node in parse_graph(live.graph).nodes.items():
        if isinstance(node, ClassifyNode):
            used.setdefault(node.model, []).append(f"workflow version {live.number}, node {node_id}")
    return {model: tuple(users) for model, users in used.items()}


async def listed_models() -> dict[str, date | None]:
    """The models of the upstream with the last day that it names for each. Raises ProviderError."""
    client = await openai_client()
    with translated():
        try:
            return {model.id: _day(model.shutdown_date) async for model in client.models.list()}
        except (AttributeError, KeyError, TypeError) as error:
            # The SDK reads what a server wrote without looking whether it is there.
            raise ProviderProtocolError(code="malformed") from error


def check(
    configured: Mapping[str, tuple[str, ...]], *, listed: Mapping[str, date | None] | None, today: date, days: int
) -> list[CheckedModel]:
    """Each configured model; one that ends within `days` from `today` is a problem.

    Without a list, as of a server that could not be asked, our table alone says when.
    """
    return [_checked(model, users, listed, today=today, days=days) for model, users in configured.items()]


def _checked(
    model: str, users: tuple[str, ...], listed: Mapping[str, date | None] | None, *, today: date, days: int
) -> CheckedModel:
    announced = shutdown_of(model)
    is_listed = None if listed is None else model in listed
    ends, source = listed.get(model) if listed else None, "server"
    if ends is None:
        ends, source = (announced.on, "table") if announced else (None, "")
    days_left = (ends - today).days if ends else None
    return CheckedModel(
        model=model,
        used_by=users,
        is_listed=is_listed,
        shutdown_date=ends,
        date_source=source,
        days_left=days_left,
        successor=announced.successor if announced else "",
        problem=_problem(is_listed=is_listed, days_left=days_left, days=days),
    )


def _problem(*, is_listed: bool | None, days_left: int | None, days: int) -> str:
    if days_left is not None and days_left <= 0:
        return "ended"
    if is_listed is False:
        return "unknown"
    return "ending" if days_left is not None and days_left <= days else ""


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
