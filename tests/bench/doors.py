"""What a stranger, and one person, can cost everybody else: memory and seconds of the server, and pages of another
person meanwhile. `python -m tests.bench.doors`

500 MB to /import/ without a session, with a length and in chunks; eight images of 7,000 x 7,000 at once.
"""

import re
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import httpx
import psutil
from PIL import Image

from tests.site import Site

MEGABYTE = 2**20
UPLOADED = 500 * MEGABYTE
SIDE, IMAGES = 7000, 8


class Watch:
    """Another person's pages, and the memory of the server and its children, while something happens."""

    def __init__(self, url: str, session: str, pid: int) -> None:
        self.client = httpx.Client(base_url=url, cookies={"sessionid": session}, timeout=300)
        self.process = psutil.Process(pid)
        self.pages: list[float] = []
        self.peak = 0
        self._over = threading.Event()

    def memory(self) -> int:
        total = 0
        for process in [self.process, *self.process.children(recursive=True)]:
            try:
                total += process.memory_info().rss
            except psutil.NoSuchProcess:
                continue
        return total // MEGABYTE

    def _ask(self) -> None:
        while not self._over.is_set():
            began = time.perf_counter()
            self.client.get("/").raise_for_status()
            self.pages.append(time.perf_counter() - began)
            self._over.wait(0.05)

    def _weigh(self) -> None:
        while not self._over.is_set():
            self.peak = max(self.peak, self.memory())
            self._over.wait(0.02)

    def during(self, name: str, attack: Callable[[], str]) -> None:
        before, began = self.memory(), time.perf_counter()
        threads = [threading.Thread(target=target) for target in (self._ask, self._weigh)]
        for thread in threads:
            thread.start()
        said = attack()
        took = time.perf_counter() - began
        time.sleep(2)
        self._over.set()
        for thread in threads:
            thread.join()
        p95 = statistics.quantiles(self.pages, n=20)[-1] if len(self.pages) > 1 else self.pages[0]
        print(
            f"{name}: {took:.1f} s; {said}\n"
            f"  memory {before} MB, {self.peak} MB at most, {self.memory()} MB afterwards;"
            f" pages of another person: p95 {p95 * 1000:.0f} ms, longest {max(self.pages) * 1000:.0f} ms",
            flush=True,
        )


def pour(url: str, *, chunked: bool) -> str:
    """500 MB to /import/ by somebody who is not logged in, as far as the server takes them."""
    host, _, port = url.removeprefix("http://").partition(":")
    length = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % UPLOADED
    kind = b"multipart/form-data; boundary=x"
    head = b"POST /import/ HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\n%s\r\n\r\n" % (host.encode(), kind, length)
    part = b"x" * MEGABYTE
    piece = b"%x\r\n%s\r\n" % (len(part), part) if chunked else part
    sent, answer = 0, b""
    with socket.create_connection((host, int(port)), timeout=300) as connection:
        try:
            connection.sendall(head)
            for _ in range(UPLOADED // MEGABYTE):
                connection.sendall(piece)
                sent += 1
            connection.sendall(b"0\r\n\r\n" if chunked else b"")
        except OSError as error:
            answer = str(error).encode()
        try:
            answer = connection.recv(65536) or answer
        except OSError as error:
            answer = answer or str(error).encode()
    return f"{sent} MB went out, then: {answer.splitlines()[0].decode() if answer else 'closed'}"


def picture() -> bytes:
    out = BytesIO()
    Image.new("RGBA", (SIDE, SIDE), (200, 30, 60, 128)).save(out, "PNG")
    return out.getvalue()


def upload(url: str, sessions: list[str]) -> str:
    """Eight large images at once, by as many people."""
    data, said = picture(), []

    def one(session: str) -> None:
        with httpx.Client(base_url=url, cookies={"sessionid": session}, timeout=300) as client:
            found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', client.get("/").text)
            headers = {"X-CSRFToken": found[1] if found else "", "HX-Request": "true"}
            said.append(client.post("/attachments/", files={"file": ("x.png", data)}, headers=headers).status_code)

    threads = [threading.Thread(target=one, args=[session]) for session in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return f"{len(data) // 1000} KB each, answered {sorted(said)}"


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="doors-") as folder:
        site = Site(Path(folder), provider_url="http://127.0.0.1:9")
        try:
            site.prepare()
            sessions = [site.session_of(f"person{number}") for number in range(IMAGES)]
            other = site.session_of("other")
            for name in sys.argv[1:] or ("length", "chunked", "images"):
                server = site.serve()
                assert server.process
                watch = Watch(server.url, other, server.process.pid)
                watch.client.get("/")
                if name == "images":
                    watch.during(name, lambda url=server.url: upload(url, sessions))
                else:
                    watch.during(name, lambda url=server.url, kind=name: pour(url, chunked=kind == "chunked"))
                server.end()
        finally:
            site.close()


if __name__ == "__main__":
    main()
