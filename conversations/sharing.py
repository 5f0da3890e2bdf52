"""Sharing: a link to what a conversation says now, for whoever has it, until it expires or is revoked.

What such a page shows never grows. Messages that come later are on other rows; an answer that is continued or still
being written is cut to what it was when the link was made.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from django import forms
from django.core import signing
from django.db.models import OuterRef, Subquery, Sum
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from conversations.models import Attachment, Conversation, Generation, Message, Share
from conversations.models.share import ShareQuerySet
from conversations.rendered import complete, html_of, is_unformatted, is_waiting, rendered
from conversations.rendering import is_plain, render_plain

if TYPE_CHECKING:
    from accounts.models import User

PAGE = 200  # messages of a shared page, as long as they have no more than
PAGE_CHARACTERS = 1_000_000  # of text or HTML; one longer message is a page by itself
EXPIRIES = (("1", _("1 day")), ("7", _("7 days")), ("30", _("30 days")), ("never", _("Never")))


class ShareForm(forms.Form):
    expiry = forms.ChoiceField(label=_("Expires after"), choices=EXPIRIES, initial="7")

    @property
    def days(self) -> int | None:
        chosen: str = self.cleaned_data["expiry"]
        return int(chosen) if chosen.isdigit() else None


@dataclass(slots=True)
class SharedMessage:
    """What a shared page shows of a message; of attachments only names of texts and the number of images."""

    is_answer: bool
    html: SafeString
    is_hidden: bool = False
    is_unformatted: bool = False  # an answer that is shown as it was written
    files: list[str] = field(default_factory=list)
    images: int = 0

    @property
    def has_something(self) -> bool:
        return bool(self.html or self.files or self.images or self.is_hidden)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A page of what is shared, oldest message first; `earlier` leads to the messages before it, if there are any.

    `is_rendered`: whether all of it looks as it will look from now on. Otherwise there was no time for all of it.
    """

    messages: list[SharedMessage]
    earlier: str
    is_rendered: bool


def share(conversation: Conversation, days: int | None) -> Share:
    """A new link to the branch as it is now, which works for so many days, or until it is revoked."""
    if conversation.leaf_id is None:
        raise ValueError("an empty conversation has nothing to share")
    draft = Generation.objects.open().filter(message=OuterRef("pk")).values("draft")[:1]
    leaf = Message.objects.filter(pk=conversation.leaf_id).annotate(so_far=Subquery(draft))
    leaf_id, content, so_far = leaf.values_list("pk", "content", "so_far").get()
    return Share.objects.create(
        conversation=conversation,
        title=conversation.title,
        leaf_id=leaf_id,
        leaf_length=len(content) + len(so_far or ""),
        expires_at=timezone.now() + timedelta(days=days) if days else None,
    )


def links_of(user: User) -> ShareQuerySet:
    """The links of `user` that work, newest first."""
    own = Conversation.objects.owned_by(user)
    return Share.objects.open().filter(conversation__in=own).order_by("-id")


def revoke(user: User, share_id: int) -> Share | None:
    """End a link of `user`, also one that has ended before. None when there is no such link."""
    own = Share.objects.filter(pk=share_id, conversation__in=Conversation.objects.owned_by(user))
    own.filter(revoked_at=None).update(revoked_at=timezone.now())
    return own.first()


def open_share(token: str) -> Share | None:
    """The share that `token` opens now."""
    return Share.objects.open().filter(token=token).first()


def hidden_in(shared: Share) -> list[int]:
    """The messages of its conversation that a moderator has hidden: what a page of it shows depends on nothing else."""
    hidden = Message.objects.filter(conversation_id=shared.conversation_id, hidden_at__isnull=False)
    return list(hidden.order_by("pk").values_list("pk", flat=True))


