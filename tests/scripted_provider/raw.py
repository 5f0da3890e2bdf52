"""Bodies of streams as servers in the world send them: name -> content type, and the pieces in which they come.

All but those that end in an error say TEXT, and end with "stop".
"""

import json
from typing import Any

TEXT = "Hello from 서버 😀, and good bye."
_EVENTS = "text/event-stream"


def _chunk(content: Any = None, finish: Any = None, index: Any = 0, **more: Any) -> dict[str, Any]:
    delta = {} if content is None else {"content": content}
    choice = {"index": index, "delta": delta, "finish_reason": finish}
    return {"id": "c", "object": "chat.completion.chunk", "choices": [choice], **more}


def _sse(*chunks: Any, end: str = "data: [DONE]\n\n") -> bytes:
    lines = [chunk if isinstance(chunk, str) else f"data: {json.dumps(chunk, ensure_ascii=False)}" for chunk in chunks]
    return ("\n\n".join(lines) + "\n\n" + end).encode()


_HEAD, _TAIL = TEXT[:10], TEXT[10:]
_GOOD = (_chunk(_HEAD), _chunk(_TAIL), _chunk(finish="stop"))
_WHOLE = {"object": "chat.completion", "choices": [{"message": {"content": TEXT}, "finish_reason": "stop"}]}
_LINES = "\n".join(json.dumps(chunk, ensure_ascii=False) for chunk in _GOOD).encode()
_OTHER = {"index": 1, "delta": {"content": "another"}, "finish_reason": None}
_EMOJI = TEXT.index("😀")


def _cut_in_pieces(body: bytes, size: int) -> list[bytes]:
    return [body[start : start + size] for start in range(0, len(body), size)]


