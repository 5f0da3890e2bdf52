"""The two wire formats, as bytes."""

import json
from dataclasses import dataclass, field
from typing import Any

ERRORS: dict[str, tuple[int, str, str, str]] = {
    # name: status, OpenAI's code, Anthropic's type, message
    "error-400": (400, "invalid_value", "invalid_request_error", "Invalid value for the request."),
    "error-401": (401, "invalid_api_key", "authentication_error", "Incorrect API key provided: wr***."),
    "error-402": (402, "billing_not_active", "billing_error", "Your account is not active."),
    "error-403": (403, "model_access_denied", "permission_error", "Not allowed."),
    "error-404": (404, "model_not_found", "not_found_error", "The model does not exist."),
    "error-429": (429, "rate_limit_exceeded", "rate_limit_error", "Rate limit reached."),
    "error-429-quota": (429, "insufficient_quota", "billing_error", "You exceeded your current quota."),
    "error-500": (500, "server_error", "api_error", "The server had an error."),
    "error-503": (503, "server_overloaded", "overloaded_error", "Overloaded."),
    "error-529": (529, "server_overloaded", "overloaded_error", "Overloaded."),
    "context-too-long": (
        400,
        "context_length_exceeded",
        "invalid_request_error",
        "prompt is too long: this model's maximum context length is 8192 tokens.",
    ),
}
RETRY_HEADERS = {
    "error-429": {"Retry-After": "30"},
    "error-500": {"Retry-After-Ms": "10"},
    "error-503": {"Retry-After-Ms": "10"},
    "error-529": {"Retry-After-Ms": "10"},
}
_STOPS = {"stop": "end_turn", "length": "max_tokens", "content_filter": "refusal", "tool_calls": "tool_use"}


def _event(data: Any, name: str = "") -> bytes:
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    return (f"event: {name}\n" if name else "").encode() + f"data: {text}\n\n".encode()


@dataclass
class OpenAIWire:
    """Chat Completions."""

    model: str
    wants_usage: bool
    input_tokens: int
    output_tokens: int = 0
    base: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.base = {"id": "chatcmpl-1", "created": 0, "model": self.model, "object": "chat.completion.chunk"}

    def _chunk(self, delta: dict[str, Any], reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        return _event(self.base | {"choices": [choice]})

    def start(self) -> bytes:
        return self._chunk({"role": "assistant", "content": ""})

    def text(self, text: str) -> bytes:
        self.output_tokens += 1
        return self._chunk({"content": text})

    def reasoning(self, text: str) -> bytes:
        self.output_tokens += 1
        return self._chunk({"reasoning_content": text})

    def refusal(self, text: str) -> bytes:
        self.output_tokens += 1
        return self._chunk({"refusal": text})

    def tool(self) -> bytes:
        call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "look_up", "arguments": "{}"}}
        return self._chunk({"content": None, "tool_calls": [call]})

    def finish(self, reason: str, *, usage: bool) -> bytes:
        end = self._chunk({}, {"refusal": "stop"}.get(reason, reason))
        if usage and self.wants_usage:
            end += _event(self.base | {"choices": [], "usage": self.usage()})
        return end

    def done(self) -> bytes:
        return _event("[DONE]")

    def usage(self) -> dict[str, Any]:
        return {
            "prompt_tokens": self.input_tokens,
            "completion_tokens": self.output_tokens,
            "total_tokens": self.input_tokens + self.output_tokens,
            "prompt_tokens_details": {"cached_tokens": 2},
            "completion_tokens_details": {"reasoning_tokens": 1},
        }

    def whole(self, text: str, reasoning: str, reason: str) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": text}
        if reasoning:
            message["reasoning_content"] = reasoning
        if reason == "refusal":
            message = {"role": "assistant", "content": None, "refusal": text}
            reason = "stop"
        if reason == "tool_calls":
            message |= {"content": text or None, "tool_calls": [{"id": "call_1", "type": "function"}]}
        choice = {"index": 0, "message": message, "finish_reason": reason}
        return self.base | {"object": "chat.completion", "choices": [choice], "usage": self.usage()}

    def error(self, name: str) -> dict[str, Any]:
        _, code, kind, message = ERRORS[name]
        return {"error": {"message": message, "type": kind, "param": None, "code": code}}

    def refused_parameter(self, parameter: str) -> dict[str, Any]:
        message = f"Unsupported parameter: '{parameter}' is not supported with this model."
        error = {"message": message, "type": "invalid_request_error", "code": "unsupported_parameter"}
        return {"error": error | {"param": parameter}}

    def error_event(self) -> bytes:
        return _event(self.error("error-503"))


