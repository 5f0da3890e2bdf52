import json
import logging
import logging.config
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot_site import logging as site_logging
from chatbot_site.logging import (
    JsonFormatter,
    RedactingFormatter,
    RequestIdFilter,
    SharedRotatingFileHandler,
    logging_config,
    redact,
    request_id,
)


@pytest.fixture(autouse=True)
def fresh_secrets() -> Iterator[None]:
    site_logging._configured_secrets.cache_clear()
    yield
    site_logging._configured_secrets.cache_clear()


def record(message: str, *args: object, exc_info: object = None) -> logging.LogRecord:
    made = logging.LogRecord("conversations", logging.INFO, "file.py", 1, message, args, exc_info)
    RequestIdFilter().filter(made)
    return made


def test_writes_to_console_and_file(tmp_path: Path) -> None:
    config = logging_config(level="INFO", directory=tmp_path / "log")

    assert set(config["handlers"]) == {"console", "file"}
    assert config["root"]["level"] == "INFO"
    assert config["handlers"]["file"]["maxBytes"] == 10 * 1024 * 1024
    assert config["handlers"]["file"]["backupCount"] == 5


def test_a_configured_process_writes_lines_with_the_request_id(tmp_path: Path) -> None:
    program = f"""
import logging.config, pathlib
from django.conf import settings
settings.configure(ENCRYPTION_KEY="", SECRET_KEY="the-configured-signing-key", PROVIDERS={{}}, DATABASES={{}},
        BACKUP_KEY="", OPENAI_COMPATIBLE_KEYS={{}})
from chatbot_site.logging import logging_config, request_id
logging.config.dictConfig(logging_config(level="INFO", directory=pathlib.Path({str(tmp_path)!r})))
request_id.set("req-12345678")
logging.getLogger("conversations").info("Begun with %s", "the-configured-signing-key")
logging.getLogger("openai").info("request options: 'Hello'")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    written = (tmp_path / "chat.log").read_text()
    assert "INFO    req-12345678 conversations: Begun with [hidden]" in written
    assert written == done.stderr
    assert "Hello" not in written


def test_console_alone_where_the_folder_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    assert set(logging_config(level="INFO", directory=tmp_path / "file" / "log")["handlers"]) == {"console"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("key sk-proj-abcdefghijkl123456 refused", "key [hidden] refused"),
        ("sk-ant-api03-AbC_dEf-123456789", "[hidden]"),
        ("Authorization: Bearer abc.def.ghi", "Authorization: Bearer [hidden]"),
        ("{'x-api-key': 'abcdefgh12345'}", "{'x-api-key': '[hidden]'}"),
        ("postgres://chat:s3cret@db:5432/chat", "postgres://chat:[hidden]@db:5432/chat"),
        ("redis://:s3cret@redis:6379/0", "redis://:[hidden]@redis:6379/0"),
        ("token gAAAAABmZm9vYmFyYmF6cXV4cXV1eA==", "token [hidden]"),
        ("GET /share/Ab-d_fghijklmnopqrstuvwxyz012345/ 200", "GET /share/[hidden]/ 200"),
        (
            "Not Found: /accounts/confirm-email/NQ:1xY0nu:ZgLSJm8lnln3G-p3Io2E",
            "Not Found: /accounts/confirm-email/[hidden]",
        ),
        ("GET /accounts/confirm-email/NQ%3A1xY0nu%3AZgLS/ 200", "GET /accounts/confirm-email/[hidden]/ 200"),
        ("GET /accounts/password/reset/key/1-abc/ 302", "GET /accounts/password/reset/key/[hidden]/ 302"),
        ("GET /share//Ab-d_fghijklmnopqrstuvwxyz012345/ 404", "GET /share//[hidden]/ 404"),
        ("GET /share%2f%41b-d_fghijklmnopqrstuvwxyz012345/ 404", "GET /share%2f[hidden]/ 404"),
        ("GET /password%2freset//key%2F1-abc/ 404", "GET /password%2freset//key%2F[hidden]/ 404"),
        ("GET /accounts/password/reset/key/done-abc/ 302", "GET /accounts/password/reset/key/[hidden]/ 302"),
        ("to /elsewhere/NQ%3A1xY0nu%3AZgLSJm8lnln3G-p3Io2E_T-Qg4VK/", "to /elsewhere/[hidden]/"),
        ("/x/2f-cx1y2z-0123456789abcdef0123456789abcdef", "/x/[hidden]"),
    ],
)
def test_hides_what_looks_like_a_credential(text: str, expected: str) -> None:
    assert redact(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "GET /accounts/password/reset/key/done/ 200",
        "GET /c/5f5b2d9e-0000-4000-8000-000000000001/ 200",
        "2026-11-30 12:09:33,123456 static/js/stream.0123456789ab.js",
        "GET /c/5f0c-11/ 200",
        "task-runner skipped 3",
        "http://localhost:8000/",
        "basic question",
    ],
)
def test_leaves_ordinary_words_alone(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "unit",
    [
        "a-",
        "ab-",
        "a.b-c+",
        "a:",
        "aaaaaa:",
        "a-aaaaaa-",
        "a://",
        "a://b:",
        "%3A",
        "a%3Aaaaaaa%3A",
        "bearer ",
        "/share",
        "/share/",
        "/share/%2F",
        "%2F",
        "/reset//key",
        "0a1b",
        "_",
    ],
)
def test_no_path_takes_long_to_look_through(unit: str) -> None:
    """Whoever asks for a path chooses it, and all pages wait meanwhile. 16 KB once took half a minute."""
    path = f"/{unit * 16_384}"[:16_384]
    began = time.process_time()
    redact(path)
    assert time.process_time() - began < 1


def test_hides_the_configured_secrets(settings) -> None:
    settings.SECRET_KEY = "signing-key-of-this-site"
    settings.ENCRYPTION_KEY = "first-fernet-key,second-fernet-key"
    settings.PROVIDERS = {"openai": {"api_key": "a key of an unusual form"}}
    options = {"bucket_name": "the-bucket", "secret_key": "a key of the storage"}
    settings.STORAGES = {**settings.STORAGES, "backups": {"BACKEND": "a.B", "OPTIONS": options}}

    shown = redact(
        "signing-key-of-this-site second-fernet-key a key of an unusual form, a key of the storage the-bucket"
    )

    assert shown == "[hidden] [hidden] [hidden], [hidden] the-bucket"


def test_hides_secrets_in_tracebacks_and_arguments() -> None:
    try:
        raise ValueError("refused: sk-abcdefgh12345678")
    except ValueError:
        made = record("Failed with %r", {"authorization": "Bearer abcdefgh"}, exc_info=sys.exc_info())

    shown = RedactingFormatter(site_logging.LINE).format(made)

    assert "ValueError: refused: [hidden]" in shown
    assert "abcdefgh" not in shown


ODD = "a\nb\r\x1b[31m\x00\x9b\u2028\u202e\u2066\ud800c"


def test_nobodys_text_looks_like_a_line_of_its_own_or_is_obeyed_by_a_terminal() -> None:
    shown = RedactingFormatter(site_logging.LINE).format(record("Refused %s", ODD))

    assert shown.splitlines() == [shown]
    assert "Refused a\\nb\\u000d\\u001b[31m" in shown
    assert shown.isprintable()
    assert shown.encode().decode() == shown


def test_a_traceback_keeps_its_lines_and_hides_nothing_in_them() -> None:
    try:
        raise ValueError(ODD)
    except ValueError:
        shown = RedactingFormatter(site_logging.LINE).format(record("Failed", exc_info=sys.exc_info()))

    assert "\nTraceback (most recent call last):\n" in shown
    assert shown.replace("\n", "").isprintable()


def test_a_json_line_says_the_same_with_odd_characters() -> None:
    line = JsonFormatter().format(record("Refused %s", ODD))

    assert line.isprintable()
    assert json.loads(line)["message"] == f"Refused {ODD}"


def test_json_lines_hold_the_same() -> None:
    token = request_id.set("req-12345678")
    try:
        line = json.loads(JsonFormatter().format(record("Answered %s", "안녕 sk-abcdefgh12345678")))
    finally:
        request_id.reset(token)

    assert line["message"] == "Answered 안녕 [hidden]"
    assert line["request_id"] == "req-12345678"
    assert line["level"] == "INFO"


def test_two_processes_rotate_one_file_without_losing_a_line(tmp_path: Path) -> None:
    options = {"maxBytes": 400, "backupCount": 50, "encoding": "utf-8", "delay": True}
    first, second = (SharedRotatingFileHandler(tmp_path / "chat.log", **options) for _ in range(2))

    for number in range(60):
        (first if number % 3 else second).emit(record("line %03d of sixty", number))
    first.close()
    second.close()

    files = [file for file in tmp_path.iterdir() if file.suffix != ".lock"]
    lines = sorted("".join(file.read_text() for file in files).splitlines())
    assert lines == [f"line {number:03d} of sixty" for number in range(60)]
    assert all(file.stat().st_size <= 400 for file in files)
