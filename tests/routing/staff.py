"""Signed-in staff with some permissions of routing, for tests of operations' pages."""

from django.contrib.auth.models import Permission, User
from django.test import Client

#: What operations as a whole may do.
ALL = ("view_rollout", "propose", "approve", "kill", "unkill", "close_circuit", "override")


def make_staff(*permissions: str, name: str = "Bob") -> Client:
    user = User.objects.create_user(name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="routing", codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client
