"""What people outside were told, and whether it reached them."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.core.read_only import ReadOnlyAdmin
from apps.routing.models import Notification


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    list_display = ("at", "subject", "state")
    list_filter = ("topic", "kind")
    search_fields = ("subject",)
    date_hierarchy = "at"
    fields = ("at", "topic", "kind", "subject", "body", "state")
    id_fields = ("id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Notification]:
        return super().get_queryset(request).prefetch_related("deliveries")

    @admin.display(description="state")
    def state(self, row: Notification) -> str:
        return "; ".join(str(delivery) for delivery in row.deliveries.all())
