"""E-mail: does the server take us. Nothing is sent, unless a test mail is asked for."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from operations.doctor.findings import Finding, Findings, ok, problem, warning

SECONDS = 10
_SMTP = "django.core.mail.backends.smtp.EmailBackend"
_MEND = "Is EMAIL_URL right (server, port, user, password), and does the firewall let it through?"


def look() -> Findings:
    if settings.EMAIL_BACKEND != _SMTP:
        backend = settings.EMAIL_BACKEND.rsplit(".", 2)[-2]
        if settings.PRODUCTION:
            told = f"Mails go to the {backend}: nobody can reset a forgotten password."
            yield warning(told, "EMAIL_URL=smtp+tls://user:password@mail.example.org:587")
        else:
            yield ok(f"Mails go to the {backend}.")
        return
    where = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    with _trouble(where) as troubles, get_connection(timeout=SECONDS):  # connects, says hello, logs in
        pass
    yield from troubles or [ok(f"{where} takes us; nothing was sent.")]


def send_test(address: str) -> Finding:
    with _trouble(f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}") as troubles:
        text = "This mail was sent by `manage.py doctor --send-test`. E-mail of this site works."
        EmailMessage("Test", text, to=[address], connection=get_connection(timeout=SECONDS)).send()
    sent = f"A test mail to {address} was handed over. If it does not arrive, look into the spam folder, and at SPF."
    return troubles[0] if troubles else ok(sent)


@contextmanager
def _trouble(where: str) -> Iterator[list[Finding]]:
    """What went wrong inside, in words; a server's own words may hold the password that it was given."""
    troubles: list[Finding] = []
    try:
        yield troubles
    except smtplib.SMTPAuthenticationError:
        troubles.append(problem(f"{where} does not accept user and password.", _MEND))
    except smtplib.SMTPResponseException as error:
        troubles.append(problem(f"{where} refuses with code {error.smtp_code}.", _MEND))
    except OSError as error:
        troubles.append(problem(f"{where} does not answer ({error.strerror or type(error).__name__}).", _MEND))
