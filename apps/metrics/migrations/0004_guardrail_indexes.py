from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("metrics", "0003_is_overridden"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="requestlog",
            index=models.Index(
                condition=models.Q(("is_overridden", True)), fields=["session_id"], name="metrics_request_overridden"
            ),
        ),
        migrations.AddIndex(
            model_name="toolcall",
            index=models.Index(
                condition=models.Q(("ok", False)), fields=["started_at"], name="metrics_toolcall_failed_at"
            ),
        ),
    ]
