"""Files that commands write where a person says: in the place of nothing that is not theirs."""

import fcntl
import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from chatbot_site.files import Occupied, kind_of, make_private_folder, new_file, open_plain, put_in_place


def _is_ours(file: object) -> bool:
    return file.read(4) == b"ours"  # type: ignore[attr-defined]


def _write(path: Path, meanwhile: Callable[[], object] = lambda: None) -> None:
    with new_file(path, _is_ours) as file:
        file.write(b"ours, new")
        meanwhile()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "out"


def test_a_new_file_is_whole_and_for_its_owner_only(place: Path) -> None:
    _write(place)
    assert place.read_bytes() == b"ours, new"
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert os.listdir(place.parent) == ["out"]


@pytest.mark.parametrize("before", [b"", b"ours, old"])
def test_takes_the_place_of_an_earlier_one_and_of_an_empty_one(place: Path, before: bytes) -> None:
    place.write_bytes(before)
    _write(place)
    assert place.read_bytes() == b"ours, new"


def test_a_file_of_something_else_stays(place: Path) -> None:
    place.write_bytes(b"my diary")
    with pytest.raises(Occupied, match="has not written it"):
        _write(place)
    assert place.read_bytes() == b"my diary"


@pytest.mark.parametrize("target", ["elsewhere", "nothing"])
def test_a_link_is_not_followed(place: Path, target: str) -> None:
    elsewhere = place.with_name(target)
    if target == "elsewhere":
        elsewhere.write_bytes(b"ours, precious")
    place.symlink_to(elsewhere)
    with pytest.raises(Occupied, match=r"is a link, not a file\."):
        _write(place)
    assert place.is_symlink()
    assert not elsewhere.exists() or elsewhere.read_bytes() == b"ours, precious"


def test_neither_is_a_folder_a_pipe_a_socket_or_a_device(place: Path) -> None:
    place.mkdir()
    pipe, listening = place / "pipe", place / "socket"
    os.mkfifo(pipe)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(listening))
        for path, kind in (
            (place, "a directory"),
            (pipe, "a pipe"),
            (listening, "a socket"),
            (Path("/dev/null"), "a dev"),
        ):
            before = path.lstat()
            with pytest.raises(Occupied, match=f"is {kind}"):
                _write(path)
            assert os.path.samestat(before, path.lstat())


def test_the_other_name_of_a_hard_link_keeps_its_content(place: Path) -> None:
    place.write_bytes(b"ours, old")
    kept = place.with_name("kept")
    os.link(place, kept)
    _write(place)
    assert (place.read_bytes(), kept.read_bytes()) == (b"ours, new", b"ours, old")


def test_what_came_there_in_the_meantime_stays(place: Path) -> None:
    with pytest.raises(Occupied):
        _write(place, meanwhile=lambda: place.symlink_to("/dev/null"))
    assert os.readlink(place) == "/dev/null"
    place.unlink()
    place.write_bytes(b"ours, old")

    def another() -> None:
        place.rename(place.with_name("first"))
        place.write_bytes(b"my diary")

    with pytest.raises(Occupied, match="changed meanwhile"):
        _write(place, meanwhile=another)
    assert place.read_bytes() == b"my diary"
    assert sorted(os.listdir(place.parent)) == ["first", "out"]


def test_nothing_is_left_of_what_failed(place: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        _write(place, meanwhile=lambda: 1 / 0)
    assert os.listdir(place.parent) == []


def test_what_a_killed_command_left_goes_and_what_another_writes_stays(place: Path) -> None:
    left, young, written, link = (place.with_name(f".chat-{name}.unfinished") for name in "abcd")
    for path in (left, young, written):
        path.write_bytes(b"x")
    for path in (left, written):
        os.utime(path, (0, 0))
    link.symlink_to(place)
    with written.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        _write(place)
    assert {path.name for path in place.parent.iterdir()} == {"out", young.name, written.name, link.name}


def test_a_disk_without_links(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object, **_named: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    _write(place)
    assert place.read_bytes() == b"ours, new"
    other = place.with_name("other")
    other.write_bytes(b"x")
    with pytest.raises(Occupied):
        put_in_place(other, place)
    assert place.read_bytes() == b"ours, new"


def test_a_very_long_name(tmp_path: Path) -> None:
    _write(tmp_path / ("n" * 255))
    with pytest.raises(OSError, match="too long"):
        _write(tmp_path / ("n" * 256))


def test_opening_never_waits(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for flags in (os.O_RDONLY, os.O_WRONLY | os.O_CREAT, os.O_RDWR | os.O_APPEND | os.O_CREAT):
        with pytest.raises(Occupied):
            open_plain(tmp_path / "pipe", flags)
    assert kind_of(tmp_path / "no" / "such") == ""


def test_private_folders(tmp_path: Path) -> None:
    make_private_folder(tmp_path / "a" / "b")
    make_private_folder(tmp_path / "a" / "b")
    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("a", "a/b")] == [0o700, 0o700]
