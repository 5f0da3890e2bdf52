"""Attachments: kept when they are uploaded, given to one question when it is sent, read for the prompt and the page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from conversations import limits, uploads
from conversations.models import Attachment, Message, WaitingMessage
from conversations.uploads import Busy, Refused
from providers import model_info

if TYPE_CHECKING:
    from accounts.models import User

MAX_FILES = 10  # with one message
UNSENT_AT_MOST = 50  # of one person; the oldest make room
UNSENT_FOR = timedelta(days=1)


class AlreadySent(Exception):
    """An attachment went with another message meanwhile."""


# --- Coming in ------------------------------------------------------------------------------------


def store(owner: User, upload: UploadedFile[bytes]) -> Attachment:
    """Keep a file for the next question of `owner`. Raises Refused.

    It counts against the limit of uploads even if nothing can be done with it: it has been taken in and looked at.
    """
    try:
        counted = limits.count(owner, *limits.UPLOADS, amount=upload.size or 0)
    except limits.LimitReached as reached:
        raise Refused(reached.sentence) from None
    try:
        attachment = uploads.read(owner, upload)
    except Busy:  # the page sends it again
        counted.give_back()
        raise
    _make_room(owner)
    attachment.save(force_insert=True)
    return attachment


def _make_room(owner: User) -> None:
    """Forget what nobody sent: the oldest of this person's, and of everybody's what is too old."""
    unsent = Attachment.objects.unsent()
    surplus = unsent.filter(owner=owner).order_by("-created_at")[UNSENT_AT_MOST - 1 :]
    outdated = unsent.filter(created_at__lt=timezone.now() - UNSENT_FOR)[:UNSENT_AT_MOST]
    for attachment in {*surplus.defer("text"), *outdated.defer("text")}:
        attachment.delete()


def sent_with(request: HttpRequest, owner: User) -> tuple[list[Attachment], list[str]]:
    """What goes with the message in `request`, in order, and what is wrong with it, in sentences.

    Ids of attachments that were uploaded before; and files, which a page without JavaScript sends along.
    Raises Http404 for an id that is not there, or not this person's.
    """
    found = chosen(owner, request.POST.getlist("attachment"))
    files = request.FILES.getlist("file")
    if len(found) + len(files) > MAX_FILES:
        return found, [_("At most %(limit)s files go with one message.") % {"limit": MAX_FILES}]
    problems: list[str] = []
    for file in files:
        try:
            found.append(store(owner, file))
        except Refused as refusal:
            problems.append(str(refusal))
    return found, problems


def chosen(owner: User, ids: Sequence[str]) -> list[Attachment]:
    """The attachments of `owner` with these ids, in this order, without their texts. Raises Http404."""
    if not ids:
        return []
    try:
        wanted = list(dict.fromkeys(map(UUID, ids)))
    except ValueError:
        raise Http404 from None
    found = Attachment.objects.owned_by(owner).defer("text").in_bulk(wanted)
    if len(found) < len(wanted):
        raise Http404
    return [found[one] for one in wanted]


def unseen(files: Iterable[Attachment], model: str) -> list[str]:
    """What is wrong with sending `files` to `model` (empty: there is none), in sentences."""
    if not model or not any(file.is_image for file in files):
        return []
    info = model_info(model)
    if info.supports_images:
        return []
    sentence = _("%(model)s cannot see images. Choose a model that can, or remove the images.")
    return [sentence % {"model": info.label}]


# --- Belonging to a question ----------------------------------------------------------------------


def attach(
    files: Sequence[Attachment], *, message: Message | None = None, waiting: WaitingMessage | None = None
) -> None:
    """Give unsent `files` to a question, or to one that waits; inside its transaction. Raises AlreadySent."""
    ids = [file.pk for file in files]
    if ids and Attachment.objects.unsent().filter(pk__in=ids).update(message=message, waiting=waiting) < len(ids):
        raise AlreadySent


def move_on(waiting: WaitingMessage, question: Message) -> int:
    """Give what belongs to a waiting message to the question that it becomes, before it is deleted; how many."""
    return Attachment.objects.filter(waiting=waiting).update(waiting=None, message=question)


def copy(pairs: Mapping[int, int]) -> None:
    """Give each question on the right (of a branch, or an edited one) the attachments of the one on the left.

    Both are ids of messages of one owner. The copies are rows of their own for the same files.
    """
    originals = Attachment.objects.filter(message_id__in=pairs)
    Attachment.objects.bulk_create([_copied(one, pairs[one.message_id]) for one in originals if one.message_id])


def _copied(original: Attachment, message_id: int) -> Attachment:
    values = {field.attname: getattr(original, field.attname) for field in Attachment._meta.concrete_fields}
    return Attachment(**values | {"id": uuid4(), "message_id": message_id, "file": original.file.name})


def by_message(messages: Iterable[Message], *, texts: bool = False) -> dict[int, list[Attachment]]:
    """The attachments of these messages, in the order they were added; with their texts only for `texts`.

    One query, and none when the messages are known to have none (see MessageQuerySet.branch).
    """
    ids = [message.pk for message in messages if message.role == Message.Role.USER and _may_have_any(message)]
    if not ids:
        return {}
    found = Attachment.objects.filter(message_id__in=ids).order_by("created_at", "id")
    attached: dict[int, list[Attachment]] = defaultdict(list)
    for attachment in found if texts else found.defer("text"):
        if attachment.message_id is not None:
            attached[attachment.message_id].append(attachment)
    return dict(attached)


def _may_have_any(message: Message) -> bool:
    return message.has_attachments is None or bool(message.has_attachments)


# --- Going away -----------------------------------------------------------------------------------


@receiver(post_delete, sender=Attachment)
def _deleted(instance: Attachment, **_kwargs: Any) -> None:
    if name := instance.file.name:
        transaction.on_commit(partial(_discard, name))


def _discard(name: str) -> None:
    """Delete a file that no row speaks of any more; copies share theirs."""
    if not Attachment.objects.filter(file=name).exists():
        default_storage.delete(name)
