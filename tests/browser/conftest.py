"""One site, one server and one Chromium for all browser tests; for each test people and devices of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from itertools import chain, count
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import async_playwright, expect

from tests.browser.contexts import Contexts
from tests.browser.line import Line
from tests.browser.people import Device, Person, Tab, make_people
from tests.conftest import chromium
from tests.scripted_provider.fixture import ScriptedProvider
from tests.site import Process, Site

HERE = Path(__file__).parent
PATIENCE = 15_000  # milliseconds until a condition counts as never met
PEOPLE_AT_ONCE = 50
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]

Devices = Callable[..., Awaitable[Device]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests here drive the one browser, so they share its event loop."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, scripted_provider_server: ScriptedProvider) -> Iterator[Site]:
    """As `make run` starts it: SQLite, one process, no Redis."""
    folder = tmp_path_factory.mktemp("site")
    made = Site(folder, provider_url=scripted_provider_server.url)
    yield made.prepare()
    made.close()


@pytest.fixture(scope="session")
def server(site: Site) -> Process:
    return site.serve()


@pytest.fixture
def web(server: Process, scripted_provider: ScriptedProvider) -> Process:
    """The server, which runs, whatever an earlier test has done to it."""
    assert server.process
    if server.process.poll() is not None:
        server.start()
    return server


@pytest.fixture(scope="session")
def crowd(site: Site) -> Iterator[Person]:
    """People whom no test knows yet; made as they are needed, since each of several processes needs but a few."""
    batches = (make_people(site, range(first, first + PEOPLE_AT_ONCE)) for first in count(step=PEOPLE_AT_ONCE))
    return chain.from_iterable(batches)


@pytest.fixture
def alice(crowd: Iterator[Person]) -> Person:
    """A person whom no other test knows."""
    return next(crowd)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def contexts() -> AsyncIterator[Contexts]:
    expect.set_options(timeout=PATIENCE)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        yield Contexts(browser)
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def devices(contexts: Contexts, web: Process) -> AsyncIterator[Devices]:
    """Makes devices, signed in as the given person; English unless told otherwise. Console errors fail the test."""
    made: list[Device] = []

    async def make(person: Person | None = None, *, url: str = "", **options: Any) -> Device:
        context = await contexts.take(**options)
        context.set_default_timeout(PATIENCE)
        device = Device(context, url or web.url)
        made.append(device)
        if person:
            await context.add_cookies([{"name": "sessionid", "value": person.session, "url": device.url}])
        return device

    yield make
    for device in made:
        await contexts.give_back(device.context, device.url)
    problems = [problem for device in made for problem in device.problems]
    assert not problems, "\n".join(problems)


@pytest_asyncio.fixture(loop_scope="session")
async def device(devices: Devices, alice: Person) -> Device:
    """Alice's computer."""
    return await devices(alice)


@pytest_asyncio.fixture(loop_scope="session")
async def copying(devices: Devices, alice: Person) -> Device:
    """Alice's computer, whose clipboard can be read."""
    return await devices(alice, permissions=["clipboard-read", "clipboard-write"])


@pytest_asyncio.fixture(loop_scope="session")
async def tab(device: Device) -> Tab:
    """Alice's new chat."""
    return await device.tab()


@pytest_asyncio.fixture(loop_scope="session")
async def line(web: Process) -> AsyncIterator[Line]:
    """A line to the server that can be cut."""
    made = Line(web.url)
    await made.mend()
    yield made
    await made.cut()
