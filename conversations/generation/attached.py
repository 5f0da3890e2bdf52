"""What attachments add to the prompt: texts in front of the question, in blocks under their names; images beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from conversations.attachments import by_message
from conversations.models import Attachment, Message
from providers import Image, ModelInfo, Turn

IMAGES_AT_MOST = 20  # the newest; providers limit the size of a request, and each one costs
_NOT_SHOWN = "[Image “{}”: not shown to you]"
_FENCES = re.compile("`{3,}")


@dataclass(frozen=True, slots=True)
class Attached:
    """The attachments of a branch, by message, and which of their images the model gets to see."""

    files: Mapping[int, Sequence[Attachment]] = field(default_factory=dict)
    shown: frozenset[UUID] = frozenset()

    def turn(self, message: Message) -> Turn:
        """`message` with all that belongs to it."""
        if message.role != Message.Role.USER:
            return Turn("assistant", message.content)
        files = self.files.get(message.pk, ())
        images = {file.pk: _image(file) for file in files if file.pk in self.shown}
        texts = [_in_words(file) for file in files if images.get(file.pk) is None]
        said = [message.content] if message.content.strip() or not texts else []
        return Turn("user", "\n\n".join(texts + said), tuple(image for image in images.values() if image))

    def says_something(self, message: Message) -> bool:
        return bool(message.content.strip() or self.files.get(message.pk))


def attached_to(branch: Sequence[Message], info: ModelInfo) -> Attached:
    """What the model of `info` gets of the files in `branch`: no image if it cannot see, else the newest.

    One query, and none in a branch that is known to have no files.
    """
    files = by_message(branch, texts=True)
    images = [file.pk for message in branch for file in files.get(message.pk, ()) if file.is_image]
    return Attached(files, frozenset(images[-IMAGES_AT_MOST:] if info.supports_images else ()))


def _image(file: Attachment) -> Image | None:
    try:
        with file.file.open("rb") as opened:
            return Image(file.media_type, opened.read())
    except OSError:  # lost from the storage: the answer need not fail for it
        return None


def _in_words(file: Attachment) -> str:
    if file.is_image:
        return _NOT_SHOWN.format(file.name)
    longest = max(map(len, _FENCES.findall(file.text)), default=2)
    fence = "`" * (longest + 1)
    return f"{file.name}\n{fence}\n{file.text.rstrip(chr(10))}\n{fence}"
