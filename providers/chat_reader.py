"""Reads Chat Completions: the chunks of a stream, and whole bodies, of every server that takes itself for compatible.

What can be read is read: nothing twice, nothing of a second choice, nothing lost that has come.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from providers.base import Reasoning, Text, Usage
from providers.complaints import is_complaint
from providers.errors import MalformedAnswer, Overloaded, ProviderError
from providers.reading import Reader
from providers.shapes import count, mapping, said, thought

# Of several fields with the same thoughts the first one counts.
_THOUGHT_FIELDS = (
    "reasoning_content",
    "reasoning",
    "reasoning_details",
    "thinking",
    "thinking_blocks",
    "thought",
    "thoughts",
    "reasoning_text",
)
_ODD_FIELDS = frozenset({*_THOUGHT_FIELDS, "tool_calls", "function_call", "audio", "refusal"})
REPEATED = 8  # characters: a shorter piece may well come twice


class Said:
    """What came of one kind, to know again what a server sends a second time."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0

    def add(self, text: str) -> None:
        self._pieces.append(text)
        self._length += len(text)

    def new_of_whole(self, text: str) -> str:
        """What is new in a text that should be all that there is."""
        is_whole = len(text) >= self._length and text.startswith("".join(self._pieces))
        return text[self._length :] if is_whole else text

    def is_all(self, text: str) -> bool:
        """Whether `text` is all that came so far once more. Joined only where the length says that it may be."""
        if len(text) != self._length or (len(text) < REPEATED and len(self._pieces) < 2):
            return False
        return text == "".join(self._pieces)

    def __bool__(self) -> bool:
        return bool(self._pieces)


