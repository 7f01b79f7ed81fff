"""Operations' page for our own prices: what rules now, the form for the next version, what each version said."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.db.models import Max, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.text import capfirst

from apps.providers.models import PriceOverride
from apps.providers.prices.examples import Example, examples
from apps.providers.prices.forms import PriceForm, short
from apps.providers.prices.overrides import Override, in_force, overrides_known
from apps.providers.prices.versions import (
    BadPrice,
    PricesReplaced,
    as_override,
    draft_of,
    read_overrides,
    save_override,
    versions_of,
)
from apps.providers.versioned_admin import VersionedAdmin, number_in, require


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One version as the history shows it; `mark` says what it is now, or is empty."""

    row: PriceOverride
    prices: str
    mark: str


@admin.register(PriceOverride)
class PriceOverrideAdmin(VersionedAdmin):
    """The list has one line a model; a model's page holds the form for its next version and its history."""

    list_display = ("model", "rules_now", "newest", "entered")
    list_display_links = ("model",)
    ordering = ("model",)
    search_fields = ("model__icontains",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[PriceOverride]:
        newest = PriceOverride.objects.order_by().values("model").annotate(newest=Max("id")).values("newest")
        return PriceOverride.objects.filter(pk__in=newest)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        read_overrides()
        return super().changelist_view(request, extra_context)

    @admin.display(description="what rules now")
    def rules_now(self, row: PriceOverride) -> str:
        ruling = in_force(overrides_known.versions_of(row.model), at=timezone.now())
        return f"{ruling.version}: {in_words(ruling)}" if ruling else "the bundled list"

    @admin.display(description="newest version")
    def newest(self, row: PriceOverride) -> str:
        return f"override {row.pk}, from {row.valid_from:%Y-%m-%d %H:%M} UTC"

    @admin.display(description="entered, UTC", ordering="created_at")
    def entered(self, row: PriceOverride) -> str:
        return f"{row.created_at:%Y-%m-%d %H:%M}, by {row.created_by}"

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        require(self.has_add_permission(request))
        if request.method != "POST":
            return self._prices_page(request, PriceForm(initial={"model": request.GET.get("model", "")[:100]}))
        return self._answered(request, PriceForm(request.POST), model="")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        require(self.has_view_permission(request))
        row = PriceOverride.objects.filter(pk=number_in(object_id)).first()
        if row is None:
            raise Http404
        newest = versions_of(row.model)[0]
        if request.method != "POST":
            return self._prices_page(request, PriceForm.of(newest), model=row.model)
        require(self.has_add_permission(request))
        data = request.POST.copy()
        data["model"] = row.model
        return self._answered(request, PriceForm(data), model=row.model)

    def _answered(self, request: HttpRequest, form: PriceForm, *, model: str) -> HttpResponse:
        """The page again with what usual calls would cost, with what is wrong, or after saving the model's page."""
        if not form.is_valid():
            return self._prices_page(request, form, model=model)
        try:
            draft = draft_of(**form.prices_to_save, by=request.user.get_username())
            if "preview" in request.POST:
                read_overrides()
                return self._prices_page(request, form, model=model, shown=examples(as_override(draft)))
            row = save_override(draft=draft, expected_number=form.cleaned_data["expected_number"])
        except BadPrice as error:
            form.add_error(error.field, str(error))
        except PricesReplaced as error:
            form.add_error(None, str(error))
            form.decide_again()
        else:
            begins = "from now" if row.valid_from <= timezone.now() else f"from {row.valid_from:%Y-%m-%d %H:%M} UTC"
            messages.success(request, f"Override {row.pk} of {row.model} is saved and counts {begins}.")
            return self.to_row(row)
        return self._prices_page(request, form, model=model)

    def _prices_page(
        self, request: HttpRequest, form: PriceForm, *, model: str = "", shown: list[Example] | None = None
    ) -> HttpResponse:
        rows = list(versions_of(model)) if model else []
        ruling = in_force((as_override(row) for row in rows), at=timezone.now())
        return self.page(
            request,
            "page",
            status=400 if form.errors else 200,
            title=f"Prices of {model}" if model else "Add a price",
            form=form,
            model=model,
            ruling=f"{ruling.version.capitalize()}: {in_words(ruling)}" if ruling else "The bundled list",
            entries=[_entry(row, ruling) for row in rows],
            examples=shown,
            may_add=self.has_add_permission(request),
        )


def in_words(prices: Override) -> str:
    """The prices that there are: "Input 2, output 8 USD a million tokens; 0.01 USD a minute heard"."""
    tokens = [
        f"{name} {short(price)}"
        for name, price in (
            ("input", prices.usd_per_million_input),
            ("cached input", prices.usd_per_million_cached),
            ("output", prices.usd_per_million_output),
        )
        if price is not None
    ]
    said = [f"{', '.join(tokens)} USD a million tokens"] if tokens else []
    if prices.usd_per_audio_minute is not None:
        said.append(f"{short(prices.usd_per_audio_minute)} USD a minute heard")
    if prices.usd_per_million_characters is not None:
        said.append(f"{short(prices.usd_per_million_characters)} USD a million characters spoken")
    return capfirst("; ".join(said)) or "The bundled list rules again"


def _entry(row: PriceOverride, ruling: Override | None) -> Entry:
    mark = ""
    if ruling and ruling.number == row.pk:
        mark = "in force"
    elif row.valid_from > timezone.now():
        mark = "not yet in force"
    return Entry(row=row, prices=in_words(as_override(row)), mark=mark)
