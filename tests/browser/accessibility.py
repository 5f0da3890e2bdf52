"""axe on a page: every rule it has, in both colour schemes."""

from __future__ import annotations

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

SCHEMES = ("light", "dark")
_axe = Axe()


async def violations(page: Page) -> list[str]:
    """What axe finds, in words: the scheme, the rule, and the first elements that break it."""
    found = []
    for scheme in SCHEMES:
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        results = await _axe.run(page)
        found += [f"{scheme}: {_in_words(violation)}" for violation in results.response["violations"]]
    return found


def _in_words(violation: dict) -> str:
    nodes = [f"{' '.join(map(str, node['target']))} {node['any'][:1]}" for node in violation["nodes"][:3]]
    return f"{violation['id']}: {violation['help']}: {'; '.join(nodes)}"
