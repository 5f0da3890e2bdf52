"""Every setting of the site: the value as it was meant, or one sentence with its name and without the value.

The settings come from the reader itself, so a new one is tried by itself. A new kind wants an entry in KINDS.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chatbot_site.environment import Environment, InvalidSetting, Setting
from chatbot_site.settings import env as site
from tests.chatbot_site.kinds_of_settings import KINDS, MARK, tables
from tests.chatbot_site.processes import ROOT, environment


def read(setting: Setting[Any], folder: Path, variables: dict[str, str], file: str = "") -> Any:
    (folder / ".env").write_text(file, encoding="utf-8", errors="surrogateescape")
    return Environment(folder, variables).read(setting.name, setting.kind, setting.default)


def sentence(setting: Setting[Any], folder: Path, variables: dict[str, str], file: str = "") -> str:
    with pytest.raises(InvalidSetting) as caught:
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
        return  # tried in test_service_addresses
    text, value = next((row for row in taken if "'" not in row[0]), taken[0])
    (tmp_path / "its-file").write_text(f"\ufeff{text}\r\n", encoding="utf-8")

    assert read(setting, tmp_path, {f"{setting.name}_FILE": "its-file"}) == value
    assert read(setting, tmp_path, {}, f"{setting.name}='{text}' # a comment\n") == value


@every_setting
def test_a_comment_is_no_part_of_it(setting: Setting[Any], tmp_path: Path) -> None:
    if not (taken := [row for row in tables(setting)[0] if "#" not in row[0] and "\n" not in row[0]]):
        return  # tried in test_service_addresses
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
    command = [sys.executable, "-c", ALL, json.dumps([*{*site.settings} - site.read_elsewhere])]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(tmp_path, APP_ENV="development"), capture_output=True, text=True, check=True
    )

    for name, said in json.loads(done.stdout).items():
        assert re.match(rf"InvalidSetting: {name} .*; for example: {name}=", said), (name, said)
        assert MARK not in said


def test_options_of_no_storage_are_refused(tmp_path: Path) -> None:
    env = environment(tmp_path, APP_ENV="development", BACKUP_STORAGE_OPTIONS='{"bucket_name": "b"}')
    command = [sys.executable, "manage.py", "check"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "BACKUP_STORAGE is not given, but BACKUP_STORAGE_OPTIONS is; for example: BACKUP_STORAGE=" in done.stderr
