"""The deployment as its files describe it, started by hand: the process lines of docker-compose.yml and the Procfile,
nginx with the configuration of deploy/, real PostgreSQL and Redis. And people who chat through all of it.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import psycopg
import pytest
from django.conf import settings

from tests.conftest import POSTGRES_URL, REQUIRED, _no_services, redis_alone
from tests.operations.deploy_files import compose, compose_environment, procfile
from tests.operations.proxy import Proxy, no_nginx
from tests.scripted_provider.fixture import ScriptedProvider
from tests.services.page import Page
from tests.site import ROOT, Process, Site, free_port, scratch_database

pytestmark = pytest.mark.service
WEBS = 2
LYING = {"X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example"}


@dataclass
class Deployment:
    site: Site
    provider: ScriptedProvider
    proxy: Proxy
    webs: list[Process]
    worker: Process

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.proxy.https}"

    def visitor(self, **options: object) -> aiohttp.ClientSession:
        """A browser in front of the proxy, without JavaScript."""
        connector = aiohttp.TCPConnector(ssl=self.proxy.trust)
        headers = {"Referer": f"{self.url}/", "Accept-Language": "en"}
        jar = aiohttp.CookieJar(unsafe=True)
        return aiohttp.ClientSession(connector=connector, cookie_jar=jar, headers=headers, **options)  # type: ignore[arg-type]


class ProxiedPage(Page):
    """A page of somebody who is signed in, over HTTPS and the proxy."""

    def __init__(self, deployed: Deployment, http: aiohttp.ClientSession) -> None:
        self.url, self.conversation_id, self.http = deployed.url, uuid.uuid4(), http
        self.frames, self.status, self.message_id = [], "", 0


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    _require_everything()
    folder = tmp_path_factory.mktemp("deployed")
    database = f"chat_deployed{os.environ.get('PYTEST_XDIST_WORKER', '')}"
    with (
        redis_alone() as redis_url,
        ScriptedProvider() as provider,
        scratch_database(POSTGRES_URL, database) as database_url,
        closing(Site(folder, provider_url=provider.url, database_url=database_url, redis_url=redis_url)) as site,
    ):
        deployed = _start(site, provider)
        yield deployed
        deployed.proxy.stop()


def _require_everything() -> None:
    lack = _no_services() or no_nginx()
    if lack and REQUIRED:
        pytest.fail(f"{lack} (REQUIRE_SERVICES is set)", pytrace=False)
    elif lack:
        pytest.skip(lack)


def _start(site: Site, provider: ScriptedProvider) -> Deployment:
    del site.env["HTTPS"]  # as in production
    site.env["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    release = subprocess.run(procfile()["release"], shell=True, cwd=ROOT, env=site.env, capture_output=True, text=True)
    assert release.returncode == 0, release.stderr
    site.prepare()
    ports = [free_port() for _ in range(WEBS)]
    assert compose()["services"]["web"]["deploy"]["replicas"] == WEBS
    webs, worker = [_process(site, "web", port) for port in ports], _process(site, "worker")
    proxy = Proxy(site.folder / "nginx", http=free_port(), https=free_port(), webs=ports)
    assert "test is successful" in proxy.test(), proxy.test()
    proxy.start()
    with ThreadPoolExecutor() as pool:
        list(pool.map(Process.start, [*webs, worker]))
    return Deployment(site, provider, proxy, webs, worker)


def _process(site: Site, service: str, port: int = 0) -> Process:
    """What docker-compose.yml starts as `service`, in its environment; addresses and paths are those of this test."""
    ours = {"0.0.0.0": "127.0.0.1", "/tmp/heartbeat": str(site.folder / "heartbeat")}
    command = [ours.get(part, part) for part in compose()["services"][service]["command"]]
    here = ("DATABASE_URL", "REDIS_URL")
    env = site.env | {name: text for name, text in compose_environment(service).items() if name not in here}
    assert set(here) <= set(compose_environment(service))
    url = f"http://127.0.0.1:{port}" if port else ""
    process = Process(command, env | ({"PORT": str(port)} if port else {}), site.folder / f"{service}-{port}.log", url)
    site.processes.append(process)
    return process


async def _sign_up(deployed: Deployment, http: aiohttp.ClientSession, name: str, **headers: str) -> None:
    address = f"{deployed.url}/accounts/signup/"
    async with http.get(address) as page:
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', await page.text())
    assert found
    form = {"csrfmiddlewaretoken": found[1], "username": name, "password1": "correct horse battery staple"}
    async with http.post(address, data=form, headers=headers, allow_redirects=False) as response:
        assert response.status == 302, await response.text()
        assert "Secure" in response.headers.getall("Set-Cookie")[-1]


async def test_people_chat_through_the_proxy_and_go_on_when_a_web_process_dies(deployed: Deployment) -> None:
    async with deployed.visitor() as http:
        await _sign_up(deployed, http, "alice")
        page = ProxiedPage(deployed, http)
        await page.connect()
        await page.send("script:words-120 tps-200 pause-10 pause-20")
        await page.follow(lambda page: len(page.words) >= 10)
        deployed.webs[0].kill()
        deployed.provider.release()
        await page.connect()
        # Only then is it known here that the answer goes on: of one that has ended its first word says no more.
        await page.follow(lambda page: len(page.words) >= 20)
        deployed.provider.release()
        await page.follow(lambda page: page.ended)
        assert page.words == [f"w{i:04d}" for i in range(1, 121)]
        for _ in range(4):  # whichever the proxy tries first
            assert "w0120" in await page.read()
        await page.send("script:words-5")
        await page.follow(lambda page: page.words[-5:] == [f"w{i:04d}" for i in range(1, 6)] and page.ended)
    await asyncio.to_thread(deployed.webs[0].start)


async def test_what_a_browser_says_of_its_address_is_not_believed(deployed: Deployment) -> None:
    async with deployed.visitor() as http:
        await _sign_up(deployed, http, "bob", **LYING)
        async with http.get(f"{deployed.url}/", headers=LYING, allow_redirects=False) as home:
            assert home.status == 200  # neither sent to HTTPS nor refused for its host
    with psycopg.connect(deployed.site.env["DATABASE_URL"].replace("postgres://", "postgresql://")) as connection:
        found = connection.execute("SELECT DISTINCT ip FROM usersessions_usersession").fetchall()
    assert [str(ip) for (ip,) in found] == ["127.0.0.1"]


async def test_pages_and_static_files_come_compressed(deployed: Deployment) -> None:
    async with deployed.visitor() as http:
        async with http.get(f"{deployed.url}/accounts/login/", headers={"Accept-Encoding": "gzip"}) as page:
            assert page.headers["Content-Encoding"] == "gzip"
            assert page.headers["Strict-Transport-Security"]
            found = re.search(r'href="(/static/css/base\.[0-9a-f]+\.css)"', await page.text())
        assert found
        async with http.get(deployed.url + found[1], headers={"Accept-Encoding": "gzip"}) as style:
            assert style.status == 200
            assert style.headers["Content-Encoding"] == "gzip"
            assert "immutable" in style.headers["Cache-Control"]


async def test_what_is_a_little_too_large_is_refused_by_the_site_itself(deployed: Deployment) -> None:
    async with deployed.visitor() as http:
        await _sign_up(deployed, http, "charlie")
        async with http.get(f"{deployed.url}/") as page:
            found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', await page.text())
        assert found
        form = aiohttp.FormData({"csrfmiddlewaretoken": found[1]})
        form.add_field("file", io.BytesIO(b"x" * (settings.ATTACHMENT_MAX_BYTES + 1)), filename="large.txt")
        async with http.post(f"{deployed.url}/attachments/", data=form, headers={"HX-Request": "true"}) as response:
            assert response.status == 422
            assert "is larger than" in await response.text()


def test_the_doctor_finds_the_worker(deployed: Deployment) -> None:
    subjects = ("--only", "workers", "--only", "redis", "--only", "database")
    done = subprocess.run(
        [sys.executable, "manage.py", "doctor", "--json", *subjects],
        cwd=ROOT, env=deployed.worker.env, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert json.loads(done.stdout)["ok"], done.stdout
    assert "1 workers take answers" in done.stdout
    assert (deployed.site.folder / "heartbeat").exists()
