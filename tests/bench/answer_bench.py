"""What a whole answer costs the server, by its length: CPU, and bytes that are sent to the page.

Run from the project's root: python -m tests.bench.answer_bench [tokens ...]

The server's CPU is all of its process from the question to the end of the answer; Linux only (/proc).
"""

import asyncio
import os
import sys
import tempfile
from pathlib import Path

import aiohttp

from tests.scripted_provider.fixture import ScriptedProvider
from tests.services.page import Page
from tests.site import Process, Site

LENGTHS = (500, 5_000, 50_000)  # tokens
PER_SECOND = 1000
TICKS = os.sysconf("SC_CLK_TCK")


def _cpu(web: Process) -> float:
    """Seconds so far."""
    assert web.process
    fields = Path(f"/proc/{web.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


async def _answer(web: Process, session: str, tokens: int) -> tuple[float, int]:
    """CPU seconds and bytes of one answer."""
    async with Page(web.url, session) as page:
        before, received = _cpu(web), 0
        await page.send(f"script:long-{tokens} tps-{PER_SECOND}")
        async for message in page.socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                received += len(message.data.encode())
                if message.data.startswith('{"m"') and '"s":"complete"' in message.data:
                    return _cpu(web) - before, received
    raise ConnectionError("the server closed the socket before the end")


async def _measure(web: Process, session: str, lengths: tuple[int, ...]) -> None:
    await _answer(web, session, 200)  # warm
    print(f"{'tokens':>8}{'CPU s':>9}{'CPU ms a token':>17}{'KiB':>9}{'bytes a token':>16}")
    for tokens in lengths:
        cpu, received = await _answer(web, session, tokens)
        row = f"{tokens:>8,}{cpu:>9.2f}{cpu * 1000 / tokens:>17.2f}{received / 1024:>9,.0f}{received / tokens:>16.1f}"
        print(row, flush=True)


def main(*lengths: int) -> None:
    with ScriptedProvider() as provider:
        site = Site(Path(tempfile.mkdtemp(prefix="answer-bench-")), provider_url=provider.url)
        try:
            site.prepare()
            asyncio.run(_measure(site.serve(), site.session_of("alice"), lengths or LENGTHS))
        finally:
            site.close()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
