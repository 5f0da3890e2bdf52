"""All conversations of a person in one file, made piece by piece: its size does not matter to the memory."""

from __future__ import annotations

import io
import json
import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from math import inf
from time import thread_time
from typing import IO, TYPE_CHECKING, Any, TypeVar
from uuid import UUID
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

from django.utils import timezone, translation

from chatbot_site.database import is_unreadable
from chatbot_site.threads import in_thread
from conversations.models import Conversation
from conversations.transfer.exporting import EXPORT_SECONDS, Gathered, as_json, as_markdown, gather_all
from conversations.transfer.formats.own import FORMAT as CONVERSATION
from conversations.transfer.formats.own import VERSION
from conversations.transfer.names import safe_stem
from conversations.transfer.slots import Slot

if TYPE_CHECKING:
    from accounts.models import User

T = TypeVar("T")
Tell = Callable[[int, int], None]  # how many conversations of how many are done
LeaveOut = Callable[[UUID, Exception], None]  # the conversation, and why it cannot be read
logger = logging.getLogger(__name__)

AT_ONCE = 10  # conversations between two pieces: a thread is not held for long
PIECE_SECONDS = 1.0  # of CPU, after which a piece ends with fewer of them
ARCHIVE_SECONDS = 300.0  # of CPU for all conversations of a download; see EXPORT_SECONDS
FORMAT = "chat-archive"
_LIST_START = f'[\n{{"format":"{CONVERSATION}"'.encode()


