"""Mail goes out after the page: how long a mail server takes must not tell whether there is an account.

One thread sends one mail after another; when the process ends in order, it first sends what it has. Where no mail goes
out, everybody who asks for one in the next minute is told so, whoever they are. A mail that the server refuses for what
it is, an address that does not exist say, is not told of: others' mails go out.
"""

from __future__ import annotations

import logging
import smtplib
import threading
import time
from concurrent.futures import Executor, ThreadPoolExecutor

from django.core.mail import EmailMessage

logger = logging.getLogger(__name__)

WAITING_AT_MOST = 500
TROUBLE_SECONDS = 60.0

_sender: Executor = ThreadPoolExecutor(1, thread_name_prefix="mail")
_lock = threading.Lock()
_waiting = 0
_failed_at: float | None = None


class Trouble(Exception):
    """No mail goes out at the moment."""


def send_soon(message: EmailMessage) -> None:
    """Raises Trouble where the last mail failed within a minute, and where very many are waiting."""
    global _waiting
    failed_lately = _failed_at is not None and time.monotonic() - _failed_at < TROUBLE_SECONDS
    with _lock:
        if failed_lately or _waiting >= WAITING_AT_MOST:
            raise Trouble
        _waiting += 1
    _sender.submit(_send, message)


def tell_failed(error: Exception) -> None:
    logger.error("A mail could not be sent: %s", type(error).__name__)  # its text may hold the address


def _send(message: EmailMessage) -> None:
    global _waiting, _failed_at
    try:
        message.send()
        _failed_at = None
    except Exception as error:  # whatever a mail server or its backend raises: the next mail may go out
        _failed_at = _failed_at if _is_of_this_mail(error) else time.monotonic()
        tell_failed(error)
    finally:
        with _lock:
            _waiting -= 1


def _is_of_this_mail(error: Exception) -> bool:
    """Whether the server refused this one for good, for its recipient or content."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return True
    return isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500
