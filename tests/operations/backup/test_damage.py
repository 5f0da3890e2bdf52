"""A byte of a backup that is not what was written is found, wherever it is; nothing is unpacked before."""

import io
import random
import struct
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from django.core.management.base import CommandError

from operations.backup.checking import check
from operations.backup.framing import FramedWriter
from operations.backup.keys import BackupKey
from operations.backup.problems import BackupProblem, Damaged, NeedsKey, NotABackup, Truncated, UnsafePath, WrongKey
from operations.backup.sealing import CHUNK, HEADER, TAG, SealedReader, SealingWriter
from tests.operations.backup.conftest import KEY
from tests.operations.backup.content import backed_up, digests, media_files, rewritten, run

Damage = Callable[[bytes], bytes]
FLIPS = 100  # of each kind of file


@pytest.fixture
def plain(site: Path) -> Path:
    return backed_up(site / "backups")


@pytest.fixture
def sealed(site: Path, settings) -> Path:
    settings.BACKUP_KEY = KEY
    file = backed_up(site / "backups")
    settings.BACKUP_KEY = ""
    return file


def _flipped(data: bytes, position: int, bit: int) -> bytes:
    return data[:position] + bytes([data[position] ^ 1 << bit]) + data[position + 1 :]


@pytest.mark.parametrize("kind", ["plain", "sealed"])
def test_a_hundred_random_flips_are_all_found(kind: str, request: pytest.FixtureRequest, key: BackupKey) -> None:
    file: Path = request.getfixturevalue(kind)
    data, seed = file.read_bytes(), random.Random(kind)
    copy = file.with_name("altered")
    ends = [0, 7, 8, 9, 21, 22, len(data) - 41, len(data) - 40, len(data) - 33, len(data) - 1]
    for position in ends + [seed.randrange(len(data)) for _ in range(FLIPS - len(ends))]:
        copy.write_bytes(_flipped(data, position, seed.randrange(8)))
        with pytest.raises(BackupProblem):
            check(copy, key)


@pytest.mark.parametrize("kind", ["plain", "sealed"])
def test_every_truncation_and_addition_is_found(kind: str, request: pytest.FixtureRequest, key: BackupKey) -> None:
    file: Path = request.getfixturevalue(kind)
    data, seed = file.read_bytes(), random.Random(kind)
    copy = file.with_name("altered")
    lengths = [0, 1, 8, 22, 40, 62, len(data) - 40, len(data) - 1] + [seed.randrange(len(data)) for _ in range(30)]
    for altered in [data[:length] for length in lengths] + [
        data + b"\0",
        data + data,
        data + data[-40:],
        data + b"x" * 99,
    ]:
        copy.write_bytes(altered)
        with pytest.raises(BackupProblem):
            check(copy, key)


def test_parts_that_changed_places_are_found(plain: Path) -> None:
    data = plain.read_bytes()
    third = len(data) // 3
    plain.write_bytes(data[:third] + data[2 * third :] + data[third : 2 * third])
    with pytest.raises(Damaged):
        check(plain, None)


def test_an_altered_part_under_a_new_digest_is_found(plain: Path) -> None:
    """By somebody who knows the format, but not the manifest."""
    with _unpacked(plain) as tar:
        parts = [(m.name, tar.extractfile(m).read()) for m in tar]
    index = next(i for i, (name, _text) in enumerate(parts) if "conversations.message/" in name)
    name, text = parts[index]
    parts[index] = (name, text.replace("네".encode(), "예".encode(), 1))
    plain.write_bytes(_packed(parts))
    with pytest.raises(Damaged, match="its checksum is another"):
        check(plain, None)
    parts[index], parts[index - 1] = parts[index - 1], (name, text)
    plain.write_bytes(_packed(parts))
    with pytest.raises(Damaged, match="not those that it lists"):
        check(plain, None)
    del parts[index]
    plain.write_bytes(_packed(parts))
    with pytest.raises(Damaged, match="not those that it lists"):
        check(plain, None)


def _unpacked(file: Path) -> tarfile.TarFile:
    with file.open("rb") as source:
        text = zstandard.ZstdDecompressor().stream_reader(source, read_across_frames=True).read()
    return tarfile.open(fileobj=io.BytesIO(text))


def _packed(parts: list[tuple[str, bytes]], change: Callable[[tarfile.TarInfo], None] = lambda _info: None) -> bytes:
    out = io.BytesIO()
    framed = FramedWriter(out)
    with tarfile.open(fileobj=framed, mode="w|") as tar:
        for name, text in parts:
            info = tarfile.TarInfo(name)
            info.size = len(text)
            change(info)
            tar.addfile(info, io.BytesIO(text))
    framed.close()
    return out.getvalue()


# --- Each sentence, by the command ----------------------------------------------------------------


def _refused(file: Path, sentence: str, *options: object) -> None:
    """By --verify and by restore; and nothing of the site is changed by that."""
    before = digests(), media_files()
    with pytest.raises(CommandError, match=sentence):
        run("backup", "--verify", file, *options)
    with pytest.raises(CommandError, match=sentence):
        run("restore", file, "--replace", *options)
    assert (digests(), media_files()) == before


