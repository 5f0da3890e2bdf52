"""What may be attached, told by content alone; and what is left of it."""

import resource
import tracemalloc
import zlib
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import psutil
import pytest
from django.conf import settings
from django.utils import translation
from PIL import Image

from accounts.models import User
from conversations import images, picture_process, uploads
from conversations.decoding import decoded
from conversations.models import Attachment
from conversations.uploads import Refused, clean_name
from tests.conversations.pictures import animation, huge_header, many_scans, photo, picture, upload, with_chunk

KOREAN = "안녕하세요. 오늘 회의는 세 시에 시작해요.\n"


@pytest.fixture(autouse=True)
def english() -> object:
    with translation.override("en"):
        yield


def _read(name: str, data: bytes) -> Attachment:
    return uploads.read(User(pk=1), upload(name, data))


def _pixels(attachment: Attachment) -> Image.Image:
    attachment.file.seek(0)
    return Image.open(BytesIO(attachment.file.read()))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_images_of_four_kinds_are_taken(kind: str) -> None:
    read = _read("picture", picture(kind))
    assert (read.kind, read.width, read.height) == ("image", 40, 30)
    assert read.media_type in ("image/png", "image/jpeg")
    assert _pixels(read).size == (40, 30)


def test_a_photo_is_turned_upright_and_says_nothing_of_where_it_was_taken() -> None:
    data = photo()
    assert Image.open(BytesIO(data)).getexif().get_ifd(0x8825)
    read = _read("IMG_1.JPG", data)
    shown = _pixels(read)
    assert (read.width, read.height) == shown.size == (300, 400)
    red, green, _ = shown.getpixel((290, 10))  # type: ignore[misc]
    assert red > 200 > 100 > green
    assert not shown.getexif()
    assert not {"exif", "comment", "icc_profile", "xmp"} & set(shown.info)
    read.file.seek(0)
    raw = read.file.read()
    assert b"Exif" not in raw
    assert b"secret" not in raw
    assert read.size == len(raw)


def test_a_png_loses_its_texts_too() -> None:
    from PIL.PngImagePlugin import PngInfo

    notes = PngInfo()
    notes.add_text("Author", "Alice at home")
    read = _read("a.png", picture(pnginfo=notes))
    read.file.seek(0)
    assert b"Alice" not in read.file.read()


def test_a_large_image_is_made_smaller_and_keeps_its_shape() -> None:
    read = _read("wide.jpg", picture("JPEG", (4000, 1000)))
    assert (read.width, read.height) == (1568, 392)


def test_what_shines_through_stays_a_png_and_a_photo_becomes_a_jpeg() -> None:
    assert _read("a.webp", picture("WEBP", colour=(0, 128, 128, 100))).media_type == "image/png"
    assert _read("a.webp", picture("WEBP")).media_type == "image/jpeg"


def test_a_drawing_that_is_too_heavy_as_a_png_becomes_a_jpeg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_process, "CRISP_BYTES", 10)
    monkeypatch.setattr(picture_process, "LARGEST_BYTES", 10)
    assert picture_process.cleaned(BytesIO(picture())).media_type == "image/jpeg"
    clear = picture_process.cleaned(BytesIO(picture(colour=(0, 0, 0, 0))))
    assert clear.media_type == "image/jpeg"
    assert min(Image.open(BytesIO(clear.data)).getpixel((5, 5))) > 250  # type: ignore[arg-type, type-var]  # on white


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "CMYK", "I;16"])
def test_images_of_every_make_are_taken(mode: str) -> None:
    out = BytesIO()
    Image.new(mode, (30, 20)).save(out, "JPEG" if mode == "CMYK" else "PNG")
    assert _read("a", out.getvalue()).width == 30


def test_of_an_animation_the_first_picture_is_taken() -> None:
    read = _read("moving.gif", animation())
    shown = _pixels(read).convert("RGB")
    assert getattr(shown, "n_frames", 1) == 1
    assert shown.getpixel((3, 3)) == (255, 0, 0)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("page.png", b"<!doctype html><script>alert(1)</script>"),
        ("drawing.jpg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
        ("cut.png", picture(size=(300, 300))[:150]),
        ("cut.jpg", photo()[:2000]),
        ("noise.gif", b"GIF89a" + b"\xff" * 50),
        ("noise.webp", b"RIFF\x10\x00\x00\x00WEBPVP8 " + b"\x01" * 30),
    ],
)
def test_damaged_and_lying_images_are_refused(name: str, data: bytes) -> None:
    with pytest.raises(Refused, match=f"“{name}” is damaged, or is not the image that its name says"):
        _read(name, data)


def test_an_image_of_too_many_pixels_is_refused_before_it_is_decoded() -> None:
    assert images.MEGAPIXELS * 1_000_000 == picture_process.MAX_PIXELS
    for data in (
        huge_header(),
        picture(size=(7000, 7000)),
        picture("GIF", (5001, 5000)),
        picture("WEBP", (6000, 6000)),
    ):
        with pytest.raises(Refused, match="may have 24 megapixels"):
            _read("bomb.png", data)


def test_an_image_that_is_too_long_is_refused() -> None:
    with pytest.raises(Refused, match="too large"):
        _read("long.png", picture(size=(20_001, 2)))


def test_an_image_that_takes_too_long_is_ended_after_a_few_seconds_and_the_sentence_says_so() -> None:
    data = many_scans((4000, 5000), megabytes=15)
    before = _cpu_of_programs()
    with pytest.raises(Refused, match=r"“slow\.jpg” takes too long to open"):
        _read("slow.jpg", data)
    assert _cpu_of_programs() - before < picture_process.CPU_SECONDS + 2
    with pytest.raises(uploads.Busy):  # for a while; others get their turn
        _read("a.png", picture())
    assert uploads.read(User(pk=2), upload("a.png", picture())).width == 40


