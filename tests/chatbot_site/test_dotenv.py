"""Reading .env: the value as it was meant, or one sentence without it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chatbot_site.environment import Environment, InvalidSetting

MARK = "hunter2"


def given(folder: Path, text: str | bytes, **variables: str) -> Environment:
    (folder / ".env").write_bytes(text if isinstance(text, bytes) else text.encode())
    return Environment(folder, variables)


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("NAME=a b#c", "a b#c"),
        ("NAME = a b ", "a b"),
        ("  export  NAME=a", "a"),
        ("NAME=#a", "#a"),
        ("NAME=$OTHER", "$OTHER"),
        ("NAME=a$b${c}$(d)", "a$b${c}$(d)"),
        ("NAME=a=b'c\"d\\e", "a=b'c\"d\\e"),
        ("NAME='a # \"$b\" \\n' # why", 'a # "$b" \\n'),
        ('NAME="a # \'b\' \\"c\\" \\\\ \\$d"', "a # 'b' \"c\" \\ $d"),
        ('NAME="one\\ntwo"', "one\ntwo"),
        ("NAME='one\ntwo'", "one\ntwo"),
        ('NAME="one\r\ntwo"\r\n', "one\ntwo"),
        ("NAME=채팅\u2028\u0085x", "채팅\u2028\u0085x"),
        ("NAME=\nNAME=a\nNAME=a\nNAME=''", "a"),
        ("# NAME=no\n\n \t\n#\nNAME=a\n   # NAME=no", "a"),
    ],
)
def test_is_read_as_it_was_meant(tmp_path: Path, line: str, value: str) -> None:
    for text in (line, f"\ufeff{line}\n", f"BEFORE='x'\r\n{line}\r\nAFTER=x"):
        assert given(tmp_path, text).str("NAME") == value


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (f"{MARK}", "Line 2 of .env is not of the form NAME=value"),
        (f"NAME: {MARK}", "Line 2"),
        (f"NA-ME={MARK}", "Line 2"),
        (f"={MARK}", "Line 2"),
        (f"NAME='{MARK}", "NAME (line 2 of .env) begins with a quotation mark that is not closed"),
        (f'NAME="{MARK}\\"', "not closed"),
        (f'NAME="{MARK}"{MARK}', "NAME (line 2 of .env) goes on after its closing quotation mark"),
        (f"NAME='{MARK}'#why", "goes on after"),
        (f'NAME="{MARK}\\d"', "has a backslash in double quotation marks"),
        (f"NAME={MARK}\\\n", "ends with a backslash"),
        (f"NAME={MARK}\nNAME=other", "stands twice, in line 2 of .env and in line 3 of .env"),
    ],
)
def test_is_refused_with_its_line_and_without_its_value(tmp_path: Path, line: str, told: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        given(tmp_path, f"# one\n{line}")

    said = str(caught.value)
    assert told in said
    assert "; for example: " in said
    assert MARK not in said


def test_the_line_is_told_behind_values_of_several_lines(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match=r"PORT \(line 4 of \.env\) is not a whole number .*PORT=8000"):
        given(tmp_path, "A='one\ntwo\n'\nPORT=x\n").int("PORT", default=8000)


@pytest.mark.parametrize("text", ["NAME=ü".encode("latin-1"), "NAME=x".encode("utf-16"), b"NAME=\xff"])
def test_what_is_not_utf_8_is_refused(tmp_path: Path, text: bytes) -> None:
    with pytest.raises(InvalidSetting, match=r"names \.env, which is not UTF-8 text"):
        given(tmp_path, text)


def test_a_nul_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match=r"NAME \(line 1 of \.env\) has a control character"):
        given(tmp_path, "NAME=a\0b").str("NAME")


def test_no_env_is_none_and_a_named_one_must_be_there(tmp_path: Path) -> None:
    assert Environment(tmp_path, {}).str("NAME") == ""
    assert Environment(tmp_path, {"ENV_FILE": os.devnull}).str("NAME") == ""
    for path in ("missing.env", ".", f"{MARK}/x", "x" * 999):
        with pytest.raises(InvalidSetting, match="ENV_FILE names no file") as caught:
            Environment(tmp_path, {"ENV_FILE": path})
        assert MARK not in str(caught.value)


def test_an_env_that_cannot_be_read_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / ".env").symlink_to(tmp_path / "gone")
    with pytest.raises(InvalidSetting, match="No such file"):
        Environment(tmp_path, {})

    (tmp_path / ".env").unlink()
    (tmp_path / ".env").mkdir()
    with pytest.raises(InvalidSetting, match="Is a directory"):
        Environment(tmp_path, {})


def test_the_environment_wins_unless_it_is_empty(tmp_path: Path) -> None:
    assert given(tmp_path, "NAME=file", NAME="variable").str("NAME") == "variable"
    assert given(tmp_path, "NAME=file", NAME=" ").str("NAME") == "file"
    assert given(tmp_path, "NAME=file", NAME_FILE="").str("NAME") == "file"


def test_what_is_for_libraries_goes_into_the_environment(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("secret")
    env = given(tmp_path, "PORT=1\nSECRET_FILE=x\nAWS_REGION=eu # ours\nHTTPS_PROXY='http://p#1'\nLANG=C", LANG="ko")
    env.int("PORT", default=8000)
    env.secret("SECRET")

    env.export_others()

    assert env.variables == {"LANG": "ko", "AWS_REGION": "eu", "HTTPS_PROXY": "http://p#1"}


def test_a_misspelt_name_is_known_by_the_one_that_it_resembles(tmp_path: Path) -> None:
    text = "ALLOWED_HOST=a\nport=1\nDJANGO_SECRET_KEY=x\nSECRETKEY_FILE=x\nAWS_REGION=eu"
    env = given(tmp_path, text, HOSTNAME="box", PORT="1", PORT_FILE="")
    env.hosts("ALLOWED_HOSTS")
    env.int("PORT", default=1)
    env.secret("SECRET_KEY")

    assert dict(env.misspelt()) == {
        "ALLOWED_HOST": "ALLOWED_HOSTS",
        "port": "PORT",
        "DJANGO_SECRET_KEY": "SECRET_KEY",
        "SECRETKEY_FILE": "SECRET_KEY_FILE",
    }