def snapshot(shared: Share, before: str = "") -> Snapshot | None:
    """The newest messages that fit on a page, or those from the cursor `before` on. None for a cursor of another share.

    Five queries at most, however long the conversation is, and one that keeps the HTML of answers that had none. A
    cursor is signed: that its message belongs to what is shared need not be looked up.
    """
    signer = signing.Signer(salt=f"share:{shared.pk}")
    try:
        last_id = int(signer.unsign(before)) if before else shared.leaf_id
    except signing.BadSignature:
        return None
    draft = "" if before else _draft(shared.leaf_id)  # read first: what ends meanwhile is in the message then
    sizes = Message.objects.sizes(shared.conversation_id, last_id, PAGE + 1)
    fits, ids = _fitting(sizes), [pk for pk, _length in sizes]
    found = Message.objects.defer("reasoning").in_bulk(ids[:fits])
    page = [found[pk] for pk in reversed(ids[:fits]) if pk in found]
    earlier = signer.sign(str(ids[fits])) if len(ids) > fits else ""
    return _shown(shared, page, draft, earlier)


def _draft(answer_id: int) -> str:
    return Generation.objects.open().filter(message_id=answer_id).values_list("draft", flat=True).first() or ""


def _fitting(sizes: Sequence[tuple[int, int]]) -> int:
    """How many of these messages are a page; at least one."""
    whole = 0
    for count, (_pk, length) in enumerate(sizes[:PAGE]):
        whole += length
        if count and whole > PAGE_CHARACTERS:
            return count
    return min(len(sizes), PAGE)


def _shown(shared: Share, page: Sequence[Message], draft: str, earlier: str) -> Snapshot:
    """The messages of `page` that have something to show."""
    texts = _earlier_texts(shared, page, draft)
    ordinary = [message for message in page if message.hidden_at is None and message.pk not in texts]
    complete(ordinary)
    messages = {message.pk: _shared(message) for message in page if message.pk not in texts}
    htmls = dict(zip(texts, rendered(list(texts.values())), strict=True))
    for pk, html in htmls.items():
        messages[pk] = _as_it_was(texts[pk], html)
    _name_attachments(messages)
    shown = [one for message in page if (one := messages[message.pk]).has_something]
    return Snapshot(shown, earlier, None not in htmls.values() and not any(map(is_waiting, ordinary)))


def _as_it_was(text: str, html: SafeString | None) -> SharedMessage:
    shown = render_plain(text) if html is None else html
    return SharedMessage(is_answer=True, html=shown, is_unformatted=is_plain(shown))


def _shared(message: Message) -> SharedMessage:
    is_answer = message.role == Message.Role.ASSISTANT
    if message.hidden_at is not None:
        return SharedMessage(is_answer=is_answer, html=render_plain(""), is_hidden=True)
    html = html_of(message)
    return SharedMessage(is_answer=is_answer, html=html, is_unformatted=is_unformatted(message, html))


def _earlier_texts(shared: Share, page: Sequence[Message], draft: str) -> dict[int, str]:
    """What answers of `page` that have gone on since said when the link was made."""
    added, found = _added_since(shared, page), dict[int, str]()
    for message in page:
        if message.hidden_at is not None or message.role == Message.Role.USER:
            continue
        text = message.content
        if message.pk == shared.leaf_id:
            text = (message.content + draft)[: shared.leaf_length]
        elif message.pk in added:
            text = message.content[: len(message.content) - added[message.pk]]
        if text != message.content:
            found[message.pk] = text
    return found


def _added_since(shared: Share, page: Sequence[Message]) -> dict[int, int]:
    """How many characters answers of `page` before the last one have gained since: they can be continued too."""
    ended = Generation.objects.filter(message_id__in=[message.pk for message in page], kept_text__gt=0)
    ended = ended.filter(finished_at__gt=shared.created_at).order_by("message_id")
    return dict(ended.values("message_id").annotate(added=Sum("kept_text")).values_list("message_id", "added"))


def _name_attachments(messages: dict[int, SharedMessage]) -> None:
    named = defaultdict(list)
    shown = [message_id for message_id, message in messages.items() if not message.is_hidden]
    attachments = Attachment.objects.filter(message_id__in=shown).order_by("created_at", "id")
    for message_id, kind, name in attachments.values_list("message_id", "kind", "name"):
        named[message_id].append((kind, name))
    for message_id, found in named.items():
        messages[message_id].files = [name for kind, name in found if kind == Attachment.Kind.TEXT]
        messages[message_id].images = sum(kind == Attachment.Kind.IMAGE for kind, _name in found)
