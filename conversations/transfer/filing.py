"""How an imported conversation is put away and goes on: folder, pin and settings, within the site's limits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.utils import timezone

from accounts.models import Preferences
from conversations.forms import MAX_FOLDERS, MAX_TOKENS_CEILING, MAX_TOKENS_STEP, SYSTEM_PROMPT_LENGTH
from conversations.models import Conversation, Folder
from conversations.models.conversation import TITLE_LENGTH
from conversations.models.folder import NAME_LENGTH
from conversations.sidebar import MAX_PINNED
from conversations.text import cut, one_line
from conversations.transfer.tree import Parsed
from providers import default_model, model_info, models_for_menu

if TYPE_CHECKING:
    from accounts.models import User


class Filing:
    """Makes the rows of some conversations of one person. `notes` counts what did not fit, by code."""

    def __init__(self, owner: User, conversations: Iterable[Parsed]) -> None:
        self._owner, self.notes = owner, Counter[str]()
        self._preferences = Preferences.of(owner)
        self._menu = {info.id for group in models_for_menu(owner) for info in group.models}
        every = list(conversations)
        self._pins = _free_pins(owner) if any(parsed.is_pinned for parsed in every) else 0
        self._folders = _folders(owner) if any(parsed.folder for parsed in every) else {}

    def conversation(self, key: tuple[str, str], parsed: Parsed) -> Conversation:
        """Not saved."""
        now = timezone.now()
        created = parsed.created_at or now
        row = Conversation(
            owner=self._owner,
            title=cut(one_line(parsed.title), TITLE_LENGTH),
            model=parsed.model if parsed.model in self._menu else self._preferences.default_model,
            streaming=parsed.streaming,
            system_prompt=self._prompt(parsed.system_prompt),
            cache_answers=parsed.cache_answers,
            folder=self._folder(parsed.folder),
            created_at=created,
            updated_at=parsed.updated_at or created,
            imported_at=now,
            pinned_at=now if parsed.is_pinned and self._may_pin(parsed) else None,
            archived_at=now if parsed.is_archived else None,
            source=key[0],
            source_id=key[1],
        )
        row.temperature, row.max_tokens = self._within_limits(row.model, parsed)
        return row

    def _within_limits(self, model: str, parsed: Parsed) -> tuple[float, int]:
        """Temperature and longest answer as the form of the settings would let them pass."""
        name = model or default_model(self._owner)
        info = model_info(name) if name else None
        hottest = info.max_temperature if info else 2.0
        longest = min(MAX_TOKENS_CEILING, info.max_output) if info else MAX_TOKENS_CEILING
        temperature = self._preferences.temperature if parsed.temperature is None else parsed.temperature
        if hottest is None:  # it takes none: what is kept is for another model
            temperature = self._preferences.temperature
        tokens = parsed.max_tokens or self._preferences.max_tokens
        limit = 2.0 if hottest is None else hottest
        return min(max(temperature, 0.0), limit), max(MAX_TOKENS_STEP, min(tokens, max(longest, MAX_TOKENS_STEP)))

    def _prompt(self, prompt: str) -> str:
        self.notes["prompts"] += len(prompt) > SYSTEM_PROMPT_LENGTH
        return cut(prompt, SYSTEM_PROMPT_LENGTH)

    def _may_pin(self, parsed: Parsed) -> bool:
        if parsed.is_archived:
            return True  # it is not in the list
        self._pins -= 1
        self.notes["pins"] += self._pins < 0
        return self._pins >= 0

    def _folder(self, name: str) -> Folder | None:
        name = cut(one_line(name), NAME_LENGTH)
        if not name:
            return None
        if name not in self._folders and len(self._folders) >= MAX_FOLDERS:
            self.notes["folders"] += 1
            return None
        if name not in self._folders:
            self._folders[name] = Folder.objects.get_or_create(owner=self._owner, name=name)[0]
        return self._folders[name]


def _free_pins(owner: User) -> int:
    return MAX_PINNED - Conversation.objects.listed_for(owner).filter(pinned_at__isnull=False).count()


def _folders(owner: User) -> dict[str, Folder]:
    return {folder.name: folder for folder in Folder.objects.filter(owner=owner)}
