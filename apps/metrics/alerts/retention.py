"""What nobody needs of alerts any more."""

from datetime import datetime

from django.db import transaction

from apps.metrics.models import Alert, AlertReading

#: Alerts deleted in one transaction.
BATCH = 200


def prune_alerts(*, before: datetime) -> int:
    """Deletes alerts that ended before then, with their figures, oldest first, in batches; how many alerts."""
    n_deleted = 0
    while batch := list(Alert.objects.filter(ended_at__lt=before).order_by("id").values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            AlertReading.objects.filter(alert__in=batch).delete()
            Alert.objects.filter(pk__in=batch).delete()
        n_deleted += len(batch)
    return n_deleted
