"""Files to import, made on the spot, and the samples: small exports in the shape that the parsers' docstrings cite."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from conversations.transfer.problems import BrokenFile, Problem, sentence
from conversations.transfer.reading import conversations_in
from conversations.transfer.tree import Parsed

SAMPLES = Path(__file__).parent / "samples"
Make = Callable[..., Path]


def parsed(path: Path) -> list[Parsed]:
    found = list(conversations_in(path))
    assert all(isinstance(one, Parsed) for one in found), [one for one in found if isinstance(one, Problem)]
    return [one for one in found if isinstance(one, Parsed)]


def refusal(path: Path) -> str:
    """The sentence with which the file is refused."""
    with pytest.raises(BrokenFile) as caught:
        list(conversations_in(path))
    return sentence(caught.value.as_dict())


def complaint(path: Path) -> str:
    """Place and sentence of the first conversation that cannot be read."""
    problem = next(one for one in conversations_in(path) if isinstance(one, Problem))
    return f"{problem.params['place']}: {sentence(problem.as_dict())}"


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Writes a file: bytes and texts as they are, everything else as JSON."""

    def made(content: Any, name: str = "export.json") -> Path:
        path = tmp_path / name
        data = content if isinstance(content, bytes | str) else json.dumps(content)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    return made


@pytest.fixture
def zipped(tmp_path: Path) -> Make:
    def made(files: dict[str, bytes | str], name: str = "export.zip") -> Path:
        path = tmp_path / name
        with ZipFile(path, "w", ZIP_DEFLATED) as archive:
            for inner, data in files.items():
                archive.writestr(inner, data)
        return path

    return made


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    from django.utils import translation

    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def media(tmp_path: Path, settings: Any) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


def chatgpt(**changes: Any) -> dict[str, Any]:
    """A small conversation of ChatGPT."""
    return {
        "id": "c1",
        "conversation_id": "c1",
        "title": "T",
        "create_time": 1700000000,
        "mapping": {
            "q": chatgpt_node("q", None, "user", "Question"),
            "a": chatgpt_node("a", "q", "assistant", "Answer"),
        },
        "current_node": "a",
    } | changes


def chatgpt_node(key: str, parent: str | None, role: str, text: Any, **message: Any) -> dict[str, Any]:
    content = {"content_type": "text", "parts": [text]}
    said = {"id": key, "author": {"role": role}, "create_time": 1700000001, "content": content} | message
    return {"id": key, "parent": parent, "children": [], "message": said}