class ChatCompletionsReader(Reader):
    """Reads chat.completion.chunk events and whole chat.completion bodies."""

    def __init__(self, model: str) -> None:
        super().__init__(model)
        self._refused = False
        self._index: object = None  # of the choice that is read
        self._has_deltas = False
        self._field = ""  # that the thoughts come in
        self._text, self._thoughts = Said(), Said()

    def read_event(self, name: str, event: Any) -> Iterable[Text | Reasoning]:
        if name == "error":
            raise self.refuse(event)
        return self._take(event) if isinstance(event, dict) else ()

    def read_whole(self, body: Any) -> Iterable[Text | Reasoning]:
        if not isinstance(body, dict):
            return [event for chunk in body for event in self.read_event("", chunk)]
        events = list(self._take(body))
        if is_complaint(body):
            raise self.refuse(body)
        if not self.recognised or not body.get("choices", body.get("message")):
            raise MalformedAnswer("no choices", model=self.model)
        return events

    def _take(self, chunk: Mapping[str, Any]) -> Iterable[Text | Reasoning]:
        choice = self._choice(chunk)
        self._take_usage(chunk, choice)
        events = self._take_choice(choice) if choice is not None else []
        if failure := self._failure(chunk, choice):
            return _then_raise(events, failure)
        return events

    def _choice(self, chunk: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The one choice that is read, where the chunk has a piece of it."""
        choices = chunk.get("choices")
        if not choices:
            # Ollama's own lines.
            message = chunk.get("message")
            if not isinstance(message, dict) or "type" in chunk:
                return None
            done = "stop" if chunk.get("done") is True else None
            return {"delta": message, "finish_reason": chunk.get("done_reason") or done}
        if isinstance(choices, dict):
            choices = [choices]
        if not isinstance(choices, list):
            raise MalformedAnswer("choices that are none", model=self.model)
        for place, choice in enumerate(choices):
            if isinstance(choice, dict) and self._is_read(choice.get("index"), place):
                return choice
        return None

    def _is_read(self, index: object, place: int) -> bool:
        index = place if index is None else index
        if self._index is None:
            self._index = index
        return index == self._index or str(index) == str(self._index)

    def _take_choice(self, choice: Mapping[str, Any]) -> list[Text | Reasoning]:
        self.recognised = True
        finish = choice.get("finish_reason")
        self.end(finish)
        events: list[Text | Reasoning] = []
        if delta := mapping(choice.get("delta")):
            events = self._said(delta)
            if self.has_ended:
                events = [event for event in events if not self._is_repeated(event)]
            for event in events:
                self._so_far(event).add(event.text)
            self._has_deltas = self._has_deltas or bool(events)
        if message := choice.get("message"):
            events += self._rest_of(mapping(message))
        if (
            not events
            and not message
            and isinstance(text := choice.get("text"), str)
            and text not in ("", delta.get("content"))
        ):
            events.append(self._added(Text(text)))
        return events

    def _rest_of(self, message: Mapping[str, Any]) -> list[Text | Reasoning]:
        """What a whole message adds: all of it, or what the deltas before it have not said."""
        events: list[Text | Reasoning] = []
        for kind, whole in _whole_of(self._said(message)).items():
            so_far = self._text if kind is Text else self._thoughts
            new = so_far.new_of_whole(whole)
            if new and not (self._has_deltas and new == whole and so_far):
                events.append(self._added(kind(new)))
        return events

    def _is_repeated(self, event: Text | Reasoning) -> bool:
        """Whether a last chunk says all of it once more."""
        return self._so_far(event).is_all(event.text)

    def _so_far(self, event: Text | Reasoning) -> Said:
        return self._text if type(event) is Text else self._thoughts

    def _added(self, event: Text | Reasoning) -> Text | Reasoning:
        self._so_far(event).add(event.text)
        return event

    def _said(self, delta: Mapping[str, Any]) -> list[Text | Reasoning]:
        content = delta.get("content")
        if _ODD_FIELDS.isdisjoint(delta) and isinstance(content, str):  # as in nearly every chunk
            return [Text(content)] if content else []
        if delta.get("tool_calls") or delta.get("function_call"):
            self.wants_tool = True
        events = self._thoughts_in(delta)
        events += said(content)
        if "audio" in delta:
            events += said(mapping(delta["audio"]).get("transcript"))
        refusal = list(said(delta.get("refusal")))
        self._refused |= bool(refusal)
        return events + refusal

    def _thoughts_in(self, delta: Mapping[str, Any]) -> list[Text | Reasoning]:
        for field in _THOUGHT_FIELDS:
            if field in delta and (text := thought(delta[field])):
                self._field = self._field or field
                return [Reasoning(text)] if field == self._field or not self._thoughts.is_all(text) else []
        return []

    def end(self, reason: Any) -> None:
        super().end(reason)
        if self.finish == "stop" and self._refused:
            self.finish = "refusal"

    def _take_usage(self, chunk: Mapping[str, Any], choice: Mapping[str, Any] | None) -> None:
        if not (chunk.get("usage") or "x_groq" in chunk or (choice is not None and choice.get("usage"))):
            return
        for place in (mapping(chunk.get("x_groq")), choice or {}, chunk):
            if usage := mapping(place.get("usage")):
                self.usage = _usage(usage)

    def _failure(self, chunk: Mapping[str, Any], choice: Mapping[str, Any] | None) -> ProviderError | None:
        if choice is not None and not (self.failed or "error" in chunk or "error" in choice or "object" not in chunk):
            return self.refuse(chunk) if chunk["object"] == "error" else None
        error = _error_of(chunk) or _error_of(choice or {})
        if self.failed and not error:
            return Overloaded("finish reason error", model=self.model)
        if chunk.get("object") == "error" or (choice is None and not error and is_complaint(chunk)):
            return self.refuse(chunk)
        return self.refuse({"error": error}) if error and not self.has_ended else None


def _error_of(chunk: Mapping[str, Any]) -> Any:
    """Some servers send an error of empty fields with every chunk."""
    error = chunk.get("error")
    return error if not isinstance(error, dict) or any(error.values()) else None


def _whole_of(events: Iterable[Text | Reasoning]) -> dict[type[Text | Reasoning], str]:
    whole: dict[type[Text | Reasoning], str] = {}
    for event in events:
        whole[type(event)] = whole.get(type(event), "") + event.text
    return whole


def _then_raise(events: Iterable[Text | Reasoning], failure: ProviderError) -> Iterator[Text | Reasoning]:
    yield from events
    raise failure


def _usage(usage: Mapping[str, Any]) -> Usage:
    output_details = mapping(usage.get("completion_tokens_details"))
    input_details = mapping(usage.get("prompt_tokens_details"))
    return Usage(
        input_tokens=count(usage.get("prompt_tokens")),
        output_tokens=count(usage.get("completion_tokens")),
        reasoning_tokens=count(output_details.get("reasoning_tokens")),
        cached_tokens=count(input_details.get("cached_tokens")) or count(usage.get("prompt_cache_hit_tokens")),
    )
