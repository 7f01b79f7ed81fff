"""Who may do what in the pages of the providers app."""

from django.contrib.auth.models import Permission, User
from django.test import Client


def make_staff(*permissions: str, name: str = "Bob") -> Client:
    """A signed-in staff member with these permissions of the providers app."""
    user = User.objects.create_user(name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="providers", codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def text_of(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()
