"""Operations' pages for assistant profiles and workflow versions. Every change goes through the services, by POST."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, F, OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

import apps.providers.prices.admin  # noqa: F401  registers its page
from apps.core.read_only import ReadOnlyAdmin
from apps.providers.forms import USUAL_MODELS, DesignForm, NewProfileForm, ProfileForm
from apps.providers.models import AssistantProfile, SessionWorkflow, WorkflowVersion
from apps.providers.profiles import versions as profiles
from apps.providers.profiles.history import history
from apps.providers.profiles.versions import BadProfile, ProfileError, ProfileReplaced
from apps.providers.shutdown_dates import shutdown_note
from apps.providers.versioned_admin import VersionedAdmin, number_in, require
from apps.providers.workflow import versions
from apps.providers.workflow.design_text import as_stored, as_text, outline
from apps.providers.workflow.graph import BadGraph, ClassifyNode, parse_graph
from apps.providers.workflow.versions import VersionMissing


@admin.register(AssistantProfile)
class AssistantProfileAdmin(VersionedAdmin):
    """The list shows the newest version of each name; a name's page holds the form for the next one and the history."""

    list_display = ("name", "shown_model", "efforts", "n_tools", "shown_version", "since")
    list_display_links = ("name",)
    ordering = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[AssistantProfile]:
        same_name = AssistantProfile.objects.filter(name=OuterRef("name")).order_by("-version")
        return AssistantProfile.objects.alias(newest=Subquery(same_name.values("version")[:1])).filter(
            version=F("newest")
        )

    def get_urls(self) -> list[URLPattern]:
        return [
            self.own("<slug:name>/use-again/<int:version>/", self.use_again_view, "use_again"),
            *super().get_urls(),
        ]

    @admin.display(description="model", ordering="model")
    def shown_model(self, row: AssistantProfile) -> SafeString | str:
        note = shutdown_note(row.model, timezone.now().date())
        return format_html('{}<br><span class="profile-warning">{}</span>', row.model, note) if note else row.model

    @admin.display(description="effort")
    def efforts(self, row: AssistantProfile) -> str:
        return f"{row.effort}; {row.effort_high_stakes} at high stakes; {row.effort_voice} by voice"

    @admin.display(description="tools")
    def n_tools(self, row: AssistantProfile) -> str:
        return str(len(row.tools))

    @admin.display(description="version", ordering="version")
    def shown_version(self, row: AssistantProfile) -> str:
        return str(row.version)

    @admin.display(description="in force since, UTC", ordering="created_at")
    def since(self, row: AssistantProfile) -> str:
        return f"{row.created_at:%Y-%m-%d %H:%M}, by {row.created_by}"

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        require(self.has_add_permission(request))
        if request.method != "POST":
            return self._profile_page(request, form=NewProfileForm.empty())
        form = NewProfileForm(request.POST)
        return self._saved(request, form, name="") if form.is_valid() else self._profile_page(request, form=form)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        require(self.has_view_permission(request))
        row = AssistantProfile.objects.filter(pk=number_in(object_id)).first()
        if row is None:
            raise Http404
        newest = profiles.newest(row.name) or row
        if request.method == "POST":
            require(self.has_change_permission(request))
            form = ProfileForm(request.POST)
            if form.is_valid():
                return self._saved(request, form, name=row.name)
            return self._profile_page(request, form=form, newest=newest)
        return self._profile_page(request, form=ProfileForm.of(newest), newest=newest)

    @method_decorator(require_POST)
    def use_again_view(self, request: HttpRequest, name: str, version: int) -> HttpResponse:
        require(self.has_change_permission(request))
        newest = profiles.newest(name)
        seen = number_in(request.POST.get("expected_version", ""))
        if newest is None or not seen:
            raise Http404
        try:
            row = profiles.use_again(name=name, version=version, by=request.user.get_username(), expected_version=seen)
        except ProfileError as error:
            messages.error(request, str(error))
            return self.to_row(newest)
        if row is None:
            messages.info(request, f"Version {version} holds what is in force already; nothing changed.")
            return self.to_row(newest)
        messages.success(request, f"Version {row.version} holds what version {version} held. It counts from now.")
        return self.to_row(row)

    def _saved(self, request: HttpRequest, form: ProfileForm, *, name: str) -> HttpResponse:
        fields = {"name": name, **form.fields_to_save, "by": request.user.get_username()}
        try:
            row = profiles.save_profile(**fields)
        except BadProfile as error:
            form.add_error(error.field, str(error))
        except ProfileReplaced as error:
            form.add_error(None, str(error))
            if now := profiles.newest(name):
                form.decide_again_on(now.version)
        else:
            if row is None:
                messages.info(request, "This is what is in force already; nothing changed.")
                return self.to_row(profiles.newest(name))
            messages.success(
                request, f"Version {row.version} of {row.name} is saved. It counts from the next turn of every session."
            )
            for sentence in versions.lacking_in_profiles(versions.live_version().graph):
                messages.warning(request, f"The live workflow goes on without it: {sentence}")
            return self.to_row(row)
        return self._profile_page(request, form=form, newest=profiles.newest(name) if name else None)

    def _profile_page(
        self, request: HttpRequest, *, form: ProfileForm, newest: AssistantProfile | None = None
    ) -> HttpResponse:
        today = timezone.now().date()
        typed = str(form["model"].value() or "")
        rows = list(AssistantProfile.objects.filter(name=newest.name).order_by("-version")) if newest else []
        return self.page(
            request,
            "page",
            status=400 if form.errors else 200,
            title=f"Assistant profile {newest.name}" if newest else "Add an assistant profile",
            form=form,
            newest=newest,
            entries=history(rows),
            usual_models=USUAL_MODELS,
            shutdown_note=shutdown_note(newest.model, today) if newest else "",
            typed_note="" if newest and typed == newest.model else shutdown_note(typed, today),
            may_save=self.has_change_permission(request) if newest else self.has_add_permission(request),
        )


