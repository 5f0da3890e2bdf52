"""Every setting of the site: the value as it was meant, or one sentence with its name and without the value.

The settings come from the reader itself, so a new one is tried by itself. A new kind wants a row in KINDS.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from chatbot_site.environment import Environment, InvalidSetting, Setting
from chatbot_site.settings import env as site
from tests.chatbot_site.processes import ROOT, environment

MARK = "hunter2"  # in what is refused: no sentence may repeat it
FERNET = [Fernet.generate_key().decode() for _ in range(2)]
Taken = list[tuple[str, Any]]

KINDS: dict[str, tuple[Taken, list[str]]] = {
    "boolean": (
        [("true", True), ("On", True), (" YES ", True), ("1", True), ("y", True)]
        + [("false", False), ("OFF", False), ("no", False), ("0", False), ('"true"', True)],
        ["yess", "enabled", "2", "-1", "truefalse", "true,false", "ja", "켜기", "null", "None"],
    ),
    "whole number": ([], ["1,000", "1.5", "1e3", "NaN", "inf", "0x10", "١٢", "12 000", "20MB", "--1", "1" * 5000]),
    "number": ([], ["0,7", "1,000.5", "nan", "Infinity", "-inf", "1e3", "½", "1" * 400, "5s", "1.2.3", "."]),
    "choice": ([], ["", "of", "wrong", "web,worker"][1:]),
    "text": ([("one\ntwo", "one\ntwo"), ("a#b", "a#b"), ("# heading"[1:], "heading"), ("$HOME", "$HOME")], ["a # b"]),
    "line": ([("채팅 #1"[:2], "채팅"), ("C#", "C#"), ("$x", "$x")], ["a # b", "one\ntwo", "\x1b[31mred", '"quoted"']),
    "secret": (
        [("#begins-with-one-of-them", "#begins-with-one-of-them"), ("$dollar$in$front$of$it", "$dollar$in$front$of$it")]
        + [("four words of a passphrase", "four words of a passphrase"), ("a=b,c;d:e/f#g%41&h+i j", "a=b,c;d:e/f#g%41&h+i j")],
        ["a-secret-with # a comment", "two\nlines-of-a-secret-here", "'in-quotation-marks'", "\udce9-is-not-utf-8-text-at-all"],
    ),
    "key": (
        [("sk-abc#def", "sk-abc#def"), ("$key", "$key"), ("sk-abc # work", "sk-abc"), ("'sk-abc'", "sk-abc")],
        ["Bearer sk-abc", "sk-abc\nsk-def", "sk-äbc", "sk\u200babc", "# only a comment?"[:6] + "x y"],
    ),
    "word": ([("openai/gpt-4o", "openai/gpt-4o"), ("vllm/qwen:7b # small", "vllm/qwen:7b")], ["two words", 'a"b', "#x"]),
    "dotted path": (
        [("storages.backends.s3.S3Storage", "storages.backends.s3.S3Storage")],
        ["S3Storage", "storages backends", "a..b", "1.2", "a/b"],
    ),
    "list": ([("one, two words ,,three", ["one", "two words", "three"]), (",", [])], ["one # two"]),
    "path": ([("/srv/a b", Path("/srv/a b")), ("/srv/a#b", Path("/srv/a#b"))], ["$HOME/x", "file:///x", "/x # y", "~nobody-of-that-name/x"]),
    "JSON object": (
        [('{"a": "b #c"}', {"a": "b #c"}), ('{"a": 1} # c', {"a": 1}), ("{}", {})],
        ["{", "[1]", '"text"', "1", "null", "NaN", '{"a": NaN}', '{"a": 1, "a": 2}', "{'a': 1}", "[" * 99_999],
    ),
    "time zone": (
        [("Europe/Berlin", "Europe/Berlin"), ("asia/seoul", "Asia/Seoul"), ("UTC # summer", "UTC")],
        ["Asia/Seul", "Asia", "KST9", "+09:00", "../../etc/passwd", "/etc/passwd", "x" * 5000],
    ),
    "e-mail address": (
        [("chat@example.org", "chat@example.org"), ("채팅 <chat@example.org>", "채팅 <chat@example.org>")],
        ["chat", "chat@", "@example.org", "a b@example.org", "a@example.org, b@example.org", "x\nBcc: b@example.org"],
    ),
    "address to listen on": (
        [("0.0.0.0", "0.0.0.0"), ("::", "::"), ("[::1]", "::1"), ("localhost", "localhost")],
        ["http://0.0.0.0", "0.0.0.0:8000", "0.0.0.0 8000", "a/b", "*"],
    ),
    "hosts": (
        [("a.example.org, B.example.org ,,", ["a.example.org", "b.example.org"]), (".example.org", [".example.org"])]
        + [("::1,[::1],10.0.0.1", ["[::1]", "[::1]", "10.0.0.1"]), ("채팅.example.org", ["xn--qv5bp7n.example.org"])]
        + [("chat.example.org.", ["chat.example.org"]), ("*", ["*"]), ("a.org # ours", ["a.org"])],
        ["https://a.org", "a.org:8443", "[::1]:80", "a.org b.org", "*.a.org", "a.org/", "ä..org", "me@a.org", "-", "a.org;b.org"],
    ),
    "origins": (
        [("https://a.org, http://b.org:8080", ["https://a.org", "http://b.org:8080"])]
        + [("https://A.org:443/", ["https://a.org"]), ("https://*.a.org", ["https://*.a.org"])],
        ["a.org", "//a.org", "https://", "https://a.org/path", "https://a.org:x", "ftp://a.org", "https://a.org https://b.org"],
    ),
    "http address": (
        [("https://a.org/v1?api-version=1", "https://a.org/v1?api-version=1"), ("http://[::1]:8000", "http://[::1]:8000")],
        ["a.org", "a.org:8000/v1", "http://", "http:///v1", "ftp://a.org", "http://a.org:x", "http://a b", "http://[::1", "http:/a.org"],
    ),
    "servers": (
        [(" a = http://a/v1 ,, b=http://b ", {"a": "http://a/v1", "b": "http://b"}), ("a=http://a # ours", {"a": "http://a"})],
        ["a", "a=", "=http://a", "a=b", "a=http://", "a=http://a,a=http://b", "a b=http://a", "openai=http://a", "gpu-box=http://a,gpu_box=http://b"],
    ),
    "database": (
        [],
        ["chat", "localhost/chat", "mysql://u:p@h/d", "postgres://h", "postgres://u:p@h:x/d", f"postgres://u:{MARK}#x@h/d"]
        + [f"postgres://u:{MARK}/x@h:5432/d", f"postgres://u:{MARK}?@h/d", f"postgres://u:[{MARK}@h/d", f"postgres://u:{MARK} x@h/d"]
        + ["sqlite://", "sqlite:///", "sqlite://db.sqlite3", "postgres://u:%FF@h/d", "postgres://h:99999/d", "postgres:/h/d"]
        + ["postgres://h/d?conn_health_checks=perhaps", "postgres://h/d?sslmode", f"postgres://u:p\u2100{MARK}@h/d"],
    ),
    "redis": (
        [(text, text) for text in ("redis://localhost:6379/0", "rediss://:p%40ss@h", "unix:///run/redis.sock?db=1")]
        + [("redis://h # cache", "redis://h")],
        ["localhost:6379", "http://h", "redis://", "redis://h:x", "redis://h/abc", "redis://h?db=x", f"redis://:{MARK}#x@h/0", "unix://"],
    ),
    "mail server": (
        [],
        ["mail.example.org", "smtp://", "smtps+x://h", "smtp+tls://h:465", "smtp://h:x", "smtp://user@h", "smtp://h?timeout=5"]
        + [f"smtp+tls://u:{MARK}#x@h:587", f"smtp+tls://u:{MARK}/x@h:587", "filemail://", "consolemail://h", "smtp://h/x", "http://h"],
    ),
    "Fernet keys": (
        [(FERNET[0], FERNET[0]), (" , ".join(FERNET), ",".join(FERNET)), ("\n".join(FERNET), ",".join(FERNET))],
        ["short", FERNET[0][:-4], f"{FERNET[0]},second", "한국어", FERNET[0].replace("=", " =")],
    ),
    "sign-up": (
        [("open", "open"), ("CLOSED", "closed"), (" @Example.org, example.com ", "example.org,example.com")],
        ["close", "false", "open,example.org", "https://example.org", "me@example.org", "example"],
    ),
    "days by group": (
        [(" Members = 365 , Interns=30,A=b=keep,", {"Members": 365, "Interns": 30, "A=b": None})]
        + [("Team #1=3", {"Team #1": 3}), ("Members=365 # a year", {"Members": 365})],
        ["Members", "Members=", "=3", "Members=0", "Members=-1", "Members=1,Members=2", "Members=1.5", "Members:30", "A=100000"],
    ),
}  # fmt: skip


def tables(setting: Setting[Any]) -> tuple[Taken, list[str]]:
    """What a kind's row says, and what the bounds and choices of this very setting do."""
    kind = setting.kind
    taken, refused = KINDS[kind.name]
    if kind.choices:
        taken = [*taken, *((word.swapcase(), word) for word in kind.choices)]
    if kind.name in ("whole number", "number"):
        assert kind.least is not None
        assert kind.most is not None
        taken = [(f"{bound:.15g}", bound) for bound in (kind.least, kind.most)]
        refused = [*refused, f"{kind.least - 1:.15g}", f"{kind.most + 1:.15g}"]
    if kind.name == "secret":
        assert kind.least is not None
        refused = [*refused, *(["x" * (int(kind.least) - 1)] if kind.least > 1 else [])]
    return taken, refused


