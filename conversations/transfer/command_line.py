"""What the commands of export and import share: whose conversations, and how far it has come."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError, OutputWrapper

from conversations.text import storable

if TYPE_CHECKING:
    from accounts.models import User


def person(name: str) -> User:
    """Raises CommandError where nobody is called that."""
    name = storable(name)  # as it came from the shell, it need be no text
    model = get_user_model()
    found = model.objects.filter(username=model.normalize_username(name)).first()
    if found is None:
        raise CommandError(f"Nobody here is called {name}.")
    return found


class Progress:
    """A line that says how far it has come, on a terminal only."""

    def __init__(self, out: OutputWrapper | IO[str], label: str) -> None:
        self._out, self._label = out, label
        self._is_shown = out.isatty()
        self._width = 0

    def tell(self, done: int, total: int | None = None) -> None:
        if self._is_shown:
            self._show(f"{self._label}: {done:,} of {total:,}" if total is not None else f"{self._label}: {done:,}")

    def end(self) -> None:
        if self._width:
            self._show("")
            self._out.write("\r", ending="") if isinstance(self._out, OutputWrapper) else self._out.write("\r")

    def _show(self, text: str) -> None:
        line = "\r" + text.ljust(self._width)
        self._width = len(text)
        self._out.write(line, ending="") if isinstance(self._out, OutputWrapper) else self._out.write(line)
        self._out.flush()
