"""Websockets as the server has them: long messages go down to pages, and only few and short ones come up."""

from __future__ import annotations

import time

from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol

UP_BYTES = 64 * 2**10  # in one message, in however many frames: a page has nothing to say
UP_FRAMES, UP_SECONDS = 100, 10.0  # so many in so long: what is read, whoever it is for, waits in memory without end


class ChatWebSocketProtocol(WebSocketProtocol):  # type: ignore[misc]  # daphne has no types
    """Autobahn has one limit of length for both ways, and none of number: not for pings either, which it answers."""

    _began, _frames = 0.0, 0

    def onFrameBegin(self) -> None:
        now = time.monotonic()
        if now - self._began > UP_SECONDS:
            self._began, self._frames = now, 0
        self._frames += 1
        super().onFrameBegin()
        if self._frames > UP_FRAMES and not self.failedByMe:
            self._fail_connection(self.CLOSE_STATUS_CODE_POLICY_VIOLATION, "more than a page may say")

    def onMessageFrameBegin(self, length: int) -> None:
        super().onMessageFrameBegin(length)
        total = self.message_data_total_length
        if not self.failedByMe and total > UP_BYTES:
            self._max_message_size_exceeded(total, UP_BYTES, "more than a page may say")


class ChatWebSocketFactory(WebSocketFactory):  # type: ignore[misc]  # daphne has no types
    protocol = ChatWebSocketProtocol
