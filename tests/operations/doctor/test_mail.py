"""The doctor at the mail server: what it asks, and what it must not do."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

from tests.operations.doctor.conftest import Look, levels


class _Mail(StreamRequestHandler):
    """As much of SMTP as a client needs to say hello, log in and send."""

    password_is_right = True
    received: list[str] = []

    def handle(self) -> None:
        self._say("220 here")
        while line := self.rfile.readline().decode().strip():
            verb = line.split()[0].upper()
            self.received.append(verb)
            if verb == "EHLO":
                self._say("250-here", "250 AUTH PLAIN")
            elif verb == "AUTH":
                self._say("235 welcome" if self.password_is_right else "535 no: s3cret-word")
            elif verb == "DATA":
                self._say("354 go on")
                while self.rfile.readline().strip() != b".":
                    pass
                self._say("250 kept")
            elif verb == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 yes")

    def _say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())


@contextmanager
def _mail_server(settings: Any, **attributes: Any) -> Iterator[list[str]]:
    handler = type("Handler", (_Mail,), attributes | {"received": []})
    with ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.server_address[1]
        settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "chat", "s3cret-word"
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        yield handler.received  # type: ignore[attr-defined]
        server.shutdown()


def test_a_mail_server_that_takes_us_is_sent_nothing(look: Look, settings: Any) -> None:
    with _mail_server(settings) as received:
        assert levels(look("email")) == ["ok"]
    assert "AUTH" in received
    assert "MAIL" not in received


def test_a_test_mail(look: Look, settings: Any) -> None:
    with _mail_server(settings) as received:
        assert levels(look("email", "--send-test", "me@example.org")) == ["ok", "ok"]
    assert "DATA" in received


def test_a_mail_server_that_refuses_the_password(look: Look, settings: Any) -> None:
    with _mail_server(settings, password_is_right=False):
        [found] = look("email")
    assert found["level"] == "problem"
    assert "s3cret-word" not in json.dumps(found)


def test_a_mail_server_that_is_away(look: Look, settings: Any) -> None:
    with _mail_server(settings):
        settings.EMAIL_PORT = 1
        assert levels(look("email")) == ["problem"]


def test_mails_that_go_nowhere_in_production(look: Look, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    settings.PRODUCTION = True

    assert levels(look("email")) == ["warning"]