@admin.register(WorkflowVersion)
class WorkflowVersionAdmin(VersionedAdmin):
    """A version's page shows its outline and its JSON; a new one starts from the JSON of the live one."""

    list_display = ("number", "state", "n_sessions", "note", "made")
    ordering = ("-number",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[WorkflowVersion]:
        return WorkflowVersion.objects.annotate(n_sessions=Count("sessions"))

    def get_urls(self) -> list[URLPattern]:
        return [self.own("<int:number>/make-live/", self.make_live_view, "make_live"), *super().get_urls()]

    @admin.display(description="live")
    def state(self, row: WorkflowVersion) -> str:
        return f"live since {row.live_since:%Y-%m-%d %H:%M} UTC" if row.is_live and row.live_since else "no"

    @admin.display(description="sessions on it", ordering="n_sessions")
    def n_sessions(self, row: Any) -> str:
        return f"{row.n_sessions:,}"

    @admin.display(description="made, UTC", ordering="created_at")
    def made(self, row: WorkflowVersion) -> str:
        return f"{row.created_at:%Y-%m-%d %H:%M}, by {row.created_by}"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        require(self.has_add_permission(request))
        faults: list[str] = []
        n_more = 0
        if request.method == "POST":
            form = DesignForm(request.POST)
            form.full_clean()
            try:
                if form.is_valid():
                    row = versions.add_version(
                        form.cleaned_data["graph"], request.user.get_username(), form.cleaned_data["note"]
                    )
                    said = f"Version {row.number} is saved. It is not live: no session takes it until you make it so."
                    messages.success(request, said)
                    return self.to_row(row)
                # Somebody who forgot the note still reads what is wrong with the design.
                parse_graph(form.cleaned_data.get("graph", ""), profiles=profiles.tools_by_profile())
            except BadGraph as error:
                faults, n_more = error.messages, error.n_more
        else:
            source = self._source(request.GET.get("from", ""))
            form = DesignForm(initial={"graph": as_text(in_reading_order(source.graph))})
        return self.page(
            request,
            "add",
            status=400 if faults or form.errors else 200,
            title="Add a workflow version",
            form=form,
            faults=faults,
            n_more=n_more,
            profiles=profiles.tools_by_profile(),
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        require(self.has_view_permission(request))
        row = self.get_queryset(request).filter(pk=number_in(object_id)).first()
        if row is None:
            raise Http404
        if request.method == "POST":
            raise PermissionDenied
        steps, faults, notes = [], [], []
        try:
            graph = parse_graph(row.graph)
        except BadGraph as error:
            faults = error.messages
        else:
            steps = outline(graph)
            models = {node.model for node in graph.nodes.values() if isinstance(node, ClassifyNode)}
            notes = [note for model in sorted(models) if (note := shutdown_note(model, timezone.now().date()))]
            notes += versions.lacking_in_profiles(row.graph)
        return self.page(
            request,
            "page",
            title=f"Workflow version {row.number}",
            row=row,
            steps=steps,
            faults=faults,
            notes=notes,
            text=as_text(in_reading_order(row.graph)),
            may_add=self.has_add_permission(request),
            may_make_live=request.user.has_perm("providers.make_live"),
        )

    def make_live_view(self, request: HttpRequest, number: int) -> HttpResponse:
        """What it would do, on GET and when another version went live meanwhile; does it on POST."""
        require(request.user.has_perm("providers.make_live"))
        row = WorkflowVersion.objects.filter(number=number).first()
        if row is None:
            raise Http404
        live = versions.live_version()
        if row.pk == live.pk:
            messages.info(request, f"Version {number} is live already.")
            return self.to_row(row)
        if request.method == "POST" and request.POST.get("live") == str(live.number):
            try:
                versions.make_live(number, request.user.get_username())
            except BadGraph as error:
                for sentence in error.messages:
                    messages.error(request, sentence)
            except VersionMissing as error:
                messages.error(request, str(error))
            else:
                messages.success(request, f"Version {number} is live: new sessions take it from now.")
            return self.to_row(row)
        if request.method == "POST":
            messages.warning(
                request, f"Version {live.number} went live since you opened the page. Nothing was changed; look again."
            )
        sessions = SessionWorkflow.objects.order_by("-version__number").values_list("version__number")
        return self.page(
            request,
            "make_live",
            title=f"Make version {number} live?",
            row=row,
            live=live,
            keeping=list(sessions.annotate(n_sessions=Count("pk"))),
        )

    def _source(self, number: str) -> WorkflowVersion:
        asked = WorkflowVersion.objects.filter(number=number_in(number)).first()
        return asked or versions.live_version()


@admin.register(SessionWorkflow)
class SessionWorkflowAdmin(ReadOnlyAdmin):
    """What waits may repeat a question, so a session's page says only that something waits."""

    list_display = ("session_id", "version", "waits", "created_at")
    fields = ("session_id", "version", "waits", "created_at")
    list_filter = ("version",)
    list_select_related = ("version",)
    search_fields = ("session_id__startswith",)
    search_help_text = "A session id, whole or its beginning."
    id_fields = ("session_id",)

    @admin.display(description="waits for an approval")
    def waits(self, row: SessionWorkflow) -> str:
        return "no" if row.pending is None else "yes"


def in_reading_order(design: dict[str, Any]) -> dict[str, Any]:
    """PostgreSQL keeps no order of names; a design that is none any more comes as it is."""
    try:
        return as_stored(parse_graph(design))
    except BadGraph:
        return design
