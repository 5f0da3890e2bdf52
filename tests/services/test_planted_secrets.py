"""A key, a password and texts of messages, planted wherever they go by day, are looked for where they must not be.

A site on PostgreSQL and Redis, its log at DEBUG: somebody signs up, talks, is refused and reported; an administrator
enters a key; a moderator acts; the commands of whoever runs it are run. Then everything that was written is read.
"""

import re
import subprocess
import sys
import uuid
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from tests.services.page import Page
from tests.site import ROOT, Site

pytestmark = pytest.mark.service

KEY = "sk-planted-key-0123456789abcdef"
PASSWORD = "planted password of alice"
QUESTION, ANSWERED, REPORT = "planted question of alice", "w0007", "planted note of a report"
BLOCKED, REASON = "planted forbidden question", "planted reason to look"
SECRETS = (KEY, PASSWORD, QUESTION, "planted forbidden", ANSWERED)
PREPARE = """
from django.contrib.auth.models import Group
from accounts.models import User
from moderation.models import Rule
User.objects.filter(username="root").update(is_superuser=True, is_staff=True)
User.objects.get(username="mona").groups.add(Group.objects.get(name="Moderators"))
Rule.objects.create(name="Planted", text="forbidden", effect="block")
"""
FIND = """
from moderation.models import Case
print(Case.objects.get(message__isnull=False).pk)
"""
WRITTEN = """
from django.contrib.admin.models import LogEntry
from moderation.models import AuditEntry
print([(e.object_repr, e.change_message) for e in LogEntry.objects.all()])
print(list(AuditEntry.objects.values()))
"""


class Visitor:
    """A browser without a page: it posts forms."""

    def __init__(self, url: str, session: str = "") -> None:
        cookies = {"sessionid": session, "django_language": "en"} if session else {"django_language": "en"}
        self.url = url
        self.http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True), cookies=cookies)

    async def __aenter__(self) -> "Visitor":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.close()

    async def get(self, path: str) -> str:
        async with self.http.get(self.url + path) as response:
            assert response.status == 200, (path, response.status)
            return await response.text()

    async def post(self, path: str, form: dict[str, str], page: str = "") -> int:
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', await self.get(page or path))
        assert token, path
        headers = {"Referer": self.url + path}
        data = {"csrfmiddlewaretoken": token[1], **form}
        async with self.http.post(self.url + path, data=data, headers=headers, allow_redirects=False) as response:
            return response.status


@pytest_asyncio.fixture
async def busy_site(site: Site) -> Site:
    """The site after a day on which all of it was used."""
    site.env["LOG_LEVEL"] = "DEBUG"
    sessions = {name: site.session_of(name) for name in ("root", "mona")}
    site.run(PREPARE)
    web = site.serve()
    async with (
        Visitor(web.url) as alice,
        Visitor(web.url, sessions["root"]) as root,
        Visitor(web.url, sessions["mona"]) as mona,
    ):
        await _enters_a_key(root, site.env["OPENAI_BASE_URL"])
        conversation = await _talks(alice)
        await _acts(mona, site.run(FIND), conversation)
    return site


async def _enters_a_key(root: Visitor, base_url: str) -> None:
    form = {"provider": "openai", "base_url": base_url, "api_key": KEY, "allow_inside": "on"}
    assert await root.post("/admin/providers/credential/add/", form) == 302
    assert await root.post("/admin/providers/credential/1/change/", form | {"api_key": "", "base_url": base_url}) == 302


async def _talks(alice: Visitor) -> uuid.UUID:
    """She signs up, asks and is answered, asks what fails and what is blocked, and reports the answer."""
    form = {"username": "alice", "password1": PASSWORD}
    assert await alice.post("/accounts/signup/", form) == 302
    session = next(cookie.value for cookie in alice.http.cookie_jar if cookie.key == "sessionid")
    async with Page(alice.url, session) as page:
        await page.send(f"{QUESTION} script:words-10")
        await page.follow(lambda page: page.status == "complete")
        answer = page.message_id
        await page.send(f"{QUESTION} script:error-500")
        await page.follow(lambda page: page.status == "failed")
        path = f"/c/{page.conversation_id}/"
        blocked = {"text": BLOCKED, "client_id": str(uuid.uuid4())}
        assert await alice.post(f"{path}messages/", blocked, page="/") == 422
        report = {"reason": "other", "note": REPORT}
        assert await alice.post(f"{path}messages/{answer}/report/", report) == 302
        assert await alice.post("/accounts/login/", {"login": "alice", "password": PASSWORD}, page="/settings/") == 302
        return page.conversation_id


async def _acts(mona: Visitor, case: str, conversation: uuid.UUID) -> None:
    path = f"/admin/moderation/case/{case}/"
    page = await mona.get(path)
    assert QUESTION in page
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version
    assert await mona.post(f"{path}act/", {"version": version[1], "action": "hide"}, page=path) == 302
    review = f"/admin/conversations/conversation/{conversation}/"
    assert await mona.post(f"{review}open/", {"reason": REASON}, page=review) == 302
    await mona.get(f"/admin/conversations/conversation/?text={QUESTION}")


def _doctor(site: Site) -> str:
    """Whatever it finds wrong with this site."""
    command = [sys.executable, "manage.py", "doctor", "--offline"]
    run = subprocess.run(command, cwd=ROOT, env=site.env, capture_output=True, text=True, timeout=120)
    assert "ENCRYPTION_KEY" in run.stdout or "keys" in run.stdout, run.stderr
    return run.stdout + run.stderr


def _run(site: Site, folder: Path) -> str:
    """What the commands of whoever runs the site say."""
    export = folder / "audit.jsonl"
    said = _doctor(site) + site.manage("audit", "verify")
    said += site.manage("audit", "export", "--output", str(export))
    said += site.manage("rotate_keys", "--json")
    said += site.manage("cleanup", "--json")
    said += site.manage("backup", "--output", str(folder))
    return said + export.read_text()


async def test_nothing_of_it_is_written_where_others_read(busy_site: Site, tmp_path: Path) -> None:
    written = {"commands": _run(busy_site, tmp_path)}
    written["history and audit"] = busy_site.run(WRITTEN)
    logs = [path for path in busy_site.folder.rglob("*.log*") if path.is_file()]
    written |= {path.name: path.read_text(errors="replace") for path in logs}
    assert any("POST" in text or "Generation" in text for text in written.values()), "the log is at work"
    for place, text in written.items():
        found = [secret for secret in SECRETS if secret in text]
        assert not found, place
