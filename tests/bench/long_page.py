"""Tasks of the page's main thread over 50 ms, in a conversation of 10,000 messages: open it, scroll up, type.

Run from the project's root: python -m tests.bench.long_page [messages]
"""

import asyncio
import shutil
import sys
import tempfile
import time
from pathlib import Path

from playwright.async_api import Page, async_playwright

from tests.site import Site

PAGES = 8  # of earlier messages
LETTERS = 200
ANSWER = """Some **bold** words, and a list:

- one
- two

```python
def answer(number: int) -> int:
    return number + 42
```

| name | value |
| --- | --- |
| first | 1 |
"""
MAKE = """
from django.db import transaction
from accounts.models import User
from conversations.models import Conversation, Message
from conversations.rendering import render
owner = User.objects.create_user("reader")
made = Conversation.objects.create(owner=owner, title="A very long one", model="openai/scripted")
html, leaf = render({answer!r}), None
with transaction.atomic():
    for number in range({count}):
        is_answer = number % 2
        leaf = Message.objects.create(conversation=made, parent=leaf, role="assistant" if is_answer else "user",
            content={answer!r} if is_answer else f"Question {{number}}", html=html if is_answer else "")
made.leaf = leaf
made.save()
print(made.pk)
"""
WATCH = """
window.tasks = [];
new PerformanceObserver(list => tasks.push(...list.getEntries().map(entry => entry.duration)))
    .observe({ type: "longtask", buffered: true });
"""
# Long tasks are told of in a task of their own, after them.
SETTLED = "() => new Promise(done => requestIdleCallback(() => setTimeout(done)))"
TAKE = "() => tasks.splice(0)"  # their durations in milliseconds, since the last look
UP = """count => new Promise(done => {
    const look = () => document.querySelectorAll("article").length > count ? done() : setTimeout(look, 20);
    document.getElementById("reading").scrollTop = 0;
    look();
})"""


def _tell(step: str, tasks: list[float], began: float) -> None:
    longest = f"{max(tasks):.0f} ms" if tasks else "none"
    print(f"{step:<34} {time.monotonic() - began:6.2f} s   over 50 ms: {len(tasks):2}   longest: {longest}", flush=True)


async def _scroll(page: Page, pages: int) -> None:
    for _ in range(pages):
        await page.evaluate(UP, await page.locator("article").count())


async def measure(page: Page, url: str) -> None:
    began = time.monotonic()
    await page.goto(url)
    await page.wait_for_load_state("networkidle")
    _tell("open", await page.evaluate(TAKE), began)
    for pages, letters in ((PAGES, 0), (0, LETTERS)):
        began = time.monotonic()
        await _scroll(page, pages)
        await page.locator("#composer-text").press_sequentially("a" * letters)
        await page.evaluate(SETTLED)
        _tell(f"scroll up {pages} pages" if pages else f"type {letters} letters", await page.evaluate(TAKE), began)
    print("messages on the page:", await page.locator("article").count())


async def _browse(site: Site, url: str, conversation: str) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        context = await browser.new_context(locale="en-US", viewport={"width": 1280, "height": 800})
        session = await asyncio.to_thread(site.session_of, "reader")
        await context.add_cookies([{"name": "sessionid", "value": session, "url": url}])
        page = await context.new_page()
        await page.add_init_script(WATCH)
        await measure(page, f"{url}/c/{conversation}/")
        await browser.close()


def main(count: int = 10_000) -> None:
    site = Site(Path(tempfile.mkdtemp(prefix="long-page-")), provider_url="http://127.0.0.1:9")
    try:
        script = MAKE.format(answer=ANSWER, count=count)
        conversation = site.prepare().run(script)
        asyncio.run(_browse(site, site.serve().url, conversation))
    finally:
        site.close()


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:2]))
