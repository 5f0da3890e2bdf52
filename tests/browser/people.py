"""People at their devices: what they see and do, found by role and name as a person would."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, ConsoleMessage, Error, Locator, Page, Response, expect

from tests.scripted_provider.fixture import ScriptedProvider
from tests.site import Site

PASSWORD = "correct horse battery staple"
MAKE_PEOPLE = """
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction
from accounts.models import User
password = make_password({password!r})
with transaction.atomic():
    for number in {numbers!r}:
        user = User.objects.create(username=f"person{{number:03d}}", password=password)
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "accounts.backends.AuthenticationBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        print(user.username, session.session_key)
"""
LONG_CONVERSATION = """
from accounts.models import User
from conversations.models import Conversation, Message
owner = User.objects.get(username={name!r})
conversation = Conversation.objects.create(owner=owner, title="A long one")
leaf = None
for number in range({count}):
    role = ("user", "assistant")[number % 2]
    text = f"This is message number {{number:03d}}. " * (1 + number % 7)
    leaf = Message.objects.create(conversation=conversation, parent=leaf, role=role, content=text)
conversation.leaf = leaf
conversation.save()
print(conversation.pk)
"""
ANSWER = """
import json
from decimal import Decimal
from accounts.models import User
from conversations.models import Conversation, Generation, Message
from conversations.rendering import render
text = json.loads({text!r})
owner = User.objects.get(username={name!r})
made = Conversation.objects.create(owner=owner, title="Forms", model="openai/scripted")
question = Message.objects.create(conversation=made, role="user", content="Show me")
answer = Message.objects.create(conversation=made, parent=question, role="assistant", content=text, html=render(text))
Generation.objects.create(conversation=made, message=answer, status="complete", finish_reason="stop",
    model="openai/scripted", max_tokens=100, attempt=1, input_tokens=1200, output_tokens=345,
    cost=Decimal("0.0042"), ttft_ms=350, duration_ms=12400)
made.leaf = answer
made.save()
print(made.pk)
"""
# What the browser, and htmx, write into the console when the server cannot be reached.
NO_CONNECTION = r"net::ERR_|WebSocket connection to|htmx:(afterRequest|sendError)"
IS_PHONE = "matchMedia('(pointer: coarse) and (hover: none)').matches"
LONGER = """length => [...document.querySelectorAll('[data-role="assistant"] > [data-message-body]')]
    .at(-1)?.textContent.length > length"""


@dataclass(frozen=True)
class Person:
    """Somebody with an account, signed in. `session` is the session's key."""

    name: str
    session: str
    password: str = PASSWORD


def make_people(site: Site, numbers: range) -> list[Person]:
    script = MAKE_PEOPLE.format(password=PASSWORD, numbers=numbers)
    lines = site.run(script).splitlines()
    return [Person(*line.split()) for line in lines]


@dataclass
class Device:
    """A browser of its own: its cookies, its storage, its tabs. `expected`: patterns of console errors that belong."""

    context: BrowserContext
    url: str
    problems: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    async def tab(self, path: str = "/") -> Tab:
        page = await self.context.new_page()
        page.on("console", self._console)
        page.on("pageerror", self._page_error)
        tab = Tab(page, self)
        await tab.open(path)
        return tab

    def expect_problem(self, pattern: str) -> None:
        """A console error that this test brings about, such as a refused request."""
        self.expected.append(pattern)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._note(f"{message.text} ({message.location.get('url', '')})")

    def _page_error(self, error: Error) -> None:
        self._note(f"page error: {error}")

    def _note(self, problem: str) -> None:
        if not any(re.search(pattern, problem) for pattern in self.expected):
            self.problems.append(problem)


class Tab:
    """One open page of the chat. Roles and names are those of the English page, unless the words are changed."""

    box_name, answer_name, question_name = "Message", "Answer", "Question"

    def __init__(self, page: Page, device: Device) -> None:
        self.page, self.device = page, device

    async def open(self, path: str) -> Response | None:
        return await self.page.goto(self.device.url + path)

    def in_korean(self) -> Tab:
        self.box_name, self.answer_name, self.question_name = "메시지", "답변", "질문"
        return self

    @property
    def path(self) -> str:
        return urlsplit(self.page.url).path

    @property
    def box(self) -> Locator:
        return self.page.get_by_role("textbox", name=self.box_name, exact=True)

    @property
    def questions(self) -> Locator:
        return self.page.get_by_role("article", name=self.question_name, exact=True)

    @property
    def answers(self) -> Locator:
        return self.page.get_by_role("article", name=self.answer_name, exact=True)

    @property
    def answer(self) -> Locator:
        """The newest answer."""
        return self.answers.last

    @property
    def text_place(self) -> Locator:
        """Where the newest answer's text is."""
        return self.answer.locator("[data-message-body]")

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    async def ask(self, text: str) -> None:
        """By Enter, or on a phone by the button."""
        await self.page.wait_for_load_state()  # before, Enter is but a line break
        await self.box.fill(text)
        if await self.page.evaluate(IS_PHONE):
            await self.page.locator("#composer .send").tap()
        else:
            await self.box.press("Enter")

    async def answered(self, status: str = "complete") -> None:
        """Until the newest answer has come to that end."""
        await expect(self.answer).to_have_attribute("data-status", status)

    async def text(self) -> str:
        return await self.text_place.inner_text()

    async def html(self) -> str:
        """The newest answer's text as HTML, without the page's own copy buttons."""
        html = await self.text_place.inner_html()
        return re.sub(r"<button.*?</button>", "", html, flags=re.DOTALL)

    async def words(self) -> list[str]:
        """The words of `script:words-N` in the newest answer, as they stand there."""
        return re.findall(r"w\d{4}", await self.text())

    async def copied(self) -> str:
        """What is on the clipboard once the page says that it has copied."""
        await expect(self.page.get_by_role("status").filter(has_text="Copied.")).to_have_count(1)
        return str(await self.page.evaluate("navigator.clipboard.readText()"))

    async def clipboard(self, part: str) -> str:
        """What is on the clipboard once `part` is in it."""
        async with asyncio.timeout(15):
            while part not in (copied := str(await self.page.evaluate("navigator.clipboard.readText()"))):
                await asyncio.sleep(0.05)
        return copied

    async def grown(self, scripted_provider: ScriptedProvider) -> None:
        """Let the scripted provider go on from its pause, until the newest answer's text is longer."""
        before = len(await self.text_place.text_content() or "")
        scripted_provider.release()
        await self.page.wait_for_function(LONGER, arg=before)

    async def see_words(self, count: int) -> None:
        """Until the newest answer shows that many numbered words."""
        await expect(self.text_place).to_contain_text(f"w{count:04d}")


def numbered_words(count: int) -> list[str]:
    """What `script:words-N` writes."""
    return [f"w{number:04d}" for number in range(1, count + 1)]


def make_conversation(site: Site, owner: Person, count: int) -> str:
    """The path of a conversation of `count` messages, "This is message number 000." and so on."""
    made = site.run(LONG_CONVERSATION.format(name=owner.name, count=count))
    return f"/c/{made.strip()}/"


def make_answer(site: Site, owner: Person, text: str) -> str:
    """The path of a conversation of one question, with this answer and what it took."""
    made = site.run(ANSWER.format(text=json.dumps(text), name=owner.name))
    return f"/c/{made.strip()}/"
