"""The shipped profiles and the shipped workflow design, as the first versions."""

from django.db import migrations
from django.utils import timezone

from apps.providers.shipped import PROFILES, design_fields, profile_fields


def write(apps, schema_editor):
    database = schema_editor.connection.alias
    rows = [
        *(("AssistantProfile", profile_fields(name)) for name in PROFILES),
        ("WorkflowVersion", {**design_fields(), "is_live": True, "live_since": timezone.now()}),
    ]
    for model_name, fields in rows:
        model = apps.get_model("providers", model_name)
        # A column that a later migration adds does not exist yet.
        known = {field.name for field in model._meta.get_fields()}
        model.objects.using(database).create(**{name: value for name, value in fields.items() if name in known})


class Migration(migrations.Migration):
    dependencies = [("providers", "0001_profiles_and_workflows")]

    # Backwards, the tables go with 0001.
    operations = [migrations.RunPython(write, migrations.RunPython.noop)]