def test_altered(plain: Path) -> None:
    data = plain.read_bytes()
    plain.write_bytes(_flipped(data, len(data) // 2, 3))
    _refused(plain, "was altered")


def test_truncated(plain: Path) -> None:
    plain.write_bytes(plain.read_bytes()[:-100])
    _refused(plain, "cut off")


def test_not_a_backup(plain: Path) -> None:
    plain.write_bytes(b"PK\3\4 some other archive" * 50)
    _refused(plain, "not a backup of this product")
    _refused(plain.with_name("nowhere"), "No such file")


def test_no_key(sealed: Path) -> None:
    _refused(sealed, "is encrypted: give --key-file")


def test_wrong_key(sealed: Path, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("a passphrase of somebody else")
    _refused(sealed, "does not open this backup", "--key-file", tmp_path / "key")


@pytest.mark.parametrize(
    "name",
    [
        "media/../../etc/passwd",
        "../climbs",
        "/etc/passwd",
        "media//etc/passwd",
        "media/C:evil",
        "media/..\\evil",
        "other/x",
    ],
)
def test_climbing_path(plain: Path, name: str) -> None:
    _refused(rewritten(plain, plain.with_name("climbing"), extra=name), "leads out of its folder")


def test_a_name_with_nul(plain: Path) -> None:
    plain.write_bytes(_packed([("about.json", b"{}"), ("media/a\0b", b"")], _as_pax))
    with pytest.raises(BackupProblem):
        check(plain, None)


def _as_pax(info: tarfile.TarInfo) -> None:
    if "\0" in info.name:
        info.pax_headers = {"path": info.name}
        info.name = "media/a"


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE])
def test_links_and_devices(plain: Path, kind: bytes) -> None:
    def change(info: tarfile.TarInfo) -> None:
        if info.name.startswith("media/"):
            info.type, info.linkname, info.size = kind, "/etc/passwd", 0

    plain.write_bytes(_packed([("media/a", b"")], change))
    with pytest.raises(UnsafePath):
        check(plain, None)


def test_a_bomb_costs_no_memory(plain: Path) -> None:
    """A window larger than any of ours is not made room for."""
    frame = struct.pack("<IBB", 0xFD2FB528, 0, 0xF8)
    out = io.BytesIO()
    framed = FramedWriter(out)
    framed._out.write(frame + b"\0" * 100)
    framed.close()
    plain.write_bytes(out.getvalue())
    with pytest.raises(BackupProblem):
        check(plain, None)


# --- The sealing alone ----------------------------------------------------------------------------


def _sealed(data: bytes, key: BackupKey) -> bytes:
    out = io.BytesIO()
    writer = SealingWriter(out, key)
    writer.write(data)
    writer.close()
    return out.getvalue()


def _opened(data: bytes, key: BackupKey) -> bytes:
    reader, found = SealedReader(io.BytesIO(data), key), b""
    while piece := reader.read(1000):
        found += piece
    return found


@pytest.mark.parametrize("size", [1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_sealed_and_opened_it_is_the_same(size: int, key: BackupKey) -> None:
    data = random.Random(size).randbytes(size)
    assert _opened(_sealed(data, key), key) == data


def test_a_passphrase_does_too() -> None:
    key = BackupKey("correct horse battery staple")
    sealed = _sealed(b"data", key)
    assert _opened(sealed, key) == b"data"
    with pytest.raises(WrongKey):
        _opened(sealed, BackupKey("correct horse battery stable"))


def test_the_same_twice_looks_different(key: BackupKey) -> None:
    assert _sealed(b"same" * 1000, key)[HEADER:] != _sealed(b"same" * 1000, key)[HEADER:]


def test_a_key_never_shows_itself(key: BackupKey) -> None:
    assert KEY[:6] not in repr(key)
    with pytest.raises(NeedsKey) as refused:
        BackupKey("too short")
    assert "too short" not in str(refused.value)


@pytest.mark.parametrize(
    ("problem", "damage"),
    [
        (Truncated, lambda head, chunks: head + b"".join(chunks[:-1])),
        (Damaged, lambda head, chunks: head + b"".join(chunks) + chunks[0]),
        (Truncated, lambda head, chunks: head[:-1]),
        (Damaged, lambda head, chunks: head + chunks[1] + chunks[0] + chunks[2]),
        (Damaged, lambda head, chunks: head + chunks[0] + chunks[2]),
        (Damaged, lambda head, chunks: head + chunks[0] + chunks[0] + chunks[1] + chunks[2]),
        (Damaged, lambda head, chunks: head),
        (NotABackup, lambda head, chunks: b""),
    ],
    ids=["cut", "longer", "no header", "swapped", "left out", "doubled", "nothing in it", "empty"],
)
def test_chunks_stay_in_their_places(problem: type[BackupProblem], damage, key: BackupKey) -> None:
    sealed = _sealed(random.Random(1).randbytes(2 * CHUNK + 5), key)
    head, body, size = sealed[:HEADER], sealed[HEADER:], CHUNK + TAG
    chunks = [body[:size], body[size : 2 * size], body[2 * size :]]
    with pytest.raises(problem):
        _opened(damage(head, chunks), key)