RAW: dict[str, tuple[str, list[bytes]]] = {
    "usage-text": (_EVENTS, [_sse(*_GOOD, {"choices": [], "usage": "12 tokens"})]),
    "usage-list": (_EVENTS, [_sse(*(chunk | {"usage": [1, 2]} for chunk in _GOOD))]),
    "usage-odd": (_EVENTS, [_sse(*_GOOD, {"choices": [], "usage": {"prompt_tokens": "7", "completion_tokens": None}})]),
    "content-list": (_EVENTS, [_sse(_chunk([_HEAD, _TAIL]), _chunk(finish="stop"))]),
    "output-text": (_EVENTS, [_sse(_chunk([{"type": "output_text", "text": TEXT}]), _chunk(finish="stop"))]),
    "content-object": (_EVENTS, [_sse(_chunk({"type": "text", "text": {"value": TEXT}}), _chunk(finish="stop"))]),
    "data-empty": (_EVENTS, [_sse("data:", _GOOD[0], "data", _GOOD[1], "data: ", _GOOD[2])]),
    "keepalive": (_EVENTS, [_sse("data: ping", _GOOD[0], ": PROCESSING", "data: : keep-alive", *_GOOD[1:])]),
    "unknown-event": (_EVENTS, [_sse(_GOOD[0], "event: notice\ndata: still here", *_GOOD[1:])]),
    "json-scalars": (_EVENTS, [_sse("data: null", _GOOD[0], "data: 12", 'data: "text"', "data: []", *_GOOD[1:])]),
    "as-json": ("application/json", [_sse(*_GOOD)]),
    "as-plain": ("text/plain; charset=utf-8", [_sse(*_GOOD)]),
    "as-html": ("text/html", [_sse(*_GOOD)]),
    "as-nothing": ("", [_sse(*_GOOD)]),
    "ndjson": ("application/x-ndjson", _cut_in_pieces(_LINES, 30)),
    "ndjson-events": (_EVENTS, [_LINES]),
    "ndjson-json": ("application/json", [_LINES + b"\n\n"]),
    "ollama": (
        "application/x-ndjson",
        [
            json.dumps({"message": {"role": "assistant", "content": _HEAD}, "done": False}).encode() + b"\n",
            json.dumps({"message": {"content": _TAIL}, "done": False}).encode() + b"\n",
            json.dumps({"message": {"content": ""}, "done": True, "done_reason": "stop"}).encode() + b"\n",
        ],
    ),
    "whole": ("application/json", [json.dumps(_WHOLE).encode()]),
    "whole-line": (_EVENTS, [json.dumps(_WHOLE).encode() + b"\n"]),
    "whole-pretty": ("text/plain", _cut_in_pieces(b"\xef\xbb\xbf\n" + json.dumps(_WHOLE, indent=2).encode(), 40)),
    "whole-array": ("application/json", [json.dumps(_GOOD).encode()]),
    "repeated-message": (
        _EVENTS,
        [_sse(*_GOOD[:2], {"choices": [{"index": 0, "message": {"content": TEXT}, "finish_reason": "stop"}]})],
    ),
    "repeated-both": (
        _EVENTS,
        [_sse(*_GOOD[:2], {"choices": [{"delta": {}, "message": {"content": TEXT}, "finish_reason": "stop"}]})],
    ),
    "repeated-delta": (_EVENTS, [_sse(*_GOOD[:2], _chunk(TEXT, finish="stop"))]),
    "repeated-after": (_EVENTS, [_sse(*_GOOD, _chunk(TEXT))]),
    "message-completes": (
        _EVENTS,
        [_sse(_GOOD[0], {"choices": [{"message": {"content": TEXT}, "finish_reason": "stop"}]})],
    ),
    "two-choices": (
        _EVENTS,
        [
            _sse(
                _GOOD[0],
                {"choices": [_OTHER]},
                {"choices": [_OTHER, _GOOD[1]["choices"][0]]},
                {"choices": [_OTHER | {"finish_reason": "length"}]},
                _GOOD[2],
            )
        ],
    ),
    "index-text": (_EVENTS, [_sse(_chunk(_HEAD, index="0"), _chunk(_TAIL, index=None), _chunk(finish="stop"))]),
    "choices-null": (_EVENTS, [_sse({"choices": None}, {"choices": [None, _GOOD[0]["choices"][0]]}, *_GOOD[1:])]),
    "delta-null": (_EVENTS, [_sse({"choices": [{"index": 0, "delta": None}]}, *_GOOD)]),
    "emoji-cut": (
        _EVENTS,
        [
            _sse(
                _chunk(TEXT[:_EMOJI]),
                r'data: {"choices": [{"index": 0, "delta": {"content": "\ud83d"}}]}',
                r'data: {"choices": [{"index": 0, "delta": {"content": "\ude00"}}]}',
                _chunk(TEXT[_EMOJI + 1 :], finish="STOP"),
            )
        ],
    ),
    "blanks-first": ("application/json", [b"\n", b" \n\n", b"\n", _sse(*_GOOD)]),
    "done-blanks": (_EVENTS, [_sse(*_GOOD, end="data:  [done] \n\n")]),
    "no-empty-lines": (_EVENTS, [_sse(*_GOOD).replace(b"\n\n", b"\n")]),
    "bom-crlf": (_EVENTS, _cut_in_pieces(b"\xef\xbb\xbf" + _sse(*_GOOD).replace(b"\n", b"\r\n"), 11)),
    "empty-error": (_EVENTS, [_sse(*(chunk | {"error": {"message": "", "code": None}} for chunk in _GOOD))]),
    "no-reason": (_EVENTS, [_sse(*_GOOD[:2])]),
    "data-twice": (_EVENTS, [_sse(*(f"data: data: {json.dumps(chunk)}" for chunk in _GOOD), end="data: data: [DONE]")]),
    "fields-in-blanks": (_EVENTS, [_sse(*_GOOD).replace(b"data: ", b" Data : ")]),
    "glued": (_EVENTS, [_sse(f"data: {json.dumps(_GOOD[0])}data: {json.dumps(_GOOD[1])}{json.dumps(_GOOD[2])}")]),
    "glued-done": (_EVENTS, [_sse(*_GOOD[:2], f"data: {json.dumps(_GOOD[2])}data: [DONE]", end="")]),
    "pretty": (_EVENTS, [_sse(*(f"data: {json.dumps(chunk, indent=2)}" for chunk in _GOOD))]),
    "ollama-old": (
        "application/x-ndjson",
        [
            json.dumps({"message": {"role": "assistant", "content": TEXT}, "done": False}).encode() + b"\n",
            json.dumps({"message": {"content": ""}, "done": True}).encode() + b"\n",
        ],
    ),
    "text-beside-delta": (
        _EVENTS,
        [_sse({"choices": [{"delta": {"role": "assistant", "content": ""}, "text": TEXT, "finish_reason": "stop"}]})],
    ),
    "audio": (_EVENTS, [_sse({"choices": [{"delta": {"content": None, "audio": {"transcript": TEXT}}}]}, _GOOD[2])]),
    "legacy": (_EVENTS, [_sse({"choices": [{"text": TEXT, "finish_reason": "stop"}]})]),
}
