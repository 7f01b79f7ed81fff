"""What operations writes for the assistants: profiles, workflow versions and which one a session runs, prices."""

from django.db import models
from django.utils import timezone


class Effort(models.TextChoices):
    """How long a model reasons before it answers, as the Responses API names it."""

    NONE = "none", "none"
    MINIMAL = "minimal", "minimal"
    LOW = "low", "low"
    MEDIUM = "medium", "medium"
    HIGH = "high", "high"
    XHIGH = "xhigh", "xhigh"


class AssistantProfile(models.Model):
    """One version of what an assistant is told and may use. Rows are added, never edited; the newest is in force."""

    name = models.SlugField(max_length=64, db_index=False)
    version = models.PositiveIntegerField()
    instructions = models.TextField()
    model = models.CharField(max_length=100)
    effort = models.CharField(max_length=16, choices=Effort, default=Effort.MEDIUM)
    effort_high_stakes = models.CharField(max_length=16, choices=Effort, default=Effort.HIGH)
    effort_voice = models.CharField(max_length=16, choices=Effort, default=Effort.LOW)
    tools = models.JSONField(help_text="Names of the tools it may call.")
    label_ids = models.JSONField(default=list, blank=True, help_text="Ids of a former system; never sent upstream.")
    note = models.TextField(blank=True, help_text="Why this version was made.")
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.CharField(max_length=150)

    class Meta:
        verbose_name = "assistant profile"
        default_permissions = ("view", "add", "change")
        ordering = ["name", "-version"]
        constraints = [models.UniqueConstraint(fields=["name", "version"], name="providers_profile_version")]

    def __str__(self) -> str:
        return f"{self.name}, version {self.version}"


class WorkflowVersion(models.Model):
    """One design of the workflow. Rows are added, never edited; new sessions run the live one."""

    number = models.PositiveIntegerField(unique=True)
    graph = models.JSONField(help_text="As `apps.providers.workflow.graph` reads it.")
    label_ids = models.JSONField(default=list, blank=True, help_text="Ids of a former system; never sent upstream.")
    note = models.TextField(blank=True, help_text="Why this version was made.")
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.CharField(max_length=150)
    is_live = models.BooleanField(default=False)
    live_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "workflow version"
        default_permissions = ("view", "add")
        permissions = [("make_live", "Can make a workflow version live")]
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_live"], condition=models.Q(is_live=True), name="providers_workflow_one_live"
            )
        ]

    def __str__(self) -> str:
        return f"Workflow version {self.number}"


class SessionWorkflow(models.Model):
    """The version a session runs, written once at its first workflow turn, and the approval it waits for."""

    session_id = models.UUIDField(primary_key=True, verbose_name="session id")
    version = models.ForeignKey(WorkflowVersion, on_delete=models.PROTECT, related_name="sessions")
    pending = models.JSONField(null=True, blank=True, help_text="The approval that waits for the person's answer.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "session's workflow"
        verbose_name_plural = "sessions' workflows"
        default_permissions = ("view",)
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["created_at"], name="providers_session_at")]

    def __str__(self) -> str:
        return f"{self.session_id} runs {self.version}"


#: No model costs more a million tokens, a minute or a million characters; more is a slip of the point.
MOST_USD_A_UNIT = 1000


def _is_price(name: str) -> models.Q:
    return models.Q(**{f"{name}__isnull": True}) | models.Q(**{f"{name}__gte": 0, f"{name}__lte": MOST_USD_A_UNIT})


class PriceOverride(models.Model):
    """One version of our own prices of a model. Rows are added, never edited; the one that began last is in force.

    A price is NULL where nobody has said what the model costs by that unit: a call that used it has no known cost.
    """

    model = models.CharField(max_length=100, help_text="As the upstream names it; its dated snapshots follow it.")
    usd_per_million_input = models.DecimalField(max_digits=12, decimal_places=6, null=True, blank=True)
    usd_per_million_cached = models.DecimalField(max_digits=12, decimal_places=6, null=True, blank=True)
    usd_per_million_output = models.DecimalField(max_digits=12, decimal_places=6, null=True, blank=True)
    usd_per_audio_minute = models.DecimalField(max_digits=12, decimal_places=6, null=True, blank=True)
    usd_per_million_characters = models.DecimalField(max_digits=12, decimal_places=6, null=True, blank=True)
    uses_list = models.BooleanField(default=False, help_text="The bundled list rules again from then on.")
    valid_from = models.DateTimeField(default=timezone.now)
    note = models.TextField(help_text="Why, and where the prices are published.")
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.CharField(max_length=150)

    class Meta:
        verbose_name = "price"
        default_permissions = ("view", "add")
        ordering = ["-id"]
        indexes = [models.Index(fields=["model", "-valid_from"], name="providers_price_of_model")]
        constraints = [
            models.CheckConstraint(
                name="providers_price_is_one",
                condition=_is_price("usd_per_million_input")
                & _is_price("usd_per_million_cached")
                & _is_price("usd_per_million_output")
                & _is_price("usd_per_audio_minute")
                & _is_price("usd_per_million_characters"),
            )
        ]

    def __str__(self) -> str:
        return f"Override {self.pk}: {self.model}"
