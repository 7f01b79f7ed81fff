"""The shipped profiles and the shipped workflow design, as the first versions."""

from django.db import migrations
from django.utils import timezone

from apps.providers.shipped import PROFILES, design_fields, profile_fields


def write(apps, schema_editor):
    database = schema_editor.connection.alias
    rows = [
        *(("AssistantProfile", ("name", "version"), profile_fields(name)) for name in PROFILES),
        ("WorkflowVersion", ("number",), {**design_fields(), "is_live": True, "live_since": timezone.now()}),
    ]
    for model_name, key, fields in rows:
        model = apps.get_model("providers", model_name)
        # A column that a later migration adds does not exist yet.
        known = {field.name for field in model._meta.get_fields()}
        fields = {name: value for name, value in fields.items() if name in known}
        # After a step back the rows are still there.
        model.objects.using(database).get_or_create(**{name: fields[name] for name in key}, defaults=fields)


class Migration(migrations.Migration):
    dependencies = [("providers", "0001_profiles_and_workflows")]

    # Backwards, the tables go with 0001.
    operations = [migrations.RunPython(write, migrations.RunPython.noop)]