class _Sink(io.RawIOBase):
    """What was written to it since it was last emptied."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._written.append(bytes(data))
        return len(data)

    def emptied(self) -> bytes:
        written, self._written = b"".join(self._written), []
        return written


def ids_of(owner: User) -> list[UUID]:
    """What is exported: all but deleted and temporary conversations, oldest first."""
    kept = Conversation.objects.owned_by(owner).filter(expires_at__isnull=True)
    return list(kept.order_by("created_at", "pk").values_list("pk", flat=True))


def gathered(owner: User, ids: list[UUID]) -> list[Gathered]:
    """Conversations with their messages; without those that are gone by now."""
    found = Conversation.objects.owned_by(owner).select_related("folder").in_bulk(ids)
    return gather_all([found[pk] for pk in ids if pk in found])


def _written(owner: User, ids: list[UUID], write: Callable[[Gathered], T], leave_out: LeaveOut) -> Iterator[T]:
    """What `write` makes of these conversations; without those with a row that cannot be read."""
    try:
        found = gathered(owner, ids)
    except Exception as error:
        if not is_unreadable(error):
            raise
        if len(ids) == 1:
            leave_out(ids[0], error)
            return
        for pk in ids:
            yield from _written(owner, [pk], write, leave_out)
        return
    for one in found:
        try:
            made = write(one)
        except Exception as error:
            if not is_unreadable(error):
                raise
            leave_out(one.conversation.pk, error)
        else:
            yield made


def _log(conversation: UUID, error: Exception) -> None:
    logger.error("Conversation %s cannot be read and is not in an export (%s).", conversation, type(error).__name__)


def zip_pieces(
    owner: User, tell: Tell = lambda done, total: None, leave_out: LeaveOut = _log, seconds: float = inf
) -> Iterator[bytes]:
    """A ZIP of one JSON and one Markdown file a conversation, and at the end a manifest, in pieces.

    Each piece may be asked for in another thread. After so many `seconds` of CPU, texts that would take more of it
    stand in the Markdown files as they were written.
    """
    sink, ids = _Sink(), ids_of(owner)
    language, zone = translation.get_language(), timezone.get_current_timezone()
    manifest: list[dict[str, str]] = []

    def texts_of(one: Gathered) -> tuple[Conversation, str, str]:
        with translation.override(language), timezone.override(zone):
            return one.conversation, as_json(one), as_markdown(one, min(seconds, EXPORT_SECONDS))

    with ZipFile(sink, "w", ZIP_DEFLATED) as archive:
        for start in range(0, len(ids), AT_ONCE):
            spent, began = 0.0, thread_time()
            for one in _written(owner, ids[start : start + AT_ONCE], texts_of, leave_out):
                with timezone.override(zone):
                    manifest.append(_add(archive, *one))
                taken = thread_time() - began
                spent, seconds = spent + taken, max(seconds - taken, 0)
                if spent > PIECE_SECONDS:
                    spent = 0.0
                    yield sink.emptied()
                began = thread_time()  # of the thread that asks for the next
            tell(min(start + AT_ONCE, len(ids)), len(ids))
            yield sink.emptied()
        _write(archive, "manifest.json", _manifest(manifest))
    yield sink.emptied()


def _add(archive: ZipFile, conversation: Conversation, as_json: str, as_markdown: str) -> dict[str, str]:
    day = timezone.localdate(conversation.created_at).isoformat()
    name = f"{day} {safe_stem(conversation.title)} {conversation.pk.hex[:8]}"
    files = {"json": f"json/{name}.json", "markdown": f"markdown/{name}.md"}
    _write(archive, files["json"], as_json)
    _write(archive, files["markdown"], as_markdown)
    return {"id": str(conversation.pk), "title": conversation.title} | files


def _write(archive: ZipFile, name: str, text: str) -> None:
    info = ZipInfo(name, timezone.localtime().timetuple()[:6])
    info.compress_type = ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    archive.writestr(info, text.encode("utf-8", "replace"))


def _manifest(files: list[dict[str, str]]) -> str:
    head = {
        "format": FORMAT,
        "version": VERSION,
        "exported_at": timezone.now().isoformat(),
        "conversations": len(files),
    }
    return json.dumps(head | {"files": files}, ensure_ascii=False, indent=1)


def is_own(file: IO[bytes]) -> bool:
    """Whether it is a ZIP or a JSON list that was written here."""
    start = file.read(len(_LIST_START))
    if b"[\n]\n".startswith(start) or start == _LIST_START:
        return True
    try:
        with ZipFile(file) as archive:
            manifest = json.loads(archive.read("manifest.json"))
    except (BadZipFile, KeyError, ValueError, NotImplementedError, RuntimeError, OSError):
        return False
    return isinstance(manifest, dict) and manifest.get("format") == FORMAT


def json_pieces(owner: User, tell: Tell, leave_out: LeaveOut) -> Iterator[bytes]:
    """A JSON list of all conversations, each on a line of its own."""
    texts = _texts(owner, as_json, tell, leave_out)
    yield b"["
    for number, text in enumerate(texts):
        yield (("," if number else "") + "\n" + text).encode("utf-8", "replace")
    yield b"\n]\n"


def markdown_pieces(owner: User, tell: Tell, leave_out: LeaveOut) -> Iterator[bytes]:
    """The current branches of all conversations, one after the other."""
    for number, text in enumerate(_texts(owner, as_markdown, tell, leave_out)):
        yield (("\n---\n\n" if number else "") + text).encode("utf-8", "replace")


def _texts(owner: User, write: Callable[[Gathered], str], tell: Tell, leave_out: LeaveOut) -> Iterator[str]:
    ids = ids_of(owner)
    for start in range(0, len(ids), AT_ONCE):
        yield from _written(owner, ids[start : start + AT_ONCE], write, leave_out)
        tell(min(start + AT_ONCE, len(ids)), len(ids))


class InOtherThreads:
    """The pieces for an event loop, each made in a thread when the one before has been sent.

    Closed by the response, also when its reader has gone. The slot ends then, or with the piece that is being made.
    """

    def __init__(self, pieces: Iterator[bytes], slot: Slot) -> None:
        self._pieces, self._slot = pieces, slot
        self._making, self._is_closed = threading.Lock(), False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (piece := await in_thread(self._next)) is not None:
            yield piece

    def _next(self) -> bytes | None:
        try:
            with self._making:
                return None if self._is_closed else next(self._pieces, None)
        finally:
            if self._is_closed:
                self._slot.end()

    def close(self) -> None:
        self._is_closed = True
        if self._making.acquire(blocking=False):
            self._making.release()
            self._slot.end()
