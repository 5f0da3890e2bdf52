"""The HTML of answers that have none stored (imported, restored): rendered by whoever shows them first, then kept.

A page must not cost minutes because of what somebody imported. So each text has its allowance of CPU time (see
rendering/budget.py), a page has one for all its texts, and only one thread of a process renders for pages at a time.
What there is no time for is shown as it was written, and rendered with another look.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from time import monotonic, thread_time

from django.db import connection, transaction
from django.utils.safestring import SafeString

from conversations.models import Message
from conversations.rendering import is_plain, render_plain, render_within, stored

PAGE_SECONDS = 8.0  # of CPU; more than the allowance of any one text, so that each look gets further
NOTHING = "\n"  # the kept HTML of an answer that shows nothing, such as a comment: it has been rendered, too
WAIT_SHARE = 1 / 8  # of that time may be waited for the turn to render; most pages need it for a few milliseconds
_turn = threading.Lock()
# Who comes second changes nothing, nor is this of an answer that has grown meanwhile.
_KEEP = "UPDATE conversations_message SET html = %s WHERE id = %s AND html = '' AND content = %s"


def complete(messages: Sequence[Message], seconds: float = PAGE_SECONDS) -> None:
    """Gives the answers among `messages` their HTML, as far as there is time. One query, none where all have it."""
    bare = [message for message in messages if is_waiting(message)]
    htmls = rendered([message.content for message in bare], seconds)
    found = [(message, html or NOTHING) for message, html in zip(bare, htmls, strict=True) if html is not None]
    if not found:
        return
    for message, html in found:
        message.html = html
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        cursor.executemany(_KEEP, [(html, message.pk, message.content) for message, html in found])


def is_waiting(message: Message) -> bool:
    """Whether it is an answer without HTML. Blanks alone have none."""
    return message.role == Message.Role.ASSISTANT and not message.html and bool(message.content.strip())


def html_of(message: Message) -> SafeString:
    """What a page shows of a finished message: the text as it was written where it is a question, or not rendered."""
    if message.html:
        return stored("" if message.html == NOTHING else message.html)
    return render_plain(message.content)


def rendered(texts: Sequence[str], seconds: float = PAGE_SECONDS) -> list[SafeString | None]:
    """The HTML of each text, None of those that there is no time for now."""
    end, patience = thread_time() + seconds, max(seconds, 0) * WAIT_SHARE
    htmls: list[SafeString | None] = []
    for text in texts:
        asked = monotonic()
        has_turn = _turn.acquire(timeout=patience)
        patience = max(patience - (monotonic() - asked), 0)
        htmls.append(_rendered(text, end) if has_turn else None)
    return htmls


def _rendered(text: str, end: float) -> SafeString | None:
    """Gives the turn back, so that a long page of one person lets those of others come between its texts."""
    try:
        return render_within(text, end - thread_time())
    finally:
        _turn.release()


def is_unformatted(message: Message, html: SafeString) -> bool:
    """Whether an answer is shown as it was written, which its reader should be told."""
    return message.role == Message.Role.ASSISTANT and is_plain(html)
