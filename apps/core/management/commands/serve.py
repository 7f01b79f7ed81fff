"""`make run` in one process: check, bring the database up to date, make a demo login on first run, serve."""

import secrets
from typing import Any

from channels.routing import get_default_application
from daphne.endpoints import build_endpoint_description_strings
from daphne.server import Server
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

DEMO_USERNAME = "demo"
WEBSOCKET_HANDSHAKE_TIMEOUT_S = 5


class Command(BaseCommand):
    help = "Migrates if needed, makes a demo staff login on first run (only with DEBUG), and serves."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            call_command("migrate", interactive=False, verbosity=0)
            self.stdout.write("Database is up to date.")
        if settings.DEBUG:
            self._make_demo_login()
        else:
            call_command("collectstatic", interactive=False, verbosity=0)
        self.stdout.write(f"G'sves answers at http://{host}:{port}  (stop it with Ctrl-C)")
        Server(
            application=get_default_application(),  # type: ignore[no-untyped-call]
            endpoints=build_endpoint_description_strings(host=host, port=port),
            websocket_handshake_timeout=WEBSOCKET_HANDSHAKE_TIMEOUT_S,
            server_name="gvses",
        ).run()

    def _make_demo_login(self) -> None:
        """A staff login for a first look at the admin; its password is printed once and stored nowhere."""
        users = get_user_model()
        if users.objects.exists():
            return
        password = secrets.token_urlsafe(9)
        users.objects.create_superuser(DEMO_USERNAME, password=password)
        self.stdout.write(f"Demo staff login: {DEMO_USERNAME} / {password}  (change it at /accounts/password_change/)")
