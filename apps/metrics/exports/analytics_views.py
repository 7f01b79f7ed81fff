"""The views that analysts read, `analytics_requests` and `analytics_toolcalls`: figures without anybody's words.

A migration that changes a table under a view takes the views away first and brings them back after, because PostgreSQL
alters no column that a view shows, and SQLite makes such a table anew:

    operations = [AWAY, migrations.AlterField(…), BACK]

The views of that moment then have those of their columns that the tables have.
"""

import re
from typing import Any

from django.db import migrations

from apps.metrics.exports.columns import REQUESTS, TOOL_CALLS, Column, Kind

REQUESTS_VIEW, TOOL_CALLS_VIEW = "analytics_requests", "analytics_toolcalls"
#: The tables under the views, by their names there.
TABLES = {
    "request": ("metrics", "RequestLog"),
    "call": ("metrics", "ToolCall"),
    "attempt": ("metrics", "Attempt"),
    "voice": ("metrics", "VoiceTurn"),
    "session": ("routing", "SessionAssignment"),
}
#: Each view: its columns, where they come from, and the moment that its days follow.
VIEWS: dict[str, tuple[tuple[Column, ...], str, str]] = {
    REQUESTS_VIEW: (
        REQUESTS,
        "metrics_requestlog request "
        "LEFT JOIN routing_sessionassignment session ON session.session_id = request.session_id "
        "LEFT JOIN routing_sessionpin pin ON pin.session_id = request.session_id "
        "LEFT JOIN metrics_voiceturn voice ON voice.request_id = request.request_id",
        "request.created_at",
    ),
    TOOL_CALLS_VIEW: (
        TOOL_CALLS,
        "metrics_toolcall call "
        "LEFT JOIN metrics_attempt attempt ON attempt.request_id = call.request_id AND attempt.number = call.attempt",
        "call.started_at",
    ),
}


def create_views(apps: Any, schema_editor: Any) -> None:
    """`apps` has the models of that moment: a column that a table does not have yet is left out."""
    present = {
        f"{table}.{field.column}"
        for table, (app, model) in TABLES.items()
        for field in apps.get_model(app, model)._meta.concrete_fields
    }
    for view, (columns, source, moment) in VIEWS.items():
        table = moment.partition(".")[0]
        sources = {column.name: _source(column, table, moment, schema_editor.connection.vendor) for column in columns}
        shown = [
            f"{sql} AS {name}" for name, sql in sources.items() if sql in present or not re.fullmatch(r"\w+\.\w+", sql)
        ]
        # Names of this file and of `columns.py` alone.
        schema_editor.execute(f"CREATE VIEW {view} AS SELECT {', '.join(shown)} FROM {source}")  # noqa: S608


def drop_views(apps: Any, schema_editor: Any) -> None:
    for view in VIEWS:
        schema_editor.execute(f"DROP VIEW IF EXISTS {view}")


def _source(column: Column, table: str, moment: str, vendor: str) -> str:
    if column.kind is Kind.DATE:
        return DAYS[vendor][column.name].format(moment)
    return column.source or f"{table}.{column.name}"


#: The day of a moment, and the Monday of its week, both UTC: a date on PostgreSQL, ten characters on SQLite.
DAYS = {
    "postgresql": {
        "day": "CAST({} AT TIME ZONE 'UTC' AS date)",
        "week": "CAST(date_trunc('week', {} AT TIME ZONE 'UTC') AS date)",
    },
    "sqlite": {"day": "substr({}, 1, 10)", "week": "date({}, 'weekday 0', '-6 days')"},
}

AWAY = migrations.RunPython(drop_views, create_views)
BACK = migrations.RunPython(create_views, drop_views)
