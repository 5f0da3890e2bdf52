"""Websockets as the server has them: long messages go down to pages, and only short ones come up."""

from __future__ import annotations

from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol

UP_BYTES = 64 * 2**10  # in one message, in however many frames: a page has nothing to say


class ChatWebSocketProtocol(WebSocketProtocol):  # type: ignore[misc]  # daphne has no types
    """Autobahn has one limit for both ways."""

    def onMessageFrameBegin(self, length: int) -> None:
        super().onMessageFrameBegin(length)
        total = self.message_data_total_length
        if not self.failedByMe and total > UP_BYTES:
            self._max_message_size_exceeded(total, UP_BYTES, "more than a page may say")


class ChatWebSocketFactory(WebSocketFactory):  # type: ignore[misc]  # daphne has no types
    protocol = ChatWebSocketProtocol
