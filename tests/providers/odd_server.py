"""A server that answers each path with what the test says, as real servers do that are not quite like OpenAI's."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import providers
from providers import listed
from providers.connections import connections
from providers.stored import forget, stored

Answer = tuple[int, str, bytes]
PAGE = (200, "text/html", b"<!doctype html><title>A web page</title>")
NOT_FOUND = (404, "text/html", b"<h1>404 page not found</h1>")


def listing(*entries: Any) -> Answer:
    return found({"object": "list", "data": list(entries)})


def found(body: Any) -> Answer:
    return 200, "application/json", json.dumps(body).encode()


class OddServer:
    """`answers` by path without its query; `asked` are the paths with their queries, `keys` what came with them."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.answers: dict[str, Answer] = {}
        self.otherwise = NOT_FOUND
        self.asked: list[str] = []
        self.keys: list[str] = []

    def chats_at(self, path: str) -> None:
        """Answer questions at that path."""
        message = {"role": "assistant", "content": "Hello from here"}
        self.answers[path] = found({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})


@contextmanager
def running_odd_server() -> Iterator[OddServer]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            server.asked.append(self.path)
            server.keys.append(self.headers.get("Authorization", ""))
            status, kind, body = server.answers.get(self.path.partition("?")[0], server.otherwise)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.do_GET()

        def log_message(self, *_arguments: Any) -> None:
            """Say nothing."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server = OddServer(f"http://127.0.0.1:{http.server_port}")
    thread = threading.Thread(target=http.serve_forever, args=(0.01,), name="odd-server", daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def menu(settings: Any, address: str, name: str = "box") -> list[str]:
    """The names that the menu offers of the server, after its list was asked for."""
    settings.OPENAI_COMPATIBLE_SERVERS = {name: address}
    forget()
    listed.refresh(connections(stored())[name])
    return [model.name for group in providers.models_for_menu() for model in group.models]
