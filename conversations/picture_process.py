"""One image made safe to keep, to show and to send on: turned upright, made smaller, and written anew with nothing but
its pixels. Of an animation the first frame.

A program of its own, run by conversations.images, which knows nothing of the site. The image comes on standard input;
standard output is one line, `image TYPE WIDTH HEIGHT`, `large` or `damaged`, and then the new image. What decoders do
to memory ends with the process.
"""

from __future__ import annotations

import os
import resource
import sys
import warnings
from dataclasses import dataclass
from io import BytesIO
from typing import IO, Any

from PIL import Image, ImageOps

LONGEST_SIDE = 1568  # models that see make anything larger smaller themselves
MAX_SIDE = 20_000
MAX_PIXELS = 24_000_000
CRISP_BYTES = 400_000  # a drawing or a screenshot stays a PNG up to this size
LARGEST_BYTES = 3_500_000  # providers refuse an image of more than 5 MB, counted in base64
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
MEMORY_BYTES = 512 * 2**20  # the dearest, a WebP with alpha, takes 430 MB; most take half of that
CPU_SECONDS = 6  # the dearest of 24 megapixels, a WebP with alpha, takes 2; most take half of that
_SHRINK_AS_THEY_ARE = ("L", "LA", "RGB", "RGBA", "CMYK", "YCbCr")

Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)


class Damaged(Exception):
    """No decoder could read it to its end."""


class TooManyPixels(Exception):
    """Decoding it would take too much memory."""


@dataclass(frozen=True, slots=True)
class Picture:
    data: bytes
    media_type: str
    width: int
    height: int


def cleaned(file: IO[bytes]) -> Picture:
    """The image in `file`, of an animation the first frame. Raises Damaged, TooManyPixels."""
    try:
        with Image.open(file, formats=FORMATS) as image:
            _check(image)
            return _written(_fitted(image), is_drawing=image.format in ("PNG", "GIF"))
    except (TooManyPixels, MemoryError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise TooManyPixels from None
    except Exception:  # a hostile file makes decoders raise anything
        raise Damaged from None


def _check(image: Image.Image) -> None:
    """By what the file says of itself: nothing is decoded yet."""
    if image.width * image.height > MAX_PIXELS or max(image.size) > MAX_SIDE:
        raise TooManyPixels


def _fitted(image: Image.Image) -> Image.Image:
    """Decoded, upright, small enough; RGBA if anything shines through, else RGB."""
    image.draft(None, (2 * LONGEST_SIDE, 2 * LONGEST_SIDE))  # a large JPEG is decoded at a fraction of its size
    if image.mode in _SHRINK_AS_THEY_ARE and "transparency" not in image.info:
        image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)  # first: the rest makes whole copies
    upright = ImageOps.exif_transpose(image)
    fitted = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    fitted.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    if fitted.mode == "RGBA" and fitted.getchannel("A").getextrema() == (255, 255):
        fitted = fitted.convert("RGB")
    fitted.info = {}  # comments, profiles, positions: encoders copy some of it
    return fitted


def _written(image: Image.Image, *, is_drawing: bool) -> Picture:
    is_opaque = image.mode == "RGB"
    if is_drawing or not is_opaque:
        data = _encoded(image, "PNG")
        if len(data) <= (CRISP_BYTES if is_opaque else LARGEST_BYTES):
            return Picture(data, "image/png", *image.size)
    return Picture(_encoded(_on_white(image), "JPEG", quality=85), "image/jpeg", *image.size)


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    ground = Image.new("RGB", image.size, "white")
    ground.paste(image, mask=image.getchannel("A"))
    return ground


def _encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # no memory of it on a disk
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))  # SIGXCPU at first, which says why it ended
    os.nice(5)  # pages and answers come first
    out = sys.stdout.buffer
    try:
        picture = cleaned(BytesIO(sys.stdin.buffer.read()))
    except TooManyPixels:
        out.write(b"large\n")
    except Damaged:
        out.write(b"damaged\n")
    else:
        out.write(f"image {picture.media_type} {picture.width} {picture.height}\n".encode() + picture.data)


if __name__ == "__main__":
    main()
