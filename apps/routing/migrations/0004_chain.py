from django.db import migrations, models

from apps.routing.ledger_hash import entry_hash


def chain(apps, schema_editor):
    """Chains the entries there are, and lets the evidence of each provider with a share begin at its last change."""
    changes = apps.get_model("routing", "RolloutChange").objects
    previous = ""
    for change in changes.order_by("id").iterator():
        change.previous_hash = previous
        change.hash = previous = entry_hash(change, previous=previous)
        change.save(update_fields=["previous_hash", "hash"])
    for rollout in apps.get_model("routing", "Rollout").objects.all():
        rollout.ledger_head = previous
        rollout.evidence_since = dict.fromkeys(rollout.shares, rollout.updated_at.isoformat())
        rollout.save(update_fields=["ledger_head", "evidence_since"])


class Migration(migrations.Migration):
    dependencies = [("routing", "0003_rollout_control")]

    operations = [
        migrations.RunPython(chain, migrations.RunPython.noop, elidable=True),
        migrations.AlterField(model_name="rolloutchange", name="hash", field=models.CharField(max_length=64)),
        migrations.AlterField(
            model_name="rolloutchange", name="previous_hash", field=models.CharField(max_length=64, unique=True)
        ),
    ]
