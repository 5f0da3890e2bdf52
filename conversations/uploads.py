"""A file as it comes in: its name cleaned, its kind told by its content, and refused with a sentence where need be."""

from __future__ import annotations

import re
import unicodedata
from typing import IO, TYPE_CHECKING, cast

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.template.defaultfilters import filesizeformat
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from conversations import images
from conversations.decoding import decoded, has_mark
from conversations.models import Attachment
from conversations.models.attachment import NAME_LENGTH
from conversations.text import cut, storable

if TYPE_CHECKING:
    from accounts.models import User

MAX_CHARACTERS = 200_000
_MAX_TEXT_BYTES = 4 * (MAX_CHARACTERS + 1)  # no encoding takes more
_SAMPLE_BYTES = 4096
WITH_ATTACHMENTS = ("attachment-create", "message-list", "message-create")  # two names of one address
_IMAGE_MARKS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")
_IMAGE_NAME = re.compile(r"\.(png|jpe?g|webp|gif)$", re.IGNORECASE)
# Control characters, marks that turn the direction of writing, separators of lines, half characters.
_UNWANTED = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


class Refused(Exception):
    """This file cannot be attached; the message is a sentence for the person who tried."""


class Busy(Refused):
    """Not now: the same file may be taken in a few seconds."""


class BoundedUploadHandler(FileUploadHandler):
    """Drops what an attachment has beyond ATTACHMENT_MAX_BYTES as it arrives: enough stays to see that it is too large.

    Uploads to other addresses pass.
    """

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        return raw_data if start <= settings.ATTACHMENT_MAX_BYTES or not self._is_bounded else None

    @property
    def _is_bounded(self) -> bool:
        match = self.request.resolver_match if self.request else None
        return match is not None and match.url_name in WITH_ATTACHMENTS

    def file_complete(self, file_size: int) -> UploadedFile[bytes] | None:
        return None


def read(owner: User, upload: UploadedFile[bytes]) -> Attachment:
    """An unsaved attachment with what is in `upload`. Raises Refused."""
    name, size = clean_name(upload.name or ""), upload.size or 0
    if size > settings.ATTACHMENT_MAX_BYTES:
        limit = filesizeformat(settings.ATTACHMENT_MAX_BYTES)
        raise Refused(_("“%(name)s” is larger than %(limit)s.") % {"name": name, "limit": limit})
    if not size:
        raise Refused(_("“%(name)s” is empty.") % {"name": name})
    attachment = Attachment(owner=owner, name=name)
    if _is_image(_sample(upload)):
        _take_image(attachment, upload)
    elif _IMAGE_NAME.search(name):
        raise Refused(_damaged(name))
    else:
        _take_text(attachment, upload, size)
    return attachment


def clean_name(name: str) -> str:
    """What a person named the file, as something to show: no path, nothing invisible, not too long."""
    shown = _UNWANTED.sub("", unicodedata.normalize("NFC", name)).replace("\\", "/").rpartition("/")[2].strip()
    if not shown.strip("."):
        return _("File")
    stem, dot, ending = shown.rpartition(".")
    if len(shown) > NAME_LENGTH and stem and len(ending) < 20:
        return cut(stem, NAME_LENGTH - len(ending) - 1) + dot + ending
    return cut(shown, NAME_LENGTH)


def _sample(upload: UploadedFile[bytes]) -> bytes:
    upload.seek(0)
    sample: bytes = upload.read(_SAMPLE_BYTES)
    upload.seek(0)
    return sample


def _is_image(sample: bytes) -> bool:
    return sample.startswith(_IMAGE_MARKS) or (sample[:4] == b"RIFF" and sample[8:12] == b"WEBP")


def _take_image(attachment: Attachment, upload: UploadedFile[bytes]) -> None:
    try:
        picture = images.cleaned(cast("IO[bytes]", upload.file), attachment.owner_id)
    except images.Busy:
        sentence = _("“%(name)s” could not be read just now. Try again in a few seconds.")
        raise Busy(sentence % {"name": attachment.name}) from None
    except images.Damaged:
        raise Refused(_damaged(attachment.name)) from None
    except images.TooManyPixels:
        sentence = _("“%(name)s” is too large. An image may have %(limit)s megapixels; make it smaller first.")
        raise Refused(sentence % {"name": attachment.name, "limit": images.MEGAPIXELS}) from None
    except images.TooSlow:
        sentence = _("“%(name)s” takes too long to open. Save it again with an image editor, then attach that file.")
        raise Refused(sentence % {"name": attachment.name}) from None
    attachment.kind, attachment.media_type = Attachment.Kind.IMAGE, picture.media_type
    attachment.width, attachment.height = picture.width, picture.height
    _keep(attachment, picture.data)


def _take_text(attachment: Attachment, upload: UploadedFile[bytes], size: int) -> None:
    sample = _sample(upload)
    if sample.startswith(b"%PDF-") or (0 in sample and not has_mark(sample) and size > _MAX_TEXT_BYTES):
        raise Refused(_unreadable(attachment.name))
    data = upload.read() if size <= _MAX_TEXT_BYTES else b""
    text = decoded(data)
    if text is None:
        raise Refused(_unreadable(attachment.name))
    if not data or len(text) > MAX_CHARACTERS:
        limit = number_format(MAX_CHARACTERS, force_grouping=True)
        sentence = _("“%(name)s” is too long. A text file may have %(limit)s characters.")
        raise Refused(sentence % {"name": attachment.name, "limit": limit})
    attachment.kind, attachment.media_type = Attachment.Kind.TEXT, "text/plain"
    attachment.text = storable(text)
    _keep(attachment, data)


def _keep(attachment: Attachment, data: bytes) -> None:
    attachment.size = len(data)
    attachment.file = ContentFile(data, name=attachment.pk.hex)


def _damaged(name: str) -> str:
    return _("“%(name)s” is damaged, or is not the image that its name says.") % {"name": name}


def _unreadable(name: str) -> str:
    sentence = _(
        "“%(name)s” cannot be read. PNG, JPEG, WebP and GIF images and text files, also code, can be attached."
    )
    return sentence % {"name": name}
