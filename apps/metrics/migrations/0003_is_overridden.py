from django.db import migrations, models


def mark(apps, schema_editor):
    """Marks the turns that an override is known to have sent; one that a stop or a circuit overruled left no trace."""
    requests = apps.get_model("metrics", "RequestLog").objects
    requests.filter(route_reason="override").update(is_overridden=True)


class Migration(migrations.Migration):
    dependencies = [
        ("metrics", "0002_attempts"),
    ]

    operations = [
        migrations.AddField(
            model_name="requestlog",
            name="is_overridden",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Staff named a provider for it; it is left out of the evidence.",
            ),
        ),
        migrations.RunPython(mark, migrations.RunPython.noop, elidable=True),
    ]
