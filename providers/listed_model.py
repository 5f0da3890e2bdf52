"""One model of a server's list, and what the list says of it, in whichever words: every kind of server has its own."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

LONGEST_NAME = 200  # characters; the columns for a model's name hold no more
DEPTH = 3  # of objects inside of an entry
_SMALLEST_WINDOW, _LARGEST_WINDOW = 256, 100_000_000  # tokens
# Names of fields, without case and signs. Of several windows the smallest holds: one is the model's, another that of
# whoever serves it, or what was loaded. What a model was trained with counts only where nothing else is said.
_WINDOWS = (
    "loadedcontextlength nctx maxmodellen contextlength contextwindow maxinputtokens inputtokenlimit maxcontextlength "
    "maxcontexttokens maxcontextwindowtokens maxprompttokens availablecontexttokens contextsize contextlengthtokens"
).split()
_TRAINED = ("nctxtrain",)
_OUTPUTS = "maxcompletiontokens maxoutputtokens outputtokenlimit maxoutputlength".split()
_INPUTS = "inputmodalities modalities supportedinputmodalities"
_OUTPUT_KINDS = "outputmodalities supportedoutputmodalities"
_NAMES = "id model name modelname slug modelid modelkey key modelgroup".split()
_SEES = "supportsvision supportsimages vision supportsimageinput imageinput supportsimageinputs"
_KINDS = "type modeltype task mode pipelinetag"
_CHATS = {"completionchat", "chatcompletion", "chat"}
_WAYS = "endpoints supportedgenerationmethods"  # in which a model can be asked
_OTHER_KINDS = re.compile(
    r"embed|rerank|moderation|transcri|speech|tts|stt|audio|image|video|classif|ocr$|similarity", re.IGNORECASE
)
_CHAT_KINDS = re.compile(r"llm|vlm|chat|completion|language|text-?generation|image-text-to-text", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A model as its server lists it. Tokens are 0 and the rest is None where the server does not say."""

    name: str
    context_window: int = 0
    max_output: int = 0
    chats: bool | None = None
    sees_images: bool | None = None


def read_model(entry: Any) -> ListedModel | None:
    """What an entry says; None for one that names no model."""
    if isinstance(entry, str):
        entry = {"id": entry}
    if not isinstance(entry, Mapping):
        return None
    found = list(_fields(entry))
    fields = dict(reversed(found))
    own = dict(found[: len(entry)])
    name = next(filter(None, (_name(own.get(field)) for field in _NAMES)), "")
    if not name:
        return None
    window = min(_all(found, _WINDOWS), default=0) or min(_all(found, _TRAINED), default=0)
    return ListedModel(name, window, _first(fields, _OUTPUTS), _chats(fields), _sees(fields))


def _name(value: Any) -> str:
    name = value.strip() if isinstance(value, str) else ""
    return name if name.isprintable() and len(name) <= LONGEST_NAME else ""


def _fields(entry: Mapping[Any, Any], depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Names and values of an entry and of the objects in it; the outermost first."""
    for name, value in entry.items():
        yield re.sub(r"[\W_]", "", str(name)).lower(), value
    if depth < DEPTH:
        for value in entry.values():
            if isinstance(value, Mapping):
                yield from _fields(value, depth + 1)


def _all(found: Iterable[tuple[str, Any]], names: Iterable[str]) -> list[int]:
    return [tokens for name, value in found if name in names and (tokens := _tokens(value))]


def _first(fields: Mapping[str, Any], names: Iterable[str]) -> int:
    return next((tokens for name in names if (tokens := _tokens(fields.get(name)))), 0)


def _tokens(value: Any) -> int:
    """A number of tokens; 0 for what is none, or cannot be meant."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return 0
    try:
        number = int(float(str(value).replace(",", "").replace("_", "")))
    except (ValueError, OverflowError):
        return 0
    return number if _SMALLEST_WINDOW <= number <= _LARGEST_WINDOW else 0


def _words(value: Any) -> list[str]:
    """The words in a text or a list of texts; of an object, the names that are true."""
    if isinstance(value, str):
        return re.findall(r"[a-z]+", value.lower())
    if isinstance(value, Mapping):
        return [re.sub(r"[\W_]", "", str(name)).lower() for name, held in value.items() if held is True]
    if isinstance(value, list):
        return [word for one in value if isinstance(one, str) for word in _words(one)]
    return []


def _sees(fields: Mapping[str, Any]) -> bool | None:
    for name in _SEES.split():
        value = fields.get(name)
        value = value.get("supported") if isinstance(value, Mapping) else value
        if isinstance(value, bool):
            return value
    for name in _INPUTS.split():
        value = fields.get(name)
        words = _words(value.get("input") if isinstance(value, Mapping) else value)
        if words:
            return "image" in words or "vision" in words
    modality = fields.get("modality")
    if isinstance(modality, str) and "->" in modality:  # "text+image->text"
        return "image" in modality.partition("->")[0]
    can = _words(fields.get("capabilities"))
    return True if "vision" in can or "multimodal" in can or "vlm" in _kinds(fields) else None


def _kinds(fields: Mapping[str, Any]) -> list[str]:
    return [value.lower() for name in _KINDS.split() if isinstance(value := fields.get(name), str)]


def _chats(fields: Mapping[str, Any]) -> bool | None:
    for name in _OUTPUT_KINDS.split():
        if words := _words(fields.get(name)):
            return "text" in words
    for name in _WAYS.split():
        if ways := _words(fields.get(name)):
            return any(re.search("chat|completion|generate", way) for way in ways)
    if isinstance(fields.get("supportschat"), bool):
        return bool(fields["supportschat"])
    capabilities = fields.get("capabilities")
    if isinstance(capabilities, Mapping):
        said = {re.sub(r"[\W_]", "", str(name)).lower(): held for name, held in capabilities.items()}
        if told := [said[name] for name in _CHATS if isinstance(said.get(name), bool)]:
            return any(told)
    kinds = _kinds(fields)
    if any(_CHAT_KINDS.search(kind) for kind in kinds):
        return True
    return False if any(_OTHER_KINDS.search(kind) for kind in kinds) else None
