"""A page with one very long answer in Chromium: until it is shown, and until it has scrolled to its end and back.

Run from the project's root: python -m tests.bench.long_answer [characters]
"""

import asyncio
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

from playwright.async_api import Error, Page, async_playwright

from tests.site import Site

PATIENCE = 120_000  # milliseconds
KINDS = {
    "no blank": lambda size: "x" * size,
    "no blank, Korean": lambda size: "가나다라" * (size // 4),
    "no blank, scripts mixed": lambda size: "한a1글漢,.!" * (size // 8),
    "one paragraph": lambda size: "word " * (size // 5),
    "one line of code": lambda size: f"```python\n{'x = 1; ' * (size // 7)}\n```",
    "code without a blank": lambda size: f"```\n{'x' * size}\n```",
    "short lines": lambda size: "line\n" * (size // 5),
    "lines of code": lambda size: "```python\n" + "value = compute(42)\n" * (size // 20) + "```",
    "JSON": lambda size: "```json\n" + json.dumps([{"id": n, "name": f"n{n}"} for n in range(size // 27)]) + "\n```",
    "paragraphs": lambda size: "Some **bold** words, and more of them.\n\n" * (size // 40),
    "a list": lambda size: "- an item of a list\n" * (size // 20),
}
MAKE = """
import sys
from accounts.models import User
from conversations.models import Conversation, Message
from conversations.rendering import render
owner, _ = User.objects.get_or_create(username={owner!r})
text = open({path!r}, newline="").read()
made = Conversation.objects.create(owner=owner, title="A very long one", model="openai/scripted")
asked = Message.objects.create(conversation=made, role="user", content="Say much")
made.leaf = Message.objects.create(conversation=made, parent=asked, role="assistant", content=text, html=render(text))
made.save()
print(made.pk)
"""
# Two frames: what is measured has been laid out and drawn.
DRAWN = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"
SCROLL = """async to => {
    const reading = document.getElementById("reading") ?? document.scrollingElement;
    reading.scrollTop = to ? reading.scrollHeight : 0;
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))));
}"""


def make(site: Site, text: str, owner: str = "reader") -> str:
    """The path of a conversation of `owner` whose answer is `text`."""
    path = Path(tempfile.mkdtemp(prefix="long-answer-")) / "text"
    path.write_text(text, newline="")
    return f"/c/{site.run(MAKE.format(path=str(path), owner=owner))}/"


async def seconds(page: Page, url: str) -> tuple[float, float]:
    """Until the page is drawn, and for scrolling to its top and to its end again."""
    began = time.monotonic()
    await page.goto(url, timeout=PATIENCE)
    await page.evaluate(DRAWN)
    opened = time.monotonic()
    for end in (0, 1, 0, 1):
        await page.evaluate(SCROLL, end)
    return opened - began, time.monotonic() - opened


async def _browse(site: Site, url: str, size: int) -> None:
    session = ""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for kind, text_of in KINDS.items():
            path = await asyncio.to_thread(make, site, text_of(size))
            session = session or await asyncio.to_thread(site.session_of, "reader")
            context = await browser.new_context(locale="en-US", viewport={"width": 1280, "height": 800})
            await context.add_cookies([{"name": "sessionid", "value": session, "url": url}])
            page = await context.new_page()
            page.set_default_timeout(PATIENCE)
            try:
                opened, scrolled = await seconds(page, url + path)
                print(f"{kind:<24} open {opened:6.2f} s   scroll {scrolled:6.2f} s", flush=True)
            except Error as error:
                print(f"{kind:<24} {str(error).splitlines()[0]}", flush=True)
            await context.close()
        await browser.close()


def main(size: int = 1_000_000) -> None:
    site = Site(Path(tempfile.mkdtemp(prefix="long-answer-")), provider_url="http://127.0.0.1:9")
    try:
        url = site.prepare().serve().url
        asyncio.run(_browse(site, url, size))
    finally:
        site.close()


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:2]))
