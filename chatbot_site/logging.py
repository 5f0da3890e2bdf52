"""Logging of the site: the console and a rotating file, a request id on every line, and no secret in any of them."""

import fcntl
import json
import logging
import logging.handlers
import os
import re
from contextlib import suppress
from contextvars import ContextVar
from functools import cache
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote, unquote

from django.core.exceptions import ImproperlyConfigured
from django.views.debug import SafeExceptionReporterFilter

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
FILE_BYTES = 10 * 2**20
FILES_KEPT = 5
LINE = "%(asctime)s %(levelname)-7s %(request_id)s %(name)s: %(message)s"
HIDDEN = "[hidden]"

request_id: ContextVar[str] = ContextVar("request_id", default="-")

_SLASH = r"(?:/|%2F)"
_SLASHES = rf"{_SLASH}++"  # as somebody may have written them: /share//token
# Each begins where nothing of its own stands before it, and each run that has to be followed by something is bounded:
# anybody chooses the path of a request, and every line is looked through on the event loop.
_SHAPES = re.compile(
    r"(?P<lead>\bbearer\s+|\bx-api-key['\"]?\s*[:=]\s*['\"]?)[^\s'\",;]+"  # headers that carry a credential
    r"|\b(?:sk|pk|rk)[-_][A-Za-z0-9_\-]{8,}"  # OpenAI, Anthropic and those who copied the form
    r"|\bgAAAAA[A-Za-z0-9_\-=]{20,}"  # what Fernet encrypted
    rf"|(?P<share>{_SLASH}share{_SLASHES})[A-Za-z0-9_\-%]{{16,}}"  # whoever has it can read the conversation
    # Links of mails.
    rf"|(?P<mail>{_SLASH}(?:confirm-email{_SLASHES}|reset{_SLASHES}key{_SLASHES}(?!done(?:[/\s?\"']|$))))[^/\s?\"']+"
    # The same elsewhere: what Django signed, and a token for a new password.
    r"|(?<![A-Za-z0-9_\-])[A-Za-z0-9_\-]{1,400}(?::|%3A)[A-Za-z0-9]{6,16}(?::|%3A)[A-Za-z0-9_\-]{20,}"
    r"|(?<![0-9a-z])[0-9a-z]{1,20}-[0-9a-z]{6,20}-[0-9a-f]{32,64}\b"
    # A password within an address.
    r"|(?P<scheme>(?<![a-z0-9+.\-])[a-z][a-z0-9+.\-]{0,30}://[^\s:/@]{0,200}:)[^\s/@]+(?=@)",
    re.IGNORECASE,
)


def redact(text: str) -> str:
    """`text` without API keys, credentials of headers and addresses, and the configured secrets themselves."""
    for secret in _configured_secrets():
        text = text.replace(secret, HIDDEN)
    return _SHAPES.sub(lambda m: f"{m['lead'] or m['share'] or m['mail'] or m['scheme'] or ''}{HIDDEN}", text)


def plain_path(path: str) -> str:
    """The path of a request in one spelling: no escapes where none are needed, no slash twice.

    The site answers all spellings of an address, and `redact` knows words such as "share" by their letters.
    """
    return re.sub("/{2,}", "/", quote(unquote(path), safe="/:"))


@cache
def _configured_secrets() -> tuple[str, ...]:
    """The values that the settings hold and no log may show, longest first; read once, at the first line logged."""
    from django.conf import settings

    found = [settings.ENCRYPTION_KEY, *settings.ENCRYPTION_KEY.split(","), getattr(settings, "EMAIL_HOST_PASSWORD", "")]
    with suppress(ImproperlyConfigured):  # Django's answer to an empty SECRET_KEY
        found.append(settings.SECRET_KEY)
    found += [provider.get("api_key", "") for provider in settings.PROVIDERS.values()]
    found += [settings.BACKUP_KEY, *settings.OPENAI_COMPATIBLE_KEYS.values()]
    found += [database.get("PASSWORD", "") for database in settings.DATABASES.values()]
    hidden = SafeExceptionReporterFilter.hidden_settings  # names such as secret_key
    for storage in settings.STORAGES.values():
        found += [str(value) for name, value in storage.get("OPTIONS", {}).items() if hidden.search(name)]
    # Short values ("root", "x") would blot out ordinary words.
    return tuple(sorted({value.strip() for value in found if len(value or "") >= 8}, key=len, reverse=True))


# What a terminal obeys instead of showing it, what turns the direction of a line, and what no encoding has.
_UNSHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def _visible(text: str) -> str:
    r"""`text` with such characters as \uXXXX, which JSON reads back."""
    return _UNSHOWN.sub(lambda m: f"\\u{ord(m[0]):04x}", text)


