"""How many alerts fire now, for the admin's first page."""

from django import template
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from apps.metrics.models import Alert

register = template.Library()


@register.simple_tag
def n_firing(user: AbstractBaseUser | AnonymousUser) -> int:
    """0 as well for those who may not see alerts."""
    may = getattr(user, "has_perm", lambda _: False)("metrics.view_alert")
    return Alert.objects.filter(ended_at=None).count() if may else 0
