"""Images made safe to keep, to show and to send on: decoded within limits, turned upright, made smaller, and written
anew with nothing but their pixels.

Importing this loads Pillow, so it is imported where the first image comes in.
"""

from __future__ import annotations

import threading
import warnings
from dataclasses import dataclass
from io import BytesIO
from typing import IO, Any

from PIL import Image, ImageOps

LONGEST_SIDE = 1568  # models that see make anything larger smaller themselves
MAX_SIDE = 20_000
MAX_PIXELS = 50_000_000
CRISP_BYTES = 400_000  # a drawing or a screenshot stays a PNG up to this size
LARGEST_BYTES = 3_500_000  # providers refuse an image of more than 5 MB, counted in base64
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
_one_at_a_time = threading.Lock()  # the largest one takes 200 MB while it is decoded

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
        with _one_at_a_time, Image.open(file, formats=FORMATS) as image:
            _check(image)
            return _written(_fitted(image), is_drawing=image.format in ("PNG", "GIF"))
    except (TooManyPixels, Image.DecompressionBombError, Image.DecompressionBombWarning):
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
