"""Which lines were asked and which are answered, so that none is asked twice, whatever happens to the process.

OUT holds a line for each that is done. OUT.journal says of each line that it is about to be asked, before it is: what
is asked there and not in OUT was in flight when the process ended, and is not asked again by itself. Both files are on
the disk before anybody relies on them. The journal:

    {"journal": "chat-batch", "version": 1, "input": "<SHA-256 of IN>", "lines": 1000}
    {"asked": 17}      is about to be asked
    {"free": 17}       the provider refused it without an answer: it may be asked again
"""

from __future__ import annotations

import fcntl
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson

from chatbot_site.files import kind_of, open_plain
from chatbot_site.storable import storable_json
from operations.batch.durable import GrowingFile, cut_half_line, reading, sync_folder
from operations.batch.lines import SENTENCES
from operations.batch.survey import Survey

KIND, VERSION = "chat-batch", 1
OPEN, ASKED, DONE = range(3)
INTERRUPTED = "interrupted"
_START = b'{"journal":"chat-batch",'


class Refused(Exception):
    """OUT or its journal is not what this run could go on with; the message says why, in a sentence."""


class Ledger:
    """One run's hold on OUT and its journal. `cost` in dollars and `outcomes` are of all runs together."""

    def __init__(self, out: Path, survey: Survey) -> None:
        """Raises Refused, OSError."""
        self.out_path, self.journal_path = out, journal_of(out)
        self.cost = Decimal(0)
        self.outcomes: Counter[str] = Counter()  # "answered", "cached", or an error's code
        self.tokens: Counter[str] = Counter()  # input_tokens, output_tokens
        self._state = bytearray(survey.lines + 1)  # a byte a line
        refuse_foreign(out)
        self._journal = GrowingFile(self.journal_path)
        try:
            self._lock()
            self._read_journal(survey)
            self._out = GrowingFile(out)
            self.was_cut = bool(cut_half_line(out))
            self._read_out()
        except BaseException:
            self._journal.close()
            raise

    def state(self, number: int) -> int:
        return self._state[number]

    async def ask(self, number: int) -> None:
        """Return when it is written down that the line is about to be asked."""
        await self._journal.append(_line({"asked": number}))
        self._state[number] = ASKED

    async def free(self, number: int) -> None:
        """It was not asked after all: the provider refused it."""
        await self._journal.append(_line({"free": number}))
        self._state[number] = OPEN

    async def done(self, result: Mapping[str, Any]) -> None:
        """Return when the line's result is in OUT for good."""
        await self._out.append(_line(result))
        self._take(result)

    def ask_again(self, wanted: Callable[[str], bool]) -> int:
        """Take the lines with such an error out of OUT, and let those that were in flight be asked where INTERRUPTED
        is wanted. Gives their number."""
        numbers = [result["line"] for result in self._results() if wanted(_code(result))]
        if wanted(INTERRUPTED):
            numbers += [number for number, state in enumerate(self._state) if state == ASKED]
        if numbers:
            # First the journal: killed in between, a line is still done by OUT, and nothing is lost.
            self._journal.append_now(b"".join(_line({"free": number}) for number in numbers))
            self._rewrite_out(wanted)
            for number in numbers:
                self._state[number] = OPEN
            self._read_out()
        return len(numbers)

    def close(self) -> None:
        self._out.close()
        self._journal.close()

    def _lock(self) -> None:
        try:
            fcntl.flock(self._journal.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(f"Another batch is writing {self.out_path} right now.") from None

    def _read_journal(self, survey: Survey) -> None:
        self._refuse_foreign_journal()
        cut_half_line(self.journal_path)
        with reading(self.journal_path) as file:
            if head := file.readline():
                self._check(head, survey)
            for raw in file:
                self._note(raw)
        if not head:
            self._journal.append_now(_line(_head(survey)))
        if not self.out_path.exists() and any(self._state):
            raise Refused(
                f"{self.journal_path} says that lines were asked, but {self.out_path} is not there."
                " Put it back, or delete the journal to ask everything anew."
            )

    def _refuse_foreign_journal(self) -> None:
        """Before anything is cut: its first bytes, which may be all there is of it."""
        with reading(self.journal_path) as file:
            start = file.read(len(_START))
        if not _START.startswith(start):
            raise Refused(f"{self.journal_path} is no journal of this command.")

    def _check(self, head: bytes, survey: Survey) -> None:
        known = _object(head)
        if known.get("version") != VERSION:
            raise Refused(f"{self.journal_path} was written by another version of this command.")
        if known.get("input") != survey.digest:
            raise Refused(
                f"The input is not the one that {self.out_path} was begun with."
                " Give the same input to go on, or another OUT to begin anew."
            )

    def _note(self, raw: bytes) -> None:
        entry = _object(raw)
        for name, state in (("asked", ASKED), ("free", OPEN)):
            if self._is_line(entry.get(name)):
                self._state[entry[name]] = state
                return
        raise Refused(f"{self.journal_path} is damaged.")

    def _read_out(self) -> None:
        self.cost, self.outcomes, self.tokens = Decimal(0), Counter(), Counter()
        for result in self._results():
            if not self._is_line(result.get("line")) or "id" not in result:
                raise Refused(f"{self.out_path} is no output of this command, or was changed.")
            self._take(result)

    def _results(self) -> Iterator[dict[str, Any]]:
        with reading(self.out_path) as file:
            yield from map(_object, file)

    def _is_line(self, number: object) -> bool:
        return isinstance(number, int) and 0 < number < len(self._state)

    def _take(self, result: Mapping[str, Any]) -> None:
        self._state[result["line"]] = DONE
        self.outcomes[_code(result) or ("cached" if result.get("cached") else "answered")] += 1
        self.cost += Decimal(str(result.get("cost") or 0))
        for name, count in (result.get("usage") or {}).items():
            if name in ("input_tokens", "output_tokens"):
                self.tokens[name] += count

    def _rewrite_out(self, unwanted: Callable[[str], bool]) -> None:
        """OUT without such errors, in one step."""
        new = self.out_path.with_name(f".{self.out_path.name}.{os.getpid()}")
        try:
            with os.fdopen(open_plain(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as file:
                file.writelines(_line(result) for result in self._results() if not unwanted(_code(result)))
                file.flush()
                os.fsync(file.fileno())
            new.replace(self.out_path)
        finally:
            new.unlink(missing_ok=True)
        sync_folder(self.out_path)
        self._out.close()
        self._out = GrowingFile(self.out_path)


def journal_of(out: Path) -> Path:
    return out.with_name(f"{out.name}.journal")


def refuse_foreign(out: Path) -> None:
    """Raises Refused where OUT holds something and no journal says that it is ours."""
    journal = journal_of(out)
    for path in (out, journal):
        if (kind := kind_of(path)) not in ("", "a file"):
            raise Refused(f"{path} is {kind}, not a file.")
    if out.exists() and out.stat().st_size and not (journal.is_file() and journal.stat().st_size):
        raise Refused(f"{out} is there already and is no output of this command (it has no {journal.name}).")


def is_failure(code: str) -> bool:
    """Whether the code is of a question that was asked in vain: not of a bad line, and not of one in flight."""
    return bool(code) and code not in SENTENCES and code != INTERRUPTED


def _code(result: Mapping[str, Any]) -> str:
    error = result.get("error")
    return str(error["code"]) if isinstance(error, dict) and "code" in error else ""


def _head(survey: Survey) -> dict[str, Any]:
    return {"journal": KIND, "version": VERSION, "input": survey.digest, "lines": survey.lines}


def _object(raw: bytes) -> dict[str, Any]:
    """A line of ours; an empty object where it is something else."""
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _line(value: Mapping[str, Any]) -> bytes:
    return orjson.dumps(storable_json(value)) + b"\n"
