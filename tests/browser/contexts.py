"""Browser contexts that are used again: a fresh one for each test has to fetch and compile every script anew.

With `--process-per-site` all pages of a context share a process, as a site's tabs may at home. One page of each context
stays open between the tests, so that this process does too: a new one for each costs a tenth of a test's CPU time.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from playwright.async_api import Browser, BrowserContext, CDPSession, Page

ENGLISH: dict[str, Any] = {"locale": "en-US", "viewport": {"width": 1280, "height": 800}}
THIS_MACHINE = "http://127.0.0.1/"


class Contexts:
    """Hands out contexts that know nothing of the tests before: no cookies, storage, permissions, routes, pages."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._free: dict[str, list[BrowserContext]] = defaultdict(list)
        self._kinds: dict[BrowserContext, str] = {}
        self._cleaners: dict[BrowserContext, CDPSession] = {}  # each of the page that stays

    async def take(self, **options: Any) -> BrowserContext:
        kind = repr(sorted(options.items()))
        if self._free[kind]:
            context = self._free[kind].pop()
            await context.grant_permissions(options.get("permissions", []))
            return context
        context = await self._browser.new_context(**ENGLISH | options)
        self._kinds[context] = kind
        self._cleaners[context] = await context.new_cdp_session(await _page_that_stays(context))
        return context

    async def give_back(self, context: BrowserContext, url: str) -> None:
        """`url`: where the site was that its pages have been at."""
        for page in context.pages[1:]:
            await page.close()
        await context.set_offline(False)
        await context.unroute_all()
        await context.clear_permissions()
        await context.clear_cookies()
        await self._cleaners[context].send(
            "Storage.clearDataForOrigin", {"origin": url, "storageTypes": "local_storage"}
        )
        self._free[self._kinds[context]].append(context)


async def _page_that_stays(context: BrowserContext) -> Page:
    """A blank page at this machine, whose every port is the same site to Chromium."""
    page = await context.new_page()
    await page.route(THIS_MACHINE, lambda route: route.fulfill(body="", content_type="text/html"))
    await page.goto(THIS_MACHINE)
    await page.unroute_all()
    return page
