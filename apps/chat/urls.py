"""The text surface's addresses. `/chat/<session>/turns/` is what scripts post to."""

from django.urls import path

from apps.chat import views

app_name = "chat"
urlpatterns = [
    path("", views.new, name="new"),
    path("chat/conversations/", views.conversations, name="conversations"),
    path("chat/<uuid:session_id>/", views.conversation, name="conversation"),
    path("chat/<uuid:session_id>/turns/", views.turns, name="turns"),
    path("chat/<uuid:session_id>/rename/", views.rename, name="rename"),
    path("chat/<uuid:session_id>/delete/", views.delete, name="delete"),
]
