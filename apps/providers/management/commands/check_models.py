"""Holds the configured models against the upstream's list: which are there, and until when."""

import json
from argparse import ArgumentParser
from datetime import UTC, date, datetime
from typing import Any

from asgiref.sync import async_to_sync
from django.core.management.base import BaseCommand, CommandError

from apps.providers.errors import ProviderError
from apps.providers.openai_api.client import close_client
from apps.providers.openai_api.model_check import (
    TABLE_READ_ON,
    CheckedModel,
    check,
    configured_models,
    listed_models,
)
from apps.providers.openai_api.upstream import Upstream, upstream, why_no_upstream
from apps.providers.workflow.graph import BadGraph

DAYS = 30


class Command(BaseCommand):
    help = (
        "Shows each model of the profiles and of the live workflow with its last day. Exit code 1 when one is gone, "
        "unknown to the server, or ends soon, and when the server could not be asked; then our own table is shown."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, default=DAYS, help=f"how many days count as soon; {DAYS} by default")
        parser.add_argument("--json", action="store_true", help="as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        today = datetime.now(UTC).date()
        try:
            configured = configured_models()
        except BadGraph as error:
            raise CommandError(f"The live workflow cannot be read. {error}") from error
        server, listed, fault = _ask()
        models = check(configured, listed=listed, today=today, days=options["days"])
        if options["json"]:
            self._write_json(models, server=server, today=today, days=options["days"], fault=fault)
        else:
            self._write(models, server=server if listed is not None else None, today=today)
        troubled = ", ".join(model.model for model in models if model.problem)
        if faults := " ".join(filter(None, (fault, troubled and f"To be replaced: {troubled}."))):
            raise CommandError(faults)

    def _write(self, models: list[CheckedModel], *, server: Upstream | None, today: date) -> None:
        where = f"at {server.base_url} ({server.kind})" if server else f"by our table of {_day(TABLE_READ_ON)} alone"
        self.stdout.write(f"Models {where} on {_day(today)}")
        width = max(len(model.model) for model in models)
        for model in models:
            self.stdout.write(f"{model.model:<{width}}  {_state(model)}")
            self.stdout.write(f"{'':<{width}}  used by {'; '.join(model.used_by)}")

    def _write_json(
        self, models: list[CheckedModel], *, server: Upstream | None, today: date, days: int, fault: str
    ) -> None:
        found = {
            "base_url": server.base_url if server else None,
            "upstream": server.kind if server else None,
            "fault": fault,
            "checked_on": today.isoformat(),
            "days": days,
            "table_read_on": TABLE_READ_ON.isoformat(),
            "ok": not fault and not any(model.problem for model in models),
            "models": [model.as_json() for model in models],
        }
        self.stdout.write(json.dumps(found, indent=2))


def _ask() -> tuple[Upstream | None, dict[str, date | None] | None, str]:
    """The server, its list, and why there is none, as a sentence."""
    if why := why_no_upstream():
        return None, None, f"There is no server to ask: responses {why}."
    server = upstream()
    try:
        return server, _listed(), ""
    except ProviderError as error:
        return server, None, f"The models of {server.base_url} could not be listed: {error.code}."


def _listed() -> dict[str, date | None]:
    async def ask() -> dict[str, date | None]:
        try:
            return await listed_models()
        finally:
            await close_client()

    return async_to_sync(ask)()


def _state(model: CheckedModel) -> str:
    """ "ends on 14 January 2027, in 53 days (our table of 22 November 2026); successor gpt-6-luna"."""
    missing = "unknown to the server; " if model.is_listed is False else ""
    if model.shutdown_date is None or model.days_left is None:
        return f"{missing}no last day announced"
    source = "says the server" if model.date_source == "server" else f"our table of {_day(TABLE_READ_ON)}"
    left = f"in {model.days_left} {'day' if model.days_left == 1 else 'days'}"
    ends = (
        f"ends on {_day(model.shutdown_date)}, {left}" if model.days_left > 0 else f"ended {_day(model.shutdown_date)}"
    )
    successor = f"; successor {model.successor}" if model.successor else ""
    return f"{missing}{ends} ({source}){successor}"


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