def read(setting: Setting[Any], folder: Path, variables: dict[str, str], file: str = "") -> Any:
    (folder / ".env").write_text(file, encoding="utf-8", errors="surrogateescape")
    return Environment(folder, variables).read(setting.name, setting.kind, setting.default)


def sentence(setting: Setting[Any], folder: Path, variables: dict[str, str], file: str = "") -> str:
    with pytest.raises(InvalidSetting) as caught:  # {variables}
        read(setting, folder, variables, file)
    said = str(caught.value)
    assert setting.name in said
    assert "; for example: " in said
    assert "\n" not in said
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return said


every_setting = pytest.mark.parametrize("setting", site.settings.values(), ids=lambda setting: setting.name)


@every_setting
def test_is_read_as_it_was_meant(setting: Setting[Any], tmp_path: Path) -> None:
    for text, value in tables(setting)[0]:
        found = read(setting, tmp_path, {setting.name: text})
        assert (found, type(found)) == (value, type(value) if setting.kind.name != "number" else float), text


@every_setting
def test_is_refused_by_name_and_without_the_value(setting: Setting[Any], tmp_path: Path) -> None:
    for text in tables(setting)[1]:
        said = sentence(setting, tmp_path, {setting.name: text})
        assert MARK not in said
        assert len(text) < 8 or text not in said.partition("; for example: ")[0], text


