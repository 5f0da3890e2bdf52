"""Pages follow answers that another process makes although nobody tells theirs."""

import pytest

from tests.services.page import Page
from tests.site import Site

pytestmark = pytest.mark.service


async def test_a_worker_without_redis_is_followed_to_the_end(sqlite_site: Site) -> None:
    session = sqlite_site.session_of("alice")
    sqlite_site.work()
    web = sqlite_site.serve(RUN_GENERATIONS="worker")
    async with Page(web.url, session) as page:
        await page.send("script:words-80 tps-20")
        await page.follow(lambda page: page.ended)
        assert page.status == "complete"
        assert page.words == [f"w{i:04d}" for i in range(1, 81)]
        steps = [frame["q"] for frame in page.frames if "q" in frame]
        assert len(set(steps)) > 2, "it was shown while it grew"


async def test_a_site_whose_redis_is_away_still_answers(sqlite_site: Site) -> None:
    sqlite_site.env["REDIS_URL"] = "redis://127.0.0.1:1/0"
    session = sqlite_site.session_of("alice")
    web = sqlite_site.serve()
    async with Page(web.url, session) as page:
        await page.send("script:words-40 tps-40")
        await page.follow(lambda page: page.ended)
        assert page.words == [f"w{i:04d}" for i in range(1, 41)]
        assert "w0040" in await page.read()
