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
from conversations.rendering import render, render_plain, stored

if TYPE_CHECKING:
    from accounts.models import User

PAGE = 200  # messages of a shared page
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
    files: list[str] = field(default_factory=list)
    images: int = 0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A page of what is shared, oldest message first; `earlier` leads to the messages before it, if there are any."""

    messages: list[SharedMessage]
    earlier: str


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


def snapshot(shared: Share, before: str = "") -> Snapshot | None:
    """The newest PAGE messages, or those from the cursor `before` on. None for a cursor that is not this share's.

    Four queries at most, however long the conversation is. A cursor is signed: that its message belongs to what is
    shared need not be looked up.
    """
    signer = signing.Signer(salt=f"share:{shared.pk}")
    try:
        last_id = int(signer.unsign(before)) if before else shared.leaf_id
    except signing.BadSignature:
        return None
    draft = "" if before else _draft(shared.leaf_id)  # read first: what ends meanwhile is in the message then
    branch = Message.objects.branch(shared.conversation_id, last_id, PAGE + 1)
    page = branch[-PAGE:]
    earlier = signer.sign(str(branch[0].pk)) if len(branch) > PAGE else ""
    return Snapshot(_shown(shared, page, draft), earlier)


def _draft(answer_id: int) -> str:
    return Generation.objects.open().filter(message_id=answer_id).values_list("draft", flat=True).first() or ""


def _shown(shared: Share, page: Sequence[Message], draft: str) -> list[SharedMessage]:
    """The messages of `page` that have something to show."""
    added = _added_since(shared, page)
    messages = {message.pk: _shared(message) for message in page}
    for message in page:
        if message.hidden_at is not None:
            continue
        if message.pk == shared.leaf_id:
            messages[message.pk].html = _cut(message, message.content + draft, shared.leaf_length)
        elif message.pk in added:
            messages[message.pk].html = _cut(message, message.content, len(message.content) - added[message.pk])
    _name_attachments(messages)
    return [shown for shown in messages.values() if shown.html or shown.files or shown.images or shown.is_hidden]


def _shared(message: Message) -> SharedMessage:
    if message.hidden_at is not None:
        is_answer = message.role == Message.Role.ASSISTANT
        return SharedMessage(is_answer=is_answer, html=render_plain(""), is_hidden=True)
    if message.role == Message.Role.USER:
        return SharedMessage(is_answer=False, html=render_plain(message.content))
    return SharedMessage(is_answer=True, html=stored(message.html) if message.html else render(message.content))


def _cut(message: Message, text: str, length: int) -> SafeString:
    """The first `length` characters of `text`; rendered anew unless that is the message as it stands."""
    text = text[:length]
    if message.role == Message.Role.USER or text == message.content:
        return _shared(message).html
    return render(text)


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
