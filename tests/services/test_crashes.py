"""`kill -9` in mid-answer, again and again, on the site as `make run` starts it."""

import asyncio
import random
import time

import pytest

from tests.scripted_provider.fixture import ScriptedProvider
from tests.services.page import Page
from tests.site import Site

pytestmark = pytest.mark.service
TIMES = 20
WORDS, PER_SECOND = 400, 100
LOST_AT_MOST = PER_SECOND // 2  # half a second


def _words(count: int) -> list[str]:
    return [f"w{i:04d}" for i in range(1, count + 1)]


async def test_killed_twenty_times_no_question_is_lost_and_no_word_doubled(
    sqlite_site: Site, scripted_provider: ScriptedProvider
) -> None:
    session = sqlite_site.session_of("alice")
    web = sqlite_site.serve()
    seed = random.Random(20)
    pages = []
    for round_ in range(TIMES):
        async with Page(web.url, session) as page:
            await page.send(f"round {round_} script:words-{WORDS} tps-{PER_SECOND}")
            wanted = seed.randrange(1, 150)
            await page.follow(lambda page, wanted=wanted: len(page.words) >= wanted)
            web.kill()
            killed = time.monotonic()
            shown = len(page.words)
        pages.append((page.conversation_id, f"round {round_} ", shown))
        web.start()
        assert time.monotonic() > killed
    for conversation_id, question, shown in pages:
        html = await _settled(web.url, session, conversation_id)
        kept = [word for word in _words(WORDS) if word in html]
        assert question in html
        assert kept == _words(len(kept)), "a word is missing"
        assert all(html.count(word) == 1 for word in kept), "a word is doubled"
        assert len(kept) >= shown - LOST_AT_MOST, (len(kept), shown)
        assert 'data-status="interrupted"' in html
        assert "Continue" in html


async def _settled(url: str, session: str, conversation_id: object) -> str:
    """The conversation's page once nothing in it is open any more."""
    async with Page(url, session, conversation_id) as page:  # type: ignore[arg-type]
        async with asyncio.timeout(30):
            while 'data-status="running"' in (html := await page.read()):
                await asyncio.sleep(0.1)
        return html


async def test_sigterm_lets_the_answer_end(sqlite_site: Site, scripted_provider: ScriptedProvider) -> None:
    session = sqlite_site.session_of("alice")
    web = sqlite_site.serve()
    async with Page(web.url, session) as page:
        await page.send("script:words-60 tps-40 pause-5")
        await page.follow(lambda page: len(page.words) >= 5)
        ending = asyncio.create_task(asyncio.to_thread(web.end))
        scripted_provider.release()
        await page.follow(lambda page: page.ended)
        await ending
    assert page.status == "complete"
    assert page.words == _words(60)


@pytest.mark.parametrize("seconds", ["0"])
async def test_after_the_grace_period_the_text_is_kept_as_after_a_crash(sqlite_site: Site, seconds: str) -> None:
    session = sqlite_site.session_of("alice")
    web = sqlite_site.serve(DRAIN_SECONDS=seconds)
    async with Page(web.url, session) as page:
        await page.send("script:words-400 tps-100")
        await page.follow(lambda page: len(page.words) >= 80)
        await asyncio.to_thread(web.end)
    web.start()
    html = await _settled(web.url, session, page.conversation_id)
    assert 'data-status="interrupted"' in html
    assert "w0030" in html


async def test_an_answer_that_nobody_had_begun_is_made_after_the_restart(sqlite_site: Site) -> None:
    session = sqlite_site.session_of("alice")
    web = sqlite_site.serve(RUN_GENERATIONS="worker")
    async with Page(web.url, session) as page:
        await page.send("script:words-20")
        web.kill()
    again = sqlite_site.serve()
    html = await _complete(again.url, session, page.conversation_id)
    assert "w0020" in html


async def _complete(url: str, session: str, conversation_id: object) -> str:
    async with Page(url, session, conversation_id) as page:  # type: ignore[arg-type]
        async with asyncio.timeout(30):
            while 'data-role="assistant" data-status="complete"' not in (html := await page.read()):
                await asyncio.sleep(0.1)
        return html
