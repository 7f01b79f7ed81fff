"""Sends what waits in the outbox. Any number of processes may do so: each message is claimed before it is sent.

A claim is a conditional update that moves the next try ahead. So a message goes out at least once, never twice at the
same time, and one whose process died comes up again when the claim runs out.
"""

import logging
import time
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta

from django.db.models import F

from apps.core.threads import give_connections_back
from apps.routing.delivery_failed import DeliveryFailed
from apps.routing.mail import send_mail
from apps.routing.models import Notification, NotificationDelivery
from apps.routing.notifications import open_channels
from apps.routing.webhook import post

logger = logging.getLogger(__name__)

Channel = NotificationDelivery.Channel

SENDERS: Mapping[str, Callable[..., None]] = {Channel.EMAIL: send_mail, Channel.WEBHOOK: post}
#: Seconds from a try that failed to the next one; after the last of them it is given up.
WAITS_S = (10, 60, 300, 1_800, 7_200)
MAX_TRIES = len(WAITS_S) + 1
#: How long a claim holds; no send takes as long.
CLAIM_S = 120
#: What is older is news to nobody: where nothing was sent for days, nobody is flooded afterwards.
NEWS_FOR = timedelta(days=1)


def deliver_due(
    *, now: datetime, channels: Collection[Channel] | None = None, is_stopping: Callable[[], bool] = lambda: False
) -> int:
    """Sends what is due through these channels, all that somebody listens on unless named; answers how many went out.

    A channel that fails is left alone for the rest of the call, so a dead one costs a call one timeout.
    """
    able = set(open_channels() if channels is None else channels)
    began, n_sent = time.monotonic(), 0
    while able and not is_stopping():
        at = now + timedelta(seconds=time.monotonic() - began)
        delivery = _next_due(able, at=at)
        if delivery is None:
            break
        if not _claim(delivery, at=at):
            continue
        if why := _why_hopeless(delivery, at=at):
            _give_up(delivery, error=why)
        elif _send(delivery, at=at):
            n_sent += 1
        else:
            able.discard(Channel(delivery.channel))
    return n_sent


def _next_due(channels: Collection[Channel], *, at: datetime) -> NotificationDelivery | None:
    return (
        NotificationDelivery.objects.filter(next_try_at__lte=at, channel__in=sorted(channels))
        .select_related("notification")
        .order_by("next_try_at", "id")
        .first()
    )


def _claim(delivery: NotificationDelivery, *, at: datetime) -> bool:
    """Takes it for this process; False where another was faster."""
    until = at + timedelta(seconds=CLAIM_S)
    seen = NotificationDelivery.objects.filter(pk=delivery.pk, next_try_at=delivery.next_try_at)
    if not seen.update(next_try_at=until, n_tries=F("n_tries") + 1, error=""):
        return False
    delivery.next_try_at, delivery.n_tries = until, delivery.n_tries + 1
    return True


def _why_hopeless(delivery: NotificationDelivery, *, at: datetime) -> str:
    """Why it is not tried again, as a sentence; empty where it is."""
    if delivery.n_tries > MAX_TRIES:
        return "Each process that sent it ended before it was done."
    if at - delivery.notification.at > NEWS_FOR:
        return "It waited for a day and is no news any more."
    return ""


def _send(delivery: NotificationDelivery, *, at: datetime) -> bool:
    # A server may take seconds, and a pooled connection is for those who use it meanwhile.
    give_connections_back()
    try:
        SENDERS[delivery.channel](delivery.notification, at=at)
    except DeliveryFailed as failure:
        error = str(failure)
    except Exception as failure:
        # Not its message: that may quote an address.
        error = f"It failed unexpectedly ({type(failure).__name__})."
    else:
        _end(delivery, next_try_at=None, sent_at=at, error="")
        logger.info("Notification sent", extra=_extra(delivery))
        return True
    if delivery.n_tries >= MAX_TRIES:
        _give_up(delivery, error=error)
        return False
    wait_s = WAITS_S[delivery.n_tries - 1]
    _end(delivery, next_try_at=at + timedelta(seconds=wait_s), error=error)
    logger.warning("Notification not sent", extra=_extra(delivery) | {"error": error, "again_in_s": wait_s})
    return False


def _give_up(delivery: NotificationDelivery, *, error: str) -> None:
    _end(delivery, next_try_at=None, error=error)
    logger.error("Notification given up", extra=_extra(delivery) | {"error": error})


def _end(delivery: NotificationDelivery, **values: object) -> None:
    """Only while the claim is still this process's: another may have taken it over from one that took too long."""
    mine = NotificationDelivery.objects.filter(pk=delivery.pk, next_try_at=delivery.next_try_at)
    mine.update(**values)


def _extra(delivery: NotificationDelivery) -> dict[str, object]:
    notification: Notification = delivery.notification
    return {
        "notification": str(notification.pk),
        "kind": notification.kind,
        "channel": delivery.channel,
        "n_tries": delivery.n_tries,
    }
