"""How far retention has come."""

from django.db import models


class Retention(models.Model):
    """One row: up to which day's turns the text is gone, so that each run begins where the one before it ended."""

    ONLY_ID = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY_ID)
    text_removed_before = models.DateTimeField(
        null=True, help_text="Turns that began earlier have lost their text; empty before the first run."
    )

    ran_at = models.DateTimeField(null=True, help_text="When a run last came to its end.")

    class Meta:
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="metrics_retention_one_row")]

    def __str__(self) -> str:
        return f"Text removed before {self.text_removed_before}"
