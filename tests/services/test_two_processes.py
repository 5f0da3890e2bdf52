"""Two web processes, or a web process and a worker, on the real PostgreSQL and Redis."""

import asyncio
import re
from typing import Any

import pytest

from tests.scripted_provider.fixture import ScriptedProvider
from tests.scripted_provider.script import THOUGHTS
from tests.services.page import Page
from tests.site import Site

pytestmark = pytest.mark.service


def _words(count: int) -> list[str]:
    return [f"w{i:04d}" for i in range(1, count + 1)]


async def test_a_page_on_one_process_watches_an_answer_made_on_the_other(site: Site) -> None:
    session = site.session_of("alice")
    one, two = site.serve(), site.serve(RUN_GENERATIONS="worker")  # the second makes no answers itself
    async with Page(one.url, session) as here, Page(two.url, session, here.conversation_id) as there:
        await here.send("script:words-60 tps-40")
        await there.follow(lambda page: page.ended)
        await here.follow(lambda page: page.ended)
        assert there.words == here.words == _words(60)
        assert there.status == "complete"


async def test_a_page_that_comes_in_the_middle_joins_on_without_gap_or_repeat(
    site: Site, scripted_provider: ScriptedProvider
) -> None:
    session = site.session_of("alice")
    one, two = site.serve(), site.serve(RUN_GENERATIONS="worker")
    async with Page(one.url, session) as here:
        await here.send("script:words-120 tps-200 pause-20 pause-40")
        await here.follow(lambda page: len(page.words) >= 20)
        async with Page(two.url, session, here.conversation_id) as there:
            scripted_provider.release()
            await there.follow(lambda page: len(page.words) >= 40)
            scripted_provider.release()
            await there.follow(lambda page: page.ended)
            assert there.words == _words(120)


async def test_text_that_turns_out_to_be_thoughts_moves_on_the_other_process_too(
    site: Site, scripted_provider: ScriptedProvider
) -> None:
    session = site.session_of("alice")
    one, two = site.serve(), site.serve(RUN_GENERATIONS="worker")
    async with Page(one.url, session) as here, Page(two.url, session, here.conversation_id) as there:
        await here.send("script:think-closed pause-8")
        await there.follow(lambda page: "First I count" in _text(page))
        assert _thoughts(there) == ""
        scripted_provider.release()
        for page in (there, here):
            await page.follow(lambda page: page.ended)
            assert _thoughts(page) == THOUGHTS.strip()
            assert "First I count" not in _text(page)
            assert "short answer" in _text(page)


def _since_snapshot(page: Page) -> list[dict[str, Any]]:
    last = max((i for i, frame in enumerate(page.frames) if frame.get("f") == -1), default=0)
    return page.frames[last:]


def _text(page: Page) -> str:
    return "".join(re.sub("<[^>]*>", "", str(op[-1])) for frame in _since_snapshot(page) for op in frame.get("b", ()))


def _thoughts(page: Page) -> str:
    return "".join(frame.get("r", "") for frame in _since_snapshot(page))


async def test_stop_crosses_over(site: Site, scripted_provider: ScriptedProvider) -> None:
    session = site.session_of("alice")
    one, two = site.serve(), site.serve(RUN_GENERATIONS="worker")
    async with Page(one.url, session) as here, Page(two.url, session, here.conversation_id) as there:
        await here.send("script:hold")
        await there.follow(lambda page: any("q" in frame for frame in page.frames))
        await there.post(f"messages/{there.message_id}/stop/")
        await here.follow(lambda page: page.ended)
        assert here.status == "stopped"
        await asyncio.to_thread(scripted_provider.wait_until, lambda p: p.chats[-1].end == "closed")


async def test_a_worker_makes_the_answers_and_the_web_can_be_restarted_meanwhile(
    site: Site, scripted_provider: ScriptedProvider
) -> None:
    session = site.session_of("alice")
    site.work()
    web = site.serve(RUN_GENERATIONS="worker")
    async with Page(web.url, session) as page:
        await page.send("script:words-120 tps-200 pause-10 pause-20")
        await page.follow(lambda page: len(page.words) >= 10)
        web.kill()
        scripted_provider.release()
        web.start()
        await page.connect()
        await page.follow(lambda page: len(page.words) >= 20)  # the snapshot: an answer that has ended has none
        scripted_provider.release()
        await page.follow(lambda page: page.ended)
        assert page.words == _words(120)


async def test_killing_the_maker_leaves_the_kept_text_marked_and_told(site: Site) -> None:
    session = site.session_of("alice")
    maker, other = site.serve(), site.serve(RUN_GENERATIONS="worker")
    async with Page(other.url, session) as page:
        async with Page(maker.url, session, page.conversation_id) as sender:
            await sender.send("script:words-400 tps-40")
        await page.follow(lambda page: len(page.words) >= 60)
        maker.kill()
        await page.follow(lambda page: page.ended)
        assert page.status == "interrupted"
        html = await page.read()
        kept = [word for word in _words(400) if word in html]
        assert kept == _words(len(kept))
        assert len(kept) >= 60 - 20 - 5  # half a second at forty a second, and what was on its way
        assert "Continue" in html


async def test_losing_redis_costs_no_word(site: Site, scripted_provider: ScriptedProvider) -> None:
    """The channel layer goes away in mid-answer: the page reads the checkpoints and the end."""
    session = site.session_of("alice")
    one, two = site.serve(), site.serve(RUN_GENERATIONS="worker")
    async with Page(one.url, session) as here, Page(two.url, session, here.conversation_id) as there:
        await here.send("script:words-160 tps-40 pause-20")
        await there.follow(lambda page: len(page.words) >= 20)
        _drop_redis_connections(site.env["REDIS_URL"])
        scripted_provider.release()
        await there.follow(lambda page: page.ended)
        assert there.words == _words(160)


def _drop_redis_connections(url: str) -> None:
    import redis

    with redis.Redis.from_url(url) as client:
        client.client_kill_filter(_type="pubsub")
        client.client_kill_filter(_type="normal", skipme=True)