@every_setting
def test_is_not_given_where_it_is_empty(setting: Setting[Any], tmp_path: Path) -> None:
    for text in ("", " ", "\ufeff", "\t"):
        assert read(setting, tmp_path, {setting.name: text, f"{setting.name}_FILE": text}) == setting.default
    for line in ("=", "=   ", "=''", '=""', "_FILE="):
        assert read(setting, tmp_path, {}, f"{setting.name}{line}\n") == setting.default


@every_setting
def test_means_the_same_in_a_file_of_its_own_and_in_quotation_marks(setting: Setting[Any], tmp_path: Path) -> None:
    if not (taken := [row for row in tables(setting)[0] if " # " not in row[0] and '"true"' not in row[0]]):
        pytest.skip("tried in tests of its own")
    text, value = next((row for row in taken if "'" not in row[0]), taken[0])
    (tmp_path / "its-file").write_text(f"\ufeff{text}\r\n", encoding="utf-8")

    assert read(setting, tmp_path, {f"{setting.name}_FILE": "its-file"}) == value
    assert read(setting, tmp_path, {}, f"{setting.name}='{text}' # a comment\n") == value


@every_setting
def test_a_comment_is_no_part_of_it(setting: Setting[Any], tmp_path: Path) -> None:
    if not (taken := [row for row in tables(setting)[0] if "#" not in row[0] and "\n" not in row[0]]):
        pytest.skip("tried in tests of its own")
    text, value = taken[0]
    for variables, file in (({setting.name: f"{text} # why"}, ""), ({}, f"export {setting.name} = {text}\t# why\r\n")):
        if setting.kind.is_free:
            assert "comment" in sentence(setting, tmp_path, variables, file)
        else:
            assert read(setting, tmp_path, variables, file) == value


@every_setting
def test_a_file_that_cannot_be_read_is_refused(setting: Setting[Any], tmp_path: Path) -> None:
    (tmp_path / "empty").write_text(" \n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "large").write_bytes(b"a" * (2**20 + 1))

    for path in (f"no-{MARK}", ".", "empty", "binary", "large", f"{MARK}" * 99, f"~{MARK}/x"):
        said = sentence(setting, tmp_path, {f"{setting.name}_FILE": path})
        assert f"{setting.name}_FILE" in said
        assert MARK not in said


@every_setting
def test_both_ways_at_once_are_refused_and_the_environment_wins_over_the_file(
    setting: Setting[Any], tmp_path: Path
) -> None:
    given = {setting.name: MARK, f"{setting.name}_FILE": "x"}
    lines = "".join(f"{name}={value}\n" for name, value in given.items())

    for variables, file in ((given, ""), ({}, lines)):
        assert "twice" in sentence(setting, tmp_path, variables, file)
    if taken := tables(setting)[0]:
        text, value = taken[-1]
        assert read(setting, tmp_path, {setting.name: text}, f"{setting.name}_FILE=x\n") == value


def test_all_kinds_are_tried() -> None:
    assert {setting.kind.name for setting in site.settings.values()} <= set(KINDS)


ALL = """
import json, os, runpy, sys, warnings
warnings.simplefilter("ignore")
before, found = dict(os.environ), {}
for name in json.loads(sys.argv[1]):
    os.environ.clear()
    os.environ.update(before | {name: "hunter2\\u00e9 \\x01"})
    try:
        runpy.run_path("chatbot_site/settings.py")
        found[name] = "taken"
    except Exception as error:
        found[name] = f"{type(error).__name__}: {error}"
print(json.dumps(found))
"""


def test_the_settings_as_a_whole_refuse_each_of_them(tmp_path: Path) -> None:
    command = [sys.executable, "-c", ALL, json.dumps([*site.settings])]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(tmp_path, APP_ENV="development"), capture_output=True, text=True, check=True
    )

    for name, said in json.loads(done.stdout).items():
        assert re.match(rf"InvalidSetting: {name} .*; for example: {name}=", said), (name, said)
        assert MARK not in said
