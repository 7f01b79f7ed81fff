"""Tells people outside what happens: a row written with what it tells of, sent later by the watch."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from apps.routing.models import Notification, NotificationDelivery, Rollout, RolloutChange
from apps.routing.notification_text import REFUSED_QUIET_S, SUBJECT_CHARACTERS, message_of, one_line

logger = logging.getLogger(__name__)

Channel = NotificationDelivery.Channel

TOPIC = "rollout"


def notify_of(change: RolloutChange) -> None:
    """Keeps a message for each change that somebody outside should hear of, within the caller's transaction.

    Whatever goes wrong here stays here: a stop that nobody is told of is still a stop.
    """
    if not open_channels():
        return
    try:
        # A savepoint: on PostgreSQL one failed statement would end the caller's transaction as well.
        with transaction.atomic():
            _keep(change)
    except Exception:
        logger.exception("Notification not written", extra={"action": change.action, "provider": change.provider})


def open_channels() -> tuple[Channel, ...]:
    """The channels that somebody listens on, by this process's settings."""
    listening = {Channel.EMAIL: settings.ROLLOUT_NOTIFY_EMAILS, Channel.WEBHOOK: settings.ROLLOUT_WEBHOOK_URL}
    return tuple(channel for channel, to in listening.items() if to)


def rollout_page_url() -> str:
    """The rollout's page as people reach it; empty where SITE_URL does not say how."""
    return site_url(reverse("admin:routing_rollout_change", args=[Rollout.ONLY_ID]))


def site_url(path: str) -> str:
    """A page of this site as people reach it; empty where SITE_URL does not say how."""
    site = settings.SITE_URL.rstrip("/")
    return f"{site}{path}" if site else ""


def keep_message(
    *, topic: str, kind: str, subject: str, body: str, data: Mapping[str, Any], at: datetime
) -> Notification | None:
    """Keeps a message for every channel that somebody listens on, within the caller's transaction; None without any.

    A webhook's `type` is the topic and the kind, as `rollout.stopped`.
    """
    channels = open_channels()
    if not channels:
        return None
    notification = Notification.objects.create(
        at=at, topic=topic, kind=kind, subject=one_line(subject)[:SUBJECT_CHARACTERS], body=body, data=dict(data)
    )
    NotificationDelivery.objects.bulk_create(
        NotificationDelivery(notification=notification, channel=channel, next_try_at=at) for channel in channels
    )
    return notification


def _keep(change: RolloutChange) -> None:
    page_url = rollout_page_url()
    message = message_of(change, page_url=page_url, two_people=settings.ROLLOUT_TWO_PERSON)
    if message is None or _is_told_already(change):
        return
    keep_message(
        topic=TOPIC,
        kind=change.action,
        subject=message.subject,
        body=message.body,
        data=_data(change, page_url=page_url),
        at=change.at,
    )


def _is_told_already(change: RolloutChange) -> bool:
    """Whoever is refused over and over would otherwise fill every mailbox."""
    if change.action != RolloutChange.Action.REFUSED:
        return False
    lately = change.at - timedelta(seconds=REFUSED_QUIET_S)
    return Notification.objects.filter(topic=TOPIC, kind=change.action, at__gt=lately, data__by=change.by).exists()


def _data(change: RolloutChange, *, page_url: str) -> dict[str, Any]:
    """What a program wants of the change; shares are basis points of new sessions."""
    return {
        "action": change.action,
        "provider": change.provider,
        "by": change.by,
        "approved_by": change.approved_by,
        "reason": change.reason,
        "what": change.summary,
        "version": change.version,
        "shares": change.after.get("shares", {}),
        "stopped": sorted(change.after.get("kills", {})),
        "page_url": page_url,
    }