class RequestIdFilter(logging.Filter):
    """Gives every record `request_id`: that of the request being answered, else "-"."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True


class RedactingFormatter(logging.Formatter):
    """Formats first and redacts then, so that tracebacks and arguments of any type are covered too.

    A message is one line, so that nobody's text can look like a line of its own.
    """

    def format(self, record: logging.LogRecord) -> str:
        return _visible(redact(super().format(record)))

    def formatMessage(self, record: logging.LogRecord) -> str:
        return super().formatMessage(record).replace("\n", "\\n")


class JsonFormatter(logging.Formatter):
    """One JSON object a line, for log collectors: time, level, logger, request_id, message, and exception if any."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname,
            "logger": record.name,
            "request_id": getattr(record, "request_id", "-"),
            "message": redact(record.getMessage()),
        }
        if record.exc_info:
            entry["exception"] = redact(self.formatException(record.exc_info))
        return _visible(json.dumps(entry, ensure_ascii=False))


class SharedRotatingFileHandler(logging.handlers.RotatingFileHandler):
    """A RotatingFileHandler for several processes on one file (the server beside `run_generations`, say).

    The standard one goes on writing to the renamed file after another process has rotated, and rotates it once more.
    """

    def emit(self, record: logging.LogRecord) -> None:
        self._follow()
        super().emit(record)

    def shouldRollover(self, record: logging.LogRecord) -> bool:
        """Python 3.13 asks where this process wrote last, which is not the end where others write too."""
        if self.stream is None:
            self.stream = self._open()
        self.stream.seek(0, os.SEEK_END)
        return bool(super().shouldRollover(record))

    def _follow(self) -> bool:
        """Whether another process has rotated; the new file is open then."""
        if self.stream is None or not self._rotated_by_another(self.stream):
            return False
        self.stream.close()
        self.stream = self._open()
        return True

    def _rotated_by_another(self, stream: IO[str]) -> bool:
        try:
            return not os.path.samestat(os.stat(self.baseFilename), os.fstat(stream.fileno()))
        except FileNotFoundError:
            return True

    def doRollover(self) -> None:
        with Path(f"{self.baseFilename}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not self._follow():
                super().doRollover()

    def _open(self) -> TextIOWrapper:
        stream = super()._open()
        with suppress(PermissionError):  # another account owns the file and has set its mode
            os.fchmod(stream.fileno(), 0o640)
        return stream


def logging_config(*, level: str, directory: Path, style: str = "text") -> dict[str, Any]:
    """Django's LOGGING: `level` and up go to the console and to `directory`/chat.log (10 MB, five old ones kept).

    Where `directory` cannot be written (a read-only container) the console alone remains.
    """
    handlers = {"console": {"class": "logging.StreamHandler"}}
    if _writable(directory):
        handlers["file"] = _file_handler(directory)
    shared = {"formatter": style, "filters": ["request_id"]}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"request_id": {"()": RequestIdFilter}},
        "formatters": {
            "text": {"()": RedactingFormatter, "format": LINE},
            "json": {"()": JsonFormatter},
        },
        "handlers": {name: handler | shared for name, handler in handlers.items()},
        "root": {"handlers": list(handlers), "level": level},
        "loggers": _LOGGERS | {"moderation.audit": _kept_apart(handlers)},
    }


def _kept_apart(handlers: dict[str, Any]) -> dict[str, Any]:
    """Of the audit log: every entry's hash goes into the file, where there is one. Whoever runs a command that adds
    entries has no use for them on the console."""
    return {"handlers": ["file" if "file" in handlers else "console"], "propagate": False, "level": "INFO"}


# Libraries that tell, at INFO or DEBUG, what was asked and answered: message texts have no place in a log.
_QUIET = (
    "openai",
    "anthropic",
    "httpx",
    "httpx2",
    "httpcore",
    "aiohttp",
    "asyncio",
    "daphne",
    "autobahn",
    "markdown_it",
)
_LOGGERS: dict[str, Any] = {
    "django": {"handlers": [], "propagate": True},  # not Django's own console and mail handlers
    "django.server": {"handlers": [], "propagate": True},
    **{name: {"level": "WARNING"} for name in _QUIET},
}


def _file_handler(directory: Path) -> dict[str, Any]:
    return {
        "()": SharedRotatingFileHandler,
        "filename": str(directory / "chat.log"),
        "maxBytes": FILE_BYTES,
        "backupCount": FILES_KEPT,
        "encoding": "utf-8",
        "errors": "backslashreplace",
        "delay": True,
    }


def _writable(directory: Path) -> bool:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    log = directory / "chat.log"
    return os.access(log if log.exists() else directory, os.W_OK)
