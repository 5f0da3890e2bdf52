"""The one place through which everything goes that an import would store.

Whoever brings a file may have written all of it, so its answers are looked at as its questions are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conversations.models import Conversation
from conversations.screening import refusal_of
from conversations.transfer.tree import Parsed

if TYPE_CHECKING:
    from accounts.models import User


def refusal_of_import(owner: User, parsed: Parsed) -> str:
    """The sentence with which a conversation is refused, in the active language; "" lets it pass.

    Asked once for each conversation that is about to be stored or added to, outside of any transaction: what a rule
    blocks is kept for review.
    """
    conversation = Conversation(owner=owner, model=parsed.model)
    return next((said for text in _words(parsed) if (said := refusal_of(owner, conversation, text))), "")


def _words(parsed: Parsed) -> list[str]:
    said = [text for turn in parsed.turns for text in (turn.content, turn.reasoning)]
    return [text for text in (parsed.title, parsed.folder, parsed.system_prompt, *said) if text.strip()]
