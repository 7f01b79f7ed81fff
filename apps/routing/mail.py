"""One e-mail to everybody who is told, by Django's mail settings."""

import smtplib
from contextlib import suppress
from datetime import datetime
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from apps.routing.delivery_failed import DeliveryFailed
from apps.routing.models import Notification


def send_mail(notification: Notification, *, at: datetime) -> None:
    """Hands it to the mail server. Raises DeliveryFailed where that does not take it."""
    connection = get_connection()
    message = EmailMessage(
        subject=notification.subject,
        body=notification.body,
        to=settings.ROLLOUT_NOTIFY_EMAILS,
        connection=connection,
        headers={
            # The same with each try, so that a mailbox shows an e-mail that came twice once.
            "Message-ID": f"<{notification.pk.hex}@{_domain()}>",
            # No holiday note comes back.
            "Auto-Submitted": "auto-generated",
        },
    )
    try:
        connection.open()
        connection.send_messages([message])
    except smtplib.SMTPAuthenticationError as error:
        raise DeliveryFailed(f"The mail server refused the login ({error.smtp_code}).") from None
    except smtplib.SMTPRecipientsRefused:
        raise DeliveryFailed("The mail server refused every recipient.") from None
    except smtplib.SMTPResponseException as error:
        raise DeliveryFailed(f"The mail server answered {error.smtp_code}.") from None
    except (smtplib.SMTPServerDisconnected, TimeoutError):
        raise DeliveryFailed(
            f"The mail server hung up, or did not answer within {settings.EMAIL_TIMEOUT:g} s."
        ) from None
    except (smtplib.SMTPException, OSError) as error:
        raise DeliveryFailed(f"The mail server could not be reached ({type(error).__name__}).") from None
    finally:
        # The server has the message by now, or has refused it: how it says good-bye changes neither.
        with suppress(smtplib.SMTPException, OSError):
            connection.close()


def _domain() -> str:
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