def _cpu_of_programs() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_a_decoder_that_crashes_has_met_a_damaged_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "program.py"
    program.write_text("import os, signal, sys\nsys.stdin.buffer.read()\nos.kill(os.getpid(), signal.SIGSEGV)")
    monkeypatch.setattr(images, "PROGRAM", program)
    with pytest.raises(Refused, match="is damaged"):
        _read("a.png", picture())


@pytest.mark.parametrize(
    ("kind", "head"), [(b"zTXt", b"a\x00\x00"), (b"iTXt", b"a\x00\x01\x00\x00\x00"), (b"iCCP", b"a\x00\x00")]
)
def test_texts_and_profiles_that_unpack_to_very_much_cost_nothing(kind: bytes, head: bytes) -> None:
    data = with_chunk(picture(), kind, head + zlib.compress(bytes(100 * 2**20), 9))
    tracemalloc.start()
    try:
        with suppress(picture_process.Damaged):  # Pillow refuses it, or leaves it out
            picture_process.cleaned(BytesIO(data))
        assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", ["TIFF", "JPEG2000", "BMP", "ICO"])
def test_images_of_other_kinds_never_reach_a_decoder(kind: str) -> None:
    with pytest.raises(Refused, match=r"cannot be read|is damaged"):
        _read("a.png" if kind == "BMP" else "a", picture(kind))


def test_one_image_of_a_person_and_two_of_all_are_read_at_once() -> None:
    data = picture()
    with images._only_one_of(1):
        with pytest.raises(uploads.Busy, match="Try again in a few seconds"):
            _read("a.png", data)
        assert uploads.read(User(pk=2), upload("a.png", data)).width == 40
    with images._one_of_few():
        assert _read("a.png", data).width == 40
        with images._one_of_few(), pytest.raises(uploads.Busy):
            _read("a.png", data)
    assert _read("a.png", data).width == 40


def test_texts_are_taken_while_images_are_being_read() -> None:
    with images._one_of_few(), images._one_of_few():
        assert _read("memo.txt", b"Hello").text == "Hello"


def test_a_large_image_leaves_nothing_in_the_memory_of_the_site() -> None:
    before = psutil.Process().memory_info().rss
    _read("large.png", picture(size=(4800, 4800), colour=(1, 2, 3, 4)))
    assert psutil.Process().memory_info().rss - before < 150 * 2**20  # of which this test's own image is the most


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp949", "euc-kr"]
)
def test_korean_texts_are_read_in_every_encoding(encoding: str) -> None:
    read = _read("memo.txt", KOREAN.encode(encoding))
    assert (read.kind, read.text) == ("text", KOREAN)


def test_other_encodings_are_guessed() -> None:
    text = "Les élèves français étaient très fatigués après la fête. Où est la bibliothèque ? " * 5
    assert decoded(text.encode("latin-1")) == text


def test_code_is_text_whatever_it_is_called() -> None:
    read = _read("page.html", b"<!doctype html>\r\n<script>alert(1)</script>")
    assert (read.kind, read.media_type) == ("text", "text/plain")
    assert read.text == "<!doctype html>\n<script>alert(1)</script>"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("paper.pdf", b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"),
        ("letter.docx", b"PK\x03\x04\x14\x00\x06\x00" + bytes(range(256)) * 20),
        ("photo.heic", b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(range(256))),
        ("program", b"\x7fELF\x02\x01\x01\x00" + bytes(range(256)) * 50),
        ("big.zip", b"PK\x03\x04\x14\x00" + bytes(900_000)),
        ("controls.txt", bytes(range(1, 32)) * 10),
        ("zeros.txt", b"a\x00b\x00c\x00\x00d" * 20),
    ],
)
def test_other_kinds_are_refused_with_a_word_on_which_ones_work(name: str, data: bytes) -> None:
    with pytest.raises(Refused, match=f"“{name}” cannot be read. PNG, JPEG, WebP and GIF images and text files"):
        _read(name, data)


def test_a_text_that_is_too_long_is_refused() -> None:
    assert len(_read("a.txt", "가".encode() * 200_000).text) == 200_000
    for size in (200_001, 900_000):
        with pytest.raises(Refused, match="may have 200,000 characters"):
            _read("a.txt", b"a" * size)


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(Refused, match="is empty"):
        _read("a.txt", b"")


def test_a_file_that_is_too_large_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "ATTACHMENT_MAX_BYTES", 2048)
    large = upload("a.txt", b"a" * 2049)
    large.file.close()  # whoever reads it fails
    with pytest.raises(Refused, match="is larger than"):
        uploads.read(User(pk=1), large)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\alice\\report.txt", "report.txt"),
        ('a"b<c>.txt', 'a"b<c>.txt'),
        ("evil\u202etxt.exe", "eviltxt.exe"),
        ("line\r\nbreak\x00.py", "linebreak.py"),
        ("한글.md", "한글.md"),
        ("..", "File"),
        ("", "File"),
        ("/", "File"),
        ("x" * 300 + ".tar", "x" * 196 + ".tar"),
        ("y" * 300, "y" * 200),
        (".env", ".env"),
    ],
)
def test_names_are_something_to_show_and_never_a_path(name: str, shown: str) -> None:
    assert clean_name(name) == shown
