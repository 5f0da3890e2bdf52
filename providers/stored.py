"""What the database says about providers, kept in memory for a moment: every page and every answer asks for it.

A change made in this process is seen at once; one made in another process within KEEP_SECONDS.
"""

import asyncio
import time
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from asgiref.sync import sync_to_async

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from providers.models import Credential, ModelOverride

KEEP_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Stored:
    """Rows by the provider's and by the model's name; `read_at` in monotonic seconds, 0 for never.

    `groups`: of the models that not everybody may use, the ids of the groups that may.
    """

    credentials: "Mapping[str, Credential]" = field(default_factory=lambda: MappingProxyType({}))
    overrides: "Mapping[str, ModelOverride]" = field(default_factory=lambda: MappingProxyType({}))
    groups: "Mapping[str, frozenset[int]]" = field(default_factory=lambda: MappingProxyType({}))
    read_at: float = 0.0

    @property
    def fresh(self) -> bool:
        return self.read_at > 0 and time.monotonic() - self.read_at < KEEP_SECONDS


_latest = Stored()
_changes = 0


def stored() -> Stored:
    """What is stored, read anew when it is old. On an event loop, where the database must wait, what was read last."""
    if not _latest.fresh and not _on_event_loop():
        return _read()
    return _latest


async def stored_async() -> Stored:
    """The same for coroutines, read anew when it is old."""
    return _latest if _latest.fresh else await sync_to_async(_read)()


def forget() -> None:
    """Read again at the next need."""
    global _latest, _changes
    _changes += 1
    _latest = Stored(_latest.credentials, _latest.overrides, _latest.groups)


def _read() -> Stored:
    global _latest
    from providers.models import Credential, ModelOverride

    before, read_at = _changes, time.monotonic()
    credentials = {row.provider: row for row in Credential.objects.all()}
    overrides = {row.model: row for row in ModelOverride.objects.all()}
    groups = _groups(overrides.values())
    # What changed while it was read is read again next time.
    _latest = Stored(credentials, overrides, groups, read_at if before == _changes else 0.0)
    return _latest


def _groups(overrides: "Iterable[ModelOverride]") -> dict[str, frozenset[int]]:
    from providers.models import ModelOverride

    groups: dict[int, set[int]] = {}
    for override_id, group_id in ModelOverride.groups.through.objects.values_list("modeloverride_id", "group_id"):
        groups.setdefault(override_id, set()).add(group_id)
    return {row.model: frozenset(groups.get(row.pk, ())) for row in overrides if row.is_restricted}


def _on_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
