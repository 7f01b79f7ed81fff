"""The admin's rollout controls from the shell, through the same services."""

import json
import os
import pwd
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.providers.registry import PROVIDERS
from apps.routing import changes, circuits, kills, ledger, proposals
from apps.routing.errors import RoutingError
from apps.routing.live import live_now
from apps.routing.live_notes import live_note, watch_note
from apps.routing.models import RolloutChange
from apps.routing.open_circuit import circuit_of
from apps.routing.overrides.commands import add_override_verbs, run_override_verb
from apps.routing.overview import overview
from apps.routing.shares import parse_shares
from apps.routing.shell_verbs import add_verbs, evidence_text, proposals_text, run, schedules_text


class Command(BaseCommand):
    help = "Shows or changes which provider serves new sessions; a change counts from the next turn."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        show = verbs.add_parser("show", help="who serves now, and why")
        show.add_argument("--json", action="store_true", help="as one JSON object")
        set_ = verbs.add_parser("set", help="new shares, together 100: rollout set responses=75 workflow=25")
        set_.add_argument("shares", nargs="+", metavar="NAME=PERCENT")
        set_.add_argument("--reason", default="", help="why")
        kill = verbs.add_parser("kill", help="stop a provider from the next turn of every session")
        kill.add_argument("name", metavar="NAME")
        kill.add_argument("--reason", required=True, help="why")
        kill.add_argument("--cut", action="store_true", help="end its running answers at once, not within 30 s")
        kill.add_argument("--instead", default="", metavar="NAME", help="who serves instead; asked for with responses")
        unkill = verbs.add_parser("unkill", help="resume a stopped provider: its sessions return to it")
        unkill.add_argument("name", metavar="NAME")
        unkill.add_argument("--reason", required=True, help="why")

        set_.add_argument("--propose", action="store_true", help="keep them for somebody to approve")
        add_verbs(verbs)
        add_override_verbs(verbs)
        verbs.add_parser("verify", help="whether the audit log is whole: each entry follows the one before it")
        close = verbs.add_parser(
            "close-circuit", help="let a provider's turns go to it again, whether it is well or not"
        )
        close.add_argument("name", metavar="NAME")
        close.add_argument("--reason", required=True, help="why")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            match options["verb"]:
                case "show":
                    self._show(as_json=options["json"])
                case "set":
                    self._set(options["shares"], reason=options["reason"], is_proposal=options["propose"])
                case "kill":
                    self._kill(options)
                case "pin" | "unpin" | "sign-override":
                    self.stdout.write(run_override_verb(options, by=operator()))
                case "verify":
                    self._verify()
                case "unkill":
                    self._unkill(options["name"], reason=options["reason"])
                case "close-circuit":
                    circuits.close_circuit(provider=options["name"], by=operator(), reason=options["reason"])
                    self.stdout.write(f"{circuit_of(options['name'])} is closed. {overview().headline}")
                case _:
                    self.stdout.write(run(options, by=operator()))
        except RoutingError as error:
            raise CommandError(str(error)) from error

    def _show(self, *, as_json: bool) -> None:
        now = overview()
        if as_json:
            self.stdout.write(json.dumps(now.as_json(), indent=2))
            return
        self.stdout.write(f"{now.headline}\n")
        width = max(len(row.name) for row in now.rows)
        for row in now.rows:
            self.stdout.write(f"{row.name:<{width}}  {row.share_text:>8}  {row.share_note}".rstrip())
            if row.stop:
                when = f" at {row.stop.at:%Y-%m-%d %H:%M} UTC" if row.stop.at else ""
                self.stdout.write(
                    f"{'':<{width}}  stopped by {row.stop.by}{when}: {row.stop.reason or 'no reason yet'}"
                )
            if row.circuit:
                for sentence in (row.circuit.what, row.circuit.tries, row.circuit.to_do):
                    self.stdout.write(f"{'':<{width}}  {sentence}")
        for line in (*evidence_text(), *proposals_text(), *schedules_text()):
            self.stdout.write(line)
        self.stdout.write(live_note(live_now()))
        self.stdout.write(watch_note(now=now.as_of).sentence)
        self.stdout.write(f"Version {now.version}, {now.updated_at:%Y-%m-%d %H:%M} UTC.")

    def _set(self, pairs: list[str], *, reason: str, is_proposal: bool) -> None:
        shares = parse_shares(parse_pairs(pairs), providers=tuple(PROVIDERS))
        preview = changes.preview_shares(shares=shares)
        if is_proposal:
            proposal = proposals.propose_shares(
                shares=shares, by=operator(), reason=reason, expected_version=preview.version
            )
            self.stdout.write(f"Proposal {proposal.pk} waits for approval: {proposal.change}. Nothing has changed yet.")
            return
        change = changes.set_shares(shares=shares, by=operator(), reason=reason, expected_version=preview.version)
        if change is None:
            self.stdout.write("These are the shares already; nothing changed.")
            return
        for sentence in preview.sentences:
            self.stdout.write(sentence)
        self.stdout.write(f"No session that has begun moves. {overview().headline}")

    def _kill(self, options: dict[str, Any]) -> None:
        name, by, reason, cut = options["name"], operator(), options["reason"], options["cut"]
        change = kills.kill(provider=name, by=by, reason=reason, cut=cut, instead=options["instead"])
        said = f"{name} stopped."
        if change is None and cut and kills.cut(provider=name, by=by, reason=reason):
            said = f"{name} was stopped already; its running answers are cut."
        elif change is None:
            said = f"{name} was stopped already; nothing changed."
        self.stdout.write(f"{said} {overview().headline}")

    def _unkill(self, name: str, *, reason: str) -> None:
        if settings.ROLLOUT_TWO_PERSON:
            proposal = proposals.propose_resume(provider=name, by=operator(), reason=reason)
            self.stdout.write(f"Proposal {proposal.pk} waits for a second person. {name} is still stopped.")
            return
        kills.unkill(provider=name, by=operator(), reason=reason)
        self.stdout.write(f"{name} resumed. {overview().headline}")

    def _verify(self) -> None:
        if faults := ledger.verify():
            raise CommandError("\n".join(faults))
        self.stdout.write(f"{RolloutChange.objects.count()} entries, each follows the one before it.")


def parse_pairs(pairs: list[str]) -> dict[str, str]:
    """NAME=PERCENT as name → percent. Raises CommandError."""
    shares: dict[str, str] = {}
    for pair in pairs:
        name, separator, share = pair.partition("=")
        if not separator or not name or not share.strip():
            raise CommandError(f"“{pair}” is not NAME=PERCENT, for example workflow=25.")
        if name in shares:
            raise CommandError(f"{name} is given twice.")
        shares[name] = share
    return shares


def operator() -> str:
    """Who runs the shell, as far as the system knows."""
    try:
        return f"{pwd.getpwuid(os.getuid()).pw_name} (shell)"
    except (KeyError, OSError):
        return "shell"