@dataclass
class AnthropicWire:
    """Messages."""

    model: str
    wants_usage: bool
    input_tokens: int
    output_tokens: int = 0
    _open: str = ""
    _index: int = -1

    def _send(self, kind: str, **data: Any) -> bytes:
        return _event({"type": kind, **data}, kind)

    def start(self) -> bytes:
        message = {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": self.model,
            "content": [],
            "stop_reason": None,
            "usage": {"input_tokens": self.input_tokens, "cache_read_input_tokens": 2, "output_tokens": 1},
        }
        if not self.wants_usage:
            del message["usage"]
        return self._send("message_start", message=message) + self._send("ping")

    def _block(self, kind: str) -> bytes:
        if self._open == kind:
            return b""
        before = self._close()
        self._open = kind
        self._index += 1
        field_name = "thinking" if kind == "thinking" else "text"
        block = {"type": kind, field_name: ""}
        return before + self._send("content_block_start", index=self._index, content_block=block)

    def _close(self) -> bytes:
        if not self._open:
            return b""
        self._open = ""
        return self._send("content_block_stop", index=self._index)

    def text(self, text: str) -> bytes:
        self.output_tokens += 1
        start = self._block("text")
        return start + self._send("content_block_delta", index=self._index, delta={"type": "text_delta", "text": text})

    def reasoning(self, text: str) -> bytes:
        self.output_tokens += 1
        start = self._block("thinking")
        delta = {"type": "thinking_delta", "thinking": text}
        return start + self._send("content_block_delta", index=self._index, delta=delta)

    def refusal(self, text: str) -> bytes:
        return self.text(text)

    def tool(self) -> bytes:
        before = self._close()
        self._open = "tool_use"
        self._index += 1
        block = {"type": "tool_use", "id": "toolu_1", "name": "look_up", "input": {}}
        delta = {"type": "input_json_delta", "partial_json": "{}"}
        start = self._send("content_block_start", index=self._index, content_block=block)
        return before + start + self._send("content_block_delta", index=self._index, delta=delta)

    def finish(self, reason: str, *, usage: bool) -> bytes:
        end = self._close()
        stop = _STOPS.get(reason, reason)
        data: dict[str, Any] = {"delta": {"stop_reason": stop, "stop_sequence": None}}
        if usage and self.wants_usage:
            data["usage"] = {"output_tokens": self.output_tokens, "output_tokens_details": {"thinking_tokens": 1}}
        return end + self._send("message_delta", **data)

    def done(self) -> bytes:
        return self._send("message_stop")

    def whole(self, text: str, reasoning: str, reason: str) -> dict[str, Any]:
        content = [{"type": "thinking", "thinking": reasoning, "signature": "s"}] if reasoning else []
        content += [{"type": "text", "text": text}] if text else []
        content += (
            [{"type": "tool_use", "id": "toolu_1", "name": "look_up", "input": {}}] if reason == "tool_calls" else []
        )
        stop = _STOPS.get(reason, reason)
        usage = {
            "input_tokens": self.input_tokens,
            "cache_read_input_tokens": 2,
            "output_tokens": self.output_tokens,
            "output_tokens_details": {"thinking_tokens": 1},
        }
        message = {"id": "msg_1", "type": "message", "role": "assistant", "model": self.model}
        return message | {"content": content, "stop_reason": stop, "usage": usage}

    def error(self, name: str) -> dict[str, Any]:
        _, _, kind, message = ERRORS[name]
        return {"type": "error", "error": {"type": kind, "message": message}}

    def refused_parameter(self, parameter: str) -> dict[str, Any]:
        message = f"{parameter}: Extra inputs are not permitted"
        return {"type": "error", "error": {"type": "invalid_request_error", "message": message}}

    def error_event(self) -> bytes:
        return _event(self.error("error-529"), "error")


Wire = OpenAIWire | AnthropicWire
