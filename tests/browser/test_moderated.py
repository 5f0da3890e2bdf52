"""What a person's open page shows when a moderator or the site's rules act; and the marks of how an answer came."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest_asyncio
from playwright.async_api import BrowserContext, expect

from tests.browser.conftest import Devices
from tests.browser.people import Person, Tab
from tests.site import Site

REFUSED = r"status of 422|htmx:"
BLOCKED_WORD = "zanzibarite"
MAKE_MODERATOR = """
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from accounts.models import User
user, _ = User.objects.get_or_create(username="moderator", is_staff=True, is_superuser=True)
session = SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = "accounts.backends.AuthenticationBackend"
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.create()
print(session.session_key)
"""
MAKE_CASE = """
from conversations.models import Message
from moderation.flagging import flag
message = Message.objects.get(pk={message})
case = flag(message.conversation.owner, "other", "report", message=message)
print(case.pk, case.version)
"""


@dataclass
class Moderator:
    """Acts through the administration's own addresses, in the process that serves the page."""

    site: Site
    context: BrowserContext
    url: str

    async def act(self, action: str, message_id: str) -> None:
        case, version = self._run(MAKE_CASE.format(message=message_id)).split()
        await self._post(f"/admin/moderation/case/{case}/act/", {"action": action, "version": version})

    async def block(self, word: str) -> None:
        rule = {"name": word, "kind": "words", "text": word, "scope": "questions", "effect": "block"}
        await self._post("/admin/moderation/rule/add/", rule | {"reason": "other", "score": "0.5", "is_active": "on"})

    async def chain(self, first: str, second: str) -> None:
        await self._post("/admin/providers/modeloverride/add/", {"model": first, "fallback": second})

    async def _post(self, path: str, form: dict[str, str | float | bool]) -> None:
        page = await self.context.request.get(f"{self.url}/settings/")
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', await page.text())
        assert token
        form |= {"csrfmiddlewaretoken": token[1]}
        response = await self.context.request.post(self.url + path, form=form, max_redirects=0)
        assert response.status == 302, f"{response.status} {path}"

    def _run(self, script: str) -> str:
        return self.site.run(script)


@pytest_asyncio.fixture(loop_scope="session")
async def moderator(site: Site, devices: Devices) -> Moderator:
    session = site.run(MAKE_MODERATOR)
    device = await devices(Person("moderator", session))
    return Moderator(site, device.context, device.url)


async def _id(tab: Tab) -> str:
    return await tab.answer.get_attribute("data-message-id") or ""


async def test_a_hidden_message_is_gone_from_the_open_page_and_comes_back(tab: Tab, moderator: Moderator) -> None:
    await tab.ask("Hello script:words-5")
    await tab.answered()
    await tab.box.fill("half a sen")
    await moderator.act("hide", await _id(tab))
    await expect(tab.answer).to_contain_text("A moderator has hidden this message.")
    await expect(tab.answer).not_to_contain_text("w0005")
    await expect(tab.answer.get_by_role("button", name="Copy", exact=True)).to_have_count(0)
    await expect(tab.box).to_have_value("half a sen")
    await expect(tab.box).to_be_focused()
    await moderator.act("unhide", await _id(tab))
    await tab.see_words(5)
    await expect(tab.answer.get_by_role("button", name="Regenerate")).to_be_visible()


async def test_a_locked_conversation_can_be_read_and_nothing_be_asked(tab: Tab, moderator: Moderator) -> None:
    await tab.ask("Hello script:words-5")
    await tab.answered()
    await moderator.act("lock", await _id(tab))
    await expect(tab.page.get_by_text("A moderator has locked this conversation.")).to_be_visible()
    await expect(tab.box).to_be_hidden()
    await expect(tab.button("Regenerate")).to_be_hidden()
    await tab.see_words(5)
    await tab.page.reload()
    await expect(tab.page.get_by_text("A moderator has locked this conversation.")).to_be_visible()
    await expect(tab.box).to_be_hidden()
    await moderator.act("unlock", await _id(tab))
    await expect(tab.box).to_be_visible()


async def test_a_blocked_text_stays_in_the_message_box(tab: Tab, moderator: Moderator) -> None:
    await moderator.block(BLOCKED_WORD)
    tab.device.expect_problem(REFUSED)
    await tab.ask(f"Where is {BLOCKED_WORD} found?")
    await expect(tab.page.locator("#composer-error")).to_contain_text("This was not sent")
    await expect(tab.box).to_have_value(f"Where is {BLOCKED_WORD} found?")
    await expect(tab.questions).to_have_count(0)
    await tab.box.fill("Where is granite found?")
    await tab.box.press("Enter")
    await tab.answered()


async def test_an_answer_from_the_cache_is_marked(tab: Tab) -> None:
    for _ in range(2):
        await tab.open("/")
        await tab.page.get_by_role("button", name="Model and settings").click()
        await tab.page.get_by_label("Give the same question the same answer").check()
        await tab.page.keyboard.press("Escape")
        await tab.ask("The very same question script:words-30")
        await tab.answered()
    await tab.see_words(30)
    await expect(tab.answer).to_contain_text("From the cache")
    await tab.button("Regenerate").click()
    await expect(tab.answer.get_by_role("group", name="Versions")).to_contain_text("2 / 2")  # the former had none
    await expect(tab.button("Regenerate")).to_be_visible()
    await expect(tab.answer).not_to_contain_text("From the cache")


async def test_another_model_that_answered_is_named(tab: Tab, moderator: Moderator) -> None:
    first, second = "openai/script:error-401", "openai/scripted-small"
    await moderator.chain(first, second)
    await tab.page.evaluate("model => document.getElementById('settings-model').add(new Option(model, model))", first)
    await tab.page.locator("#settings-model").evaluate("(select, model) => { select.value = model }", first)
    await tab.ask("Hello")
    await tab.answered()
    await expect(tab.answer).to_contain_text("since script:error-401 was not available")


async def test_a_notice_is_read_with_the_keyboard_and_goes(tab: Tab, moderator: Moderator) -> None:
    await tab.ask("Hello script:words-5")
    await tab.answered()
    await moderator.act("hide", await _id(tab))
    await tab.page.reload()
    notices = tab.page.get_by_role("region", name="Notices to you")
    await expect(notices).to_contain_text("was hidden")
    box = await tab.box.bounding_box()
    assert box
    await notices.get_by_role("button").focus()
    await tab.page.keyboard.press("Enter")
    await expect(notices.get_by_role("article")).to_have_count(0)
    await tab.page.reload()
    await expect(notices).to_have_count(0)
