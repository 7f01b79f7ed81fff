from django.db import migrations, models

from apps.metrics.exports.analytics_views import BACK


class Migration(migrations.Migration):
    dependencies = [
        ("metrics", "0009_alerts"),
        ("routing", "0006_snapshot_reason"),
    ]

    operations = [
        migrations.CreateModel(
            name="Retention",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                (
                    "text_removed_before",
                    models.DateTimeField(
                        help_text="Turns that began earlier have lost their text; empty before the first run.",
                        null=True,
                    ),
                ),
                ("ran_at", models.DateTimeField(help_text="When a run last came to its end.", null=True)),
            ],
            options={
                "default_permissions": (),
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="metrics_retention_one_row")
                ],
            },
        ),
        BACK,
    ]
