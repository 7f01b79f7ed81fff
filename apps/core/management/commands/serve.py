"""`make run` in one process: check, bring the database up to date, make a demo login on first run, serve."""

import gc
import secrets
import socket
from contextlib import ExitStack
from typing import Any

from channels.routing import get_default_application
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.module_loading import import_string

from apps.core.http_server import Server
from apps.core.own_address import announce

DEMO_USERNAME = "demo"
#: New objects between two looks for cycles among young ones; the default of 700 looks many times in one answer.
GC_THRESHOLD = 20_000


class Command(BaseCommand):
    help = "Migrates if needed, makes a demo staff login on first run (only with DEBUG), and serves."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        require_free_port(host, port)
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            call_command("migrate", interactive=False, verbosity=0)
            self.stdout.write("Database is up to date.")
        if settings.DEBUG:
            self._make_demo_login()
        else:
            call_command("collectstatic", interactive=False, verbosity=0)
        announce(f"http://{reachable(host)}:{port}")
        start_watch = import_string(settings.WATCH_LOOP) if settings.GVSES_WATCH else None
        with ExitStack() as at_the_end:

            def be_ready() -> None:
                self._be_ready(host, port)
                if start_watch is not None:
                    at_the_end.callback(start_watch())

            Server(
                get_default_application(),  # type: ignore[no-untyped-call]
                host=host,
                port=port,
                when_ready=be_ready,
            ).run()

    def _make_demo_login(self) -> None:
        """A staff login for a first look at the admin; its password is printed once and stored nowhere."""
        users = get_user_model()
        if users.objects.exists():
            return
        password = secrets.token_urlsafe(9)
        users.objects.create_superuser(DEMO_USERNAME, password=password)
        self._say(f"Demo staff login: {DEMO_USERNAME} / {password}  (change it at /accounts/password_change/)")

    def _be_ready(self, host: str, port: int) -> None:
        # What start-up has made stays for good; looking through it for garbage costs every answer a little.
        gc.collect()
        gc.freeze()
        gc.set_threshold(GC_THRESHOLD)
        self._say(f"G'sves answers at http://{host}:{port}  (stop it with Ctrl-C)")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def reachable(host: str) -> str:
    """The host under which this process finds itself; one that listens everywhere listens on the loopback too."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  compared, never bound
    return f"[{host}]" if ":" in host else host


def require_free_port(host: str, port: int) -> None:
    """Raises CommandError where something listens already; the server itself would only log it."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"Port {port} on {host} cannot be used: {error.strerror}. "
                f"Stop what uses it, or choose another: PORT={port + 1} make run"
            ) from error
