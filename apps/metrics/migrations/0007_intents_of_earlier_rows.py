"""Rows from before: what was the intent is what the provider read; when they were closed is taken from their start."""

from django.db import migrations
from django.db.models import Case, F, Value, When

INTENT_OF = {
    "quote": "research",
    "news": "research",
    "overview": "research",
    "compare": "analysis",
    "indicators": "analysis",
    "levels": "analysis",
    "plan": "execution",
    "chart": "chart",
    "knowledge": "education",
    "greeting": "other",
    "clarify": "other",
    "out_of_scope": "other",
}


def carry_over(apps, schema_editor):
    requests = apps.get_model("metrics", "RequestLog").objects.using(schema_editor.connection.alias)
    requests.exclude(intent="").filter(read_as="").update(
        read_as=F("intent"),
        intent=Case(*[When(intent=old, then=Value(new)) for old, new in INTENT_OF.items()], default=Value("")),
    )
    requests.exclude(status="started").filter(finished_at=None).update(finished_at=F("created_at"))


def carry_back(apps, schema_editor):
    requests = apps.get_model("metrics", "RequestLog").objects.using(schema_editor.connection.alias)
    requests.exclude(read_as="").update(intent=F("read_as"))


class Migration(migrations.Migration):
    dependencies = [("metrics", "0006_complete_rows")]

    operations = [migrations.RunPython(carry_over, carry_back)]
