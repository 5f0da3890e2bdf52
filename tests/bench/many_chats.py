"""One person begins a hundred chats in two seconds: how many reach the provider, and how another's pages answer.

Run from the project's root: python -m tests.bench.many_chats [NAME=VALUE ...], settings such as LIMIT_OPEN_ANSWERS=0.
Answers go on for 20 seconds at 20 tokens a second.
"""

import asyncio
import statistics
import sys
import tempfile
import time
import uuid
from collections import Counter
from pathlib import Path

import aiohttp

from tests.scripted_provider.fixture import ScriptedProvider
from tests.site import Site

CHATS, SECONDS = 100, 2.0
WATCHED = 10.0  # seconds in which the other person's pages are timed


def _session(key: str) -> aiohttp.ClientSession:
    jar = aiohttp.CookieJar(unsafe=True)
    return aiohttp.ClientSession(cookie_jar=jar, cookies={"sessionid": key, "django_language": "en"})


async def _token(http: aiohttp.ClientSession, url: str) -> str:
    page = await (await http.get(f"{url}/")).text()
    return page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]


async def _chat(http: aiohttp.ClientSession, url: str, token: str, at: float) -> int:
    await asyncio.sleep(at)
    form = {"csrfmiddlewaretoken": token, "client_id": str(uuid.uuid4()), "text": "script:words-400 tps-20"}
    address = f"{url}/c/{uuid.uuid4()}/messages/"
    async with http.post(address, data=form, headers={"HX-Request": "true", "Referer": url}) as response:
        await response.read()
        return response.status


async def _look(http: aiohttp.ClientSession, url: str) -> list[float]:
    """Milliseconds of each page, asked for one after the other."""
    took, end = [], time.monotonic() + WATCHED
    while time.monotonic() < end:
        began = time.perf_counter()
        await (await http.get(f"{url}/")).read()
        took.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(0.05)
    return took


async def _measure(url: str, busy: str, other: str, provider: ScriptedProvider) -> None:
    async with _session(busy) as one, _session(other) as two:
        token = await _token(one, url)
        alone = await _look(two, url)
        chats = (_chat(one, url, token, n * SECONDS / CHATS) for n in range(CHATS))
        took, statuses = await asyncio.gather(_look(two, url), asyncio.gather(*chats))
        for name, pages in (("alone", alone), ("meanwhile", took)):
            p95 = statistics.quantiles(pages, n=20)[-1]
            median = statistics.median(pages)
            print(f"another's pages {name:>10}: {len(pages):>4}, median {median:.0f} ms, p95 {p95:.0f} ms", flush=True)
        print(f"requests at the provider: {len(provider.chats)}; answers of the site: {dict(Counter(statuses))}")


def main(*changed: str) -> None:
    settings = dict(one.split("=", 1) for one in changed)
    with ScriptedProvider() as provider:
        site = Site(Path(tempfile.mkdtemp(prefix="many-chats-")), provider_url=provider.url, **settings)
        try:
            site.prepare()
            keys = site.session_of("busy"), site.session_of("other")
            asyncio.run(_measure(site.serve().url, *keys, provider))
        finally:
            site.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
