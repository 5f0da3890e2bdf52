"""Files to attach, made as they are needed."""

import zlib
from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, TiffImagePlugin

from accounts.models import User
from conversations import attachments
from conversations.models import Attachment

ORIENTATION, GPS = 0x0112, 0x8825


def picture(
    kind: str = "PNG",
    size: tuple[int, int] = (40, 30),
    colour: tuple[int, ...] = (0, 128, 128),
    **options: Any,
) -> bytes:
    """Of one colour; three numbers, or four with its alpha."""
    out = BytesIO()
    Image.new("RGBA" if len(colour) == 4 else "RGB", size, colour).save(out, kind, **options)
    return out.getvalue()


def photo(size: tuple[int, int] = (400, 300)) -> bytes:
    """As a phone takes it: lying on its side, with the place where it was taken. Its upper left corner is red."""
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # to be turned by 90 degrees clockwise
    place = {1: "N", 2: tuple(TiffImagePlugin.IFDRational(n) for n in (37, 34, 0)), 29: "2026:01:01"}
    exif.get_ifd(GPS).update(place)
    image = Image.new("RGB", size, "white")
    image.paste("red", (0, 0, size[0] // 4, size[1] // 4))
    out = BytesIO()
    image.save(out, "JPEG", exif=exif, comment=b"secret place", icc_profile=b"profile")
    return out.getvalue()


def animation() -> bytes:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "green", "blue")]
    out = BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    return out.getvalue()


def huge_header() -> bytes:
    """A PNG of a few bytes that says it has 900 megapixels."""
    small = picture(size=(10, 10))
    return small[:16] + (30_000).to_bytes(4, "big") * 2 + _crc(small, 30_000) + small[33:]


def _crc(small: bytes, side: int) -> bytes:
    header = b"IHDR" + side.to_bytes(4, "big") * 2 + small[24:29]
    return small[24:29] + zlib.crc32(header).to_bytes(4, "big")


def many_scans(size: tuple[int, int], megabytes: int) -> bytes:
    """A progressive JPEG whose last scan, of a few bytes, comes over and over: each is a pass over all its pixels."""
    data = picture("JPEG", size, progressive=True)
    scan = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + scan * (megabytes * 2**20 // len(scan)) + data[-2:]


def with_chunk(png: bytes, kind: bytes, data: bytes) -> bytes:
    """A PNG with one more chunk, ahead of its pixels."""
    return png[:33] + len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big") + png[33:]


def upload(name: str, data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def stored(attachment: Attachment) -> bytes:
    with attachment.file.open("rb") as file:
        data: bytes = file.read()
    return data


def kept(owner: User, name: str = "cat.png", data: bytes | None = None) -> Attachment:
    """A file that `owner` has uploaded and not sent."""
    return attachments.store(owner, upload(name, picture() if data is None else data))
