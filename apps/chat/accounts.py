"""Logging in takes a trial visitor's conversations along; everything else is Django's own."""

from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from apps.assistant.services import adopt_conversations
from apps.chat.limits import login_wait_s
from apps.chat.visitor import forget_visitor, visitor_id_of


def staff_login(request: HttpRequest) -> HttpResponse:
    """Where the admin sends people: one way in for everybody. An account without staff rights is told so."""
    if request.user.is_authenticated:
        raise PermissionDenied
    return redirect_to_login(request.GET.get("next", ""), reverse("login"))


class AdoptingLoginView(LoginView):
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        wait_s = login_wait_s(request)
        if wait_s:
            response = render(
                request, "429.html", {"retry_after_s": wait_s, "limit": settings.LOGINS_PER_ADDRESS}, status=429
            )
            response.headers["Retry-After"] = str(wait_s)
            return response
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        response = super().form_valid(form)
        visitor_id = visitor_id_of(self.request)
        if visitor_id is not None:
            adopt_conversations(visitor_id=visitor_id, user_id=form.get_user().pk)
            forget_visitor(response)
        return response
