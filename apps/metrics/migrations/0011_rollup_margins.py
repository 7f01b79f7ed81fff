"""Rows without some dimensions, added up here from those that have all: the log may no longer have their turns."""

import math
from collections import Counter, defaultdict
from typing import Any

import django.db.models.manager
from django.db import migrations, models

from apps.metrics.rollups.histogram import Histogram

MARGINS = {
    "TurnRollup": {
        "intent": ("is_voice", "intent", "is_overridden"),
        "provider": ("provider", "assigned_provider", "is_voice", "is_overridden"),
        "models": ("provider", "assigned_provider", "is_voice", "model", "is_overridden"),
        "served": ("provider", "is_voice", "intent", "is_overridden"),
        "assigned": ("assigned_provider", "is_voice", "intent", "is_overridden"),
        "model": ("is_voice", "intent", "model", "is_overridden"),
    },
    "ToolRollup": {
        "tool": ("name", "is_voice"),
        "provider": ("name", "provider", "is_voice"),
        "intent": ("name", "is_voice", "intent"),
        "models": ("name", "provider", "is_voice", "model"),
    },
    "VoiceRollup": {"provider": ("provider",), "models": ("provider", "model")},
}
DIMENSIONS = {"name", "provider", "assigned_provider", "is_voice", "intent", "model", "is_overridden"}


def add_margins(apps: Any, schema_editor: Any) -> None:
    for model_name, margins in MARGINS.items():
        model = apps.get_model("metrics", model_name)
        for grain, start in list(model.every.order_by().values_list("grain", "start").distinct()):
            rows = list(model.every.filter(grain=grain, start=start, margin=""))
            for margin, kept in margins.items():
                groups = defaultdict(list)
                for row in rows:
                    groups[tuple(getattr(row, name) for name in kept)].append(row)
                model.every.bulk_create(
                    [added(model, group, margin=margin, kept=kept) for group in groups.values()], batch_size=500
                )


def added(model: Any, rows: list[Any], *, margin: str, kept: tuple[str, ...]) -> Any:
    values: dict[str, Any] = {"grain": rows[0].grain, "start": rows[0].start, "margin": margin}
    for field in model._meta.concrete_fields:
        name = field.name
        found = [getattr(row, name) for row in rows]
        if name in values or name == "id":
            continue
        if name in DIMENSIONS:
            values[name] = found[0] if name in kept else False if name.startswith("is_") else ""
        elif isinstance(field, models.BinaryField):
            values[name] = Histogram.from_bytes(b"".join(found)).to_bytes()
        elif isinstance(field, models.JSONField):
            values[name] = dict(sum(map(Counter, found), Counter()))
        else:
            values[name] = math.fsum(found) if isinstance(field, models.FloatField) else sum(found)
    return model(**values)


def remove_margins(apps: Any, schema_editor: Any) -> None:
    for model_name in MARGINS:
        apps.get_model("metrics", model_name).every.exclude(margin="").delete()


class Migration(migrations.Migration):
    dependencies = [
        ("metrics", "0010_analytics_views"),
    ]

    operations = [
        migrations.AlterModelManagers(
            name="toolrollup",
            managers=[
                ("every", django.db.models.manager.Manager()),
            ],
        ),
        migrations.AlterModelManagers(
            name="turnrollup",
            managers=[
                ("every", django.db.models.manager.Manager()),
            ],
        ),
        migrations.AlterModelManagers(
            name="voicerollup",
            managers=[
                ("every", django.db.models.manager.Manager()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="toolrollup",
            name="metrics_toolrollup_once",
        ),
        migrations.RemoveConstraint(
            model_name="turnrollup",
            name="metrics_turnrollup_once",
        ),
        migrations.RemoveConstraint(
            model_name="voicerollup",
            name="metrics_voicerollup_once",
        ),
        migrations.AddField(
            model_name="toolrollup",
            name="margin",
            field=models.CharField(default="", help_text="Which dimensions it has; empty where all.", max_length=8),
        ),
        migrations.AddField(
            model_name="turnrollup",
            name="margin",
            field=models.CharField(default="", help_text="Which dimensions it has; empty where all.", max_length=8),
        ),
        migrations.AddField(
            model_name="voicerollup",
            name="margin",
            field=models.CharField(default="", help_text="Which dimensions it has; empty where all.", max_length=8),
        ),
        migrations.AddConstraint(
            model_name="toolrollup",
            constraint=models.UniqueConstraint(
                fields=("grain", "margin", "start", "name", "provider", "is_voice", "intent", "model"),
                name="metrics_toolrollup_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="turnrollup",
            constraint=models.UniqueConstraint(
                fields=(
                    "grain",
                    "margin",
                    "start",
                    "provider",
                    "assigned_provider",
                    "is_voice",
                    "intent",
                    "model",
                    "is_overridden",
                ),
                name="metrics_turnrollup_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="voicerollup",
            constraint=models.UniqueConstraint(
                fields=("grain", "margin", "start", "provider", "intent", "model"), name="metrics_voicerollup_once"
            ),
        ),
        migrations.RunPython(add_margins, remove_margins),
    ]
