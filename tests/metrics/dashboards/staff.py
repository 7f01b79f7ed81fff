"""Signed-in staff with some permissions of metrics."""

from django.contrib.auth.models import Permission
from django.test import Client

from tests.factories import make_user

#: What an analyst as a whole may do.
ALL = ("view_dashboards", "export_requests", "view_requestlog", "view_requesttext")


def sign_in(name: str, *permissions: str, is_staff: bool = True) -> Client:
    user = make_user(name, is_staff=is_staff)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="metrics", codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client
