"""Browser contexts that are used again: a fresh one for each test has to fetch and compile every script anew."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from playwright.async_api import Browser, BrowserContext, CDPSession

ENGLISH: dict[str, Any] = {"locale": "en-US", "viewport": {"width": 1280, "height": 800}}


class Contexts:
    """Hands out contexts that know nothing of the tests before: no cookies, storage, permissions, routes, pages."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._free: dict[str, list[BrowserContext]] = defaultdict(list)
        self._kinds: dict[BrowserContext, str] = {}
        self._cleaners: dict[BrowserContext, CDPSession] = {}  # each of a blank page, which stays

    async def take(self, **options: Any) -> BrowserContext:
        kind = repr(sorted(options.items()))
        if self._free[kind]:
            context = self._free[kind].pop()
            await context.grant_permissions(options.get("permissions", []))
            return context
        context = await self._browser.new_context(**ENGLISH | options)
        self._kinds[context] = kind
        self._cleaners[context] = await context.new_cdp_session(await context.new_page())
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
