"""The one place of a process where answers in progress meet the pages that look on.

Pages of this process are handed their patches directly, without the channel layer. With Redis, the hub joins a
conversation's group once for all pages of the process and passes frames on. A page can lose any frame and nothing of
the text: whatever does not join on is read again from the database's last checkpoint.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol, TypeVar
from uuid import UUID

from django.conf import settings

from chatbot_site.threads import in_thread
from conversations.generation import outlook
from conversations.generation.bridge import Bridge
from conversations.generation.frames import Added, Changed, Delta, Frame, Key, Locked, Renewed, Turned, Waiting
from conversations.generation.live import Live
from conversations.generation.outlook import End
from conversations.generation.track import Checkpoint, Track, encode
from conversations.models import Generation

logger = logging.getLogger(__name__)
LOOK_SECONDS = 4.0  # the longest pause between two looks at an answer of which no frame has come yet
T = TypeVar("T")


class Tab(Protocol):
    """A page that looks on. `deliver` must not raise: a page that has gone is no reason to lose an answer."""

    key: Key
    language: str
    session_key: str

    async def deliver(self, text: str) -> None: ...
    async def turn_out(self, code: int) -> None: ...


class Hub:
    def __init__(self, bridge: Bridge) -> None:
        self.lives: dict[int, Live] = {}
        self._bridge = bridge
        self._tabs: dict[Key, set[Tab]] = defaultdict(set)
        self._tracks: dict[Key, dict[int, Track]] = defaultdict(dict)
        # Generations whose end the pages have been shown, and which.
        self._ended: dict[Key, dict[int, str]] = defaultdict(dict)
        self._tasks: set[asyncio.Task[None]] = set()
        self._renewed: set[int] = set()  # messages whose end, if one is on its way, was drawn too early
        self._shown = False

    # --- pages ---------------------------------------------------------------------------------------------------
    def tabs(self) -> list[Tab]:
        return [tab for tabs in self._tabs.values() for tab in tabs]

    def keys(self) -> dict[UUID, Key]:
        """The conversations that pages of this process look on at, by id."""
        return {key.conversation_id: key for key in self._tabs}

    def languages(self, key: Key) -> set[str]:
        """The languages of the pages that look on at a conversation."""
        return {tab.language for tab in self._tabs.get(key, ())}

    def shown_of_others(self) -> set[int]:
        """The generations of other processes whose end the pages have not been shown."""
        return {generation_id for tracks in self._tracks.values() for generation_id in tracks} - self.lives.keys()

    def take_shown(self) -> bool:
        """Whether pages were shown anything since the last call."""
        shown, self._shown = self._shown, False
        return shown

    async def watch(self, tab: Tab) -> None:
        """Show `tab` its conversation from now on, beginning with what is there."""
        first = tab.key not in self._tabs or not self._tabs[tab.key]
        self._tabs[tab.key].add(tab)
        if first:
            await self._bridge.join(tab.key.group)
        state = await in_thread(outlook.newest, tab.key)
        await tab.deliver(encode(state.hello))
        for message_id in state.hidden:  # the page may be older than that
            for html in (await self._read(tab.key, outlook.message_html, message_id, {tab.language})).values():
                await tab.deliver(html)
        track = self._track(tab.key, state.open.generation_id, state.open.message_id) if state.open else None
        if state.open is None or track is None:
            return
        if track.joined or self._begin(track, state.open):
            await tab.deliver(track.snapshot())
            if not track.is_followed:
                self._soon(self._look_until_followed(tab.key, state.open.generation_id, track))
        else:
            self._resync_soon(tab.key, state.open.generation_id)

    async def leave(self, tab: Tab) -> None:
        tabs = self._tabs.get(tab.key)
        if tabs is None:
            return
        tabs.discard(tab)
        if not tabs:
            self._tabs.pop(tab.key, None)
            self._tracks.pop(tab.key, None)
            self._ended.pop(tab.key, None)
            await self._bridge.leave(tab.key.group)

    # --- what happens ----------------------------------------------------------------------------------------------
    async def publish(self, key: Key, frame: Frame, end: End | None = None) -> None:
        """Tell every page of every process. Never raises for a page's or the channel layer's sake.

        `end`: how the message of a Changed looks now, where that is known and need not be read.
        """
        self._bridge.send(key, frame)
        try:
            await self.receive(key, frame, end)
        except Exception:
            logger.exception("A frame could not be shown")

    async def receive(self, key: Key, frame: Frame, end: End | None = None) -> None:
        """Show `frame` to the pages of this process; without any, it costs nothing."""
        if key not in self._tabs:
            return
        if isinstance(frame, Delta | Turned):
            await self._show(key, frame)
        elif isinstance(frame, Changed):
            await self._show_change(key, frame, end)
        elif isinstance(frame, Added):
            await self._to_all(key, encode({"new": frame.message_id} | ({"s": frame.status} if frame.status else {})))
        elif isinstance(frame, Waiting):
            await self._to_all(key, encode({"waiting": frame.count}))
        elif isinstance(frame, Renewed):
            self._renewed.add(frame.message_id)
            await self._in_languages(key, outlook.message_html, frame.message_id)
        elif isinstance(frame, Locked):
            await self._in_languages(key, outlook.lock_html, frame.is_locked)

    async def catch_up(self, key: Key, checkpoint: Checkpoint) -> None:
        """Show what a checkpoint knows beyond what the pages have been shown."""
        track = self._track(key, checkpoint.generation_id, checkpoint.message_id)
        if track and checkpoint.seq > track.seq and track.begin(checkpoint):
            await self._to_all(key, track.snapshot())

    async def tell_end(self, generation_id: int) -> bool:
        """Show the end of a generation from the database. False while it is still open."""
        found = await in_thread(outlook.status_of, generation_id)
        if found is None:
            return True
        if found.status in Generation.OPEN:
            return False
        await self.receive(found.key, Changed(generation_id, found.message_id, found.status))
        return True

    async def resync(self) -> None:
        """After the channel layer was gone: read again everything that is shown."""
        for key, tracks in list(self._tracks.items()):
            for generation_id, track in list(tracks.items()):
                track.is_followed = False  # what was sent meanwhile may be in no checkpoint yet
                self._resync_soon(key, generation_id)

    async def _show(self, key: Key, delta: Delta | Turned) -> None:
        track = self._track(key, delta.generation_id, delta.message_id)
        if track is None:
            return
        patch = track.apply(delta)
        if patch is None and (live := self.lives.get(delta.generation_id)):
            track.begin(shown_so_far(live))
            patch = track.snapshot()
        if patch is None:
            self._keep_waiting(key, delta, track)
        elif patch:
            await self._to_all(key, patch)

    def _keep_waiting(self, key: Key, delta: Delta | Turned, track: Track) -> None:
        if not track.waiting:
            self._resync_soon(key, delta.generation_id)
        track.waiting.append(delta)

    async def _show_change(self, key: Key, change: Changed, end: End | None) -> None:
        if change.status == Generation.Status.QUEUED:  # again, from the beginning
            self._tracks[key].pop(change.generation_id, None)
        if change.status == Generation.Status.RUNNING:  # its foot is that of a queued one
            await self._to_all(key, encode({"m": change.message_id, "s": change.status}))
            return
        languages = self.languages(key)
        if change.message_id in self._renewed:
            self._renewed.discard(change.message_id)
            end = None
        if end is None or not languages <= end.footers.keys():
            end = await self._read(key, outlook.end_of, change.message_id, languages)
        if end is None or key not in self._tabs:
            return
        if end.is_final:
            if self._ended[key].get(change.generation_id) == end.status:
                return
            self._ended[key][change.generation_id] = end.status
            track = self._tracks[key].pop(change.generation_id, None) or Track(change.message_id)
            if patch := track.final(end.html, end.reasoning):
                await self._to_all(key, patch)
        await self._to_all(key, encode({"m": change.message_id, "s": end.status}))
        await self._deliver(key, end.footers)

    async def _in_languages(self, key: Key, draw: Callable[..., dict[str, str]], what: int) -> None:
        self._shown = True
        await self._deliver(key, await self._read(key, draw, what, self.languages(key)))

    async def _read(self, key: Key, read: Callable[..., T], *arguments: object) -> T:
        """What `read` finds; read again where an end was shown meanwhile: nothing older may follow it."""
        while True:
            ended = self._ended.get(key, {}).copy()
            found = await in_thread(read, *arguments)
            if self._ended.get(key, {}) == ended:
                return found

    async def _deliver(self, key: Key, fragments: Mapping[str, str]) -> None:
        """To each page the one in its language. One that came meanwhile has seen it already."""
        for tab in tuple(self._tabs.get(key, ())):
            if tab.language in fragments:
                await tab.deliver(fragments[tab.language])

    async def _to_all(self, key: Key, text: str) -> None:
        self._shown = True
        for tab in tuple(self._tabs.get(key, ())):
            await tab.deliver(text)

    # --- joining on to what the database knows -----------------------------------------------------------------------
    def _track(self, key: Key, generation_id: int, message_id: int) -> Track | None:
        """None when nobody looks on any more, or the end has been shown: what was read before that is old."""
        if key not in self._tabs or generation_id in self._ended[key]:
            return None
        return self._tracks[key].setdefault(generation_id, Track(message_id))

    def _begin(self, track: Track, checkpoint: Checkpoint) -> bool:
        """From the runner's own memory when it is in this process, else from the database."""
        live = self.lives.get(checkpoint.generation_id)
        return track.begin(shown_so_far(live) if live else checkpoint)

    def _resync_soon(self, key: Key, generation_id: int) -> None:
        self._soon(self._resync(key, generation_id))

    def _soon(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _resync(self, key: Key, generation_id: int) -> None:
        """Read checkpoints until one joins on to the frames that came meanwhile, then show it whole."""
        while (track := self._tracks.get(key, {}).get(generation_id)) is not None:
            checkpoint = await in_thread(outlook.checkpoint, generation_id)
            if self._tracks.get(key, {}).get(generation_id) is not track:
                return
            if checkpoint is None:
                await self.tell_end(generation_id)
                return
            if self._begin(track, checkpoint):
                await self._to_all(key, track.snapshot())
                await self._look_until_followed(key, generation_id, track)
                return
            await asyncio.sleep(settings.CHECKPOINT_SECONDS)

    async def _look_until_followed(self, key: Key, generation_id: int, track: Track) -> None:
        """Frames that were sent before this process listened, of what was not saved when it read, come from nowhere
        else; and that some are missing shows with the next one only, which may be long in coming."""
        if track.is_looked_at:  # once for all pages
            return
        track.is_looked_at = True
        try:
            await self._look(key, generation_id, track)
        finally:
            track.is_looked_at = False

    async def _look(self, key: Key, generation_id: int, track: Track) -> None:
        pause = settings.CHECKPOINT_SECONDS
        while self._tracks.get(key, {}).get(generation_id) is track:
            if track.is_followed or generation_id in self.lives:
                return
            await asyncio.sleep(pause)
            pause = min(2 * pause, LOOK_SECONDS)
            checkpoint = await in_thread(outlook.checkpoint, generation_id)
            if checkpoint is None:
                await self.tell_end(generation_id)
                return
            if key in self._tabs and self._tracks[key].get(generation_id) is track:
                await self.catch_up(key, checkpoint)


def shown_so_far(live: Live) -> Checkpoint:
    """What the pages have been shown of an answer that is made in this process: the next frame joins on to it."""
    return Checkpoint(
        generation_id=live.generation_id,
        message_id=live.message_id,
        conversation_id=live.key.conversation_id,
        seq=live.shown_seq,
        text=live.prefix + live.shown("text"),
        reasoning=live.prefix_reasoning + live.shown("reasoning"),
    )
