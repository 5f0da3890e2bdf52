"""This product as a target of a side-by-side benchmark of chat apps in real browsers.

The benchmark gives `Target` and `Client` and drives both; it loads this module with the project's root on PYTHONPATH:
`--target tests.bench.target:Ours`. The server runs from the project's own environment, in production settings but for
HTTPS, with one person who is logged in and a fresh SQLite database; with OURS_IDLE_CONVERSATIONS=20000 that person has
so many other conversations.
"""

import json
import os
import re
import subprocess
import sys
import uuid
from pathlib import Path

import aiohttp
from content import history
from targets.base import Client, Target

ROOT = Path(__file__).resolve().parents[2]
MODEL = "openai/fake-200tok-50tps"
OPEN = ("queued", "running")
LIMITS = (  # one person asks for hundreds
    "LIMIT_OPEN_ANSWERS",
    "LIMIT_MESSAGES_PER_MINUTE",
    "LIMIT_MESSAGES_PER_DAY",
    "LIMIT_CONVERSATIONS_PER_MINUTE",
    "LIMIT_UPLOAD_BYTES_PER_DAY",
)

PREPARE = """
import json, sys
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from accounts.models import User
user = User.objects.create_user("bench", password="bench-only-password")
session = SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = "accounts.backends.AuthenticationBackend"
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.create()
print(session.session_key)
"""
SEED = """
import json, sys
from accounts.models import User
from conversations.models import Conversation, Message
from conversations.rendering import render
messages = json.load(sys.stdin)
conversation = Conversation.objects.create(owner=User.objects.get(username="bench"), title="long", model=sys.argv[1])
parent = None
for message in messages:
    answer = message["role"] == "assistant"
    parent = Message.objects.create(conversation=conversation, parent=parent, role=message["role"],
        content=message["content"], html=render(message["content"]) if answer else "")
conversation.leaf = parent
conversation.save()
print(conversation.pk)
"""
IDLE = """
import sys
from datetime import timedelta
from django.utils import timezone
from accounts.models import User
from conversations.models import Conversation, Message
user, now, count = User.objects.get(username="bench"), timezone.now(), int(sys.argv[1])
moments = [now - timedelta(minutes=i + 1) for i in range(count)]
kept = Conversation.objects.bulk_create(
    [Conversation(owner=user, title=f"Idle {m}", updated_at=m, title_is_indexed=True) for m in moments], 1000)
words = {"user": "What was it that we talked about? ", "assistant": "A paragraph of an answer from long ago. " * 10}
parents = [None] * count
for role, text in words.items():
    parents = Message.objects.bulk_create([Message(conversation=c, parent=p, role=role, content=text, is_indexed=True,
        html=f"<p>{text}</p>" if role == "assistant" else "") for c, p in zip(kept, parents)], 1000)
for conversation, parent in zip(kept, parents):
    conversation.leaf = parent
Conversation.objects.bulk_update(kept, ["leaf"], 1000)
"""


class OursClient(Client):
    """One page: the websocket of its conversation is open before the first message, as in the browser."""

    def __init__(self, url: str, cookies: dict[str, str]) -> None:
        self.url, self.cookies = url, cookies

    async def start(self) -> "OursClient":
        self.http = aiohttp.ClientSession(cookies=self.cookies, cookie_jar=aiohttp.CookieJar(unsafe=True))
        page = await (await self.http.get(f"{self.url}/")).text()
        self.path = re.search(r'ws-connect="([^"]+)"', page)[1].replace("&amp;", "&")
        self.post = re.search(r'hx-post="(/c/[^"]+/messages/)"', page)[1]
        self.token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
        self.socket = await self.http.ws_connect(self.url + self.path, origin=self.url, max_msg_size=0)
        return self

    async def ask(self, prompt, on_text) -> None:
        form = {"csrfmiddlewaretoken": self.token, "client_id": str(uuid.uuid4()), "text": prompt}
        response = await self.http.post(self.url + self.post, data=form, headers={"HX-Request": "true"})
        response.raise_for_status()
        status = "queued"
        async for message in self.socket:
            if message.type != aiohttp.WSMsgType.TEXT:
                raise ConnectionError("websocket closed")
            if not message.data.startswith("{"):
                continue
            frame = json.loads(message.data)
            for op in frame.get("b", ()):
                on_text(op[-1])
            status = frame.get("s", status) if "m" in frame else status
            if status not in OPEN:
                return
        raise ConnectionError("websocket closed")

    async def close(self) -> None:
        await self.socket.close()
        await self.http.close()


class Ours(Target):
    name = "ours"
    port = 19250
    packages = ("django", "channels", "daphne", "openai")
    box = "#composer-text"
    messages = "#messages"
    ready_path = "/healthz"
    venv = Path(os.environ.get("OURS_VENV", ROOT / ".venv"))

    def command(self):
        return [
            str(self.venv / "bin/python"),
            str(ROOT / "manage.py"),
            "serve",
            "--host",
            "127.0.0.1",
            "--port",
            str(self.port),
        ]

    def env(self):
        return super().env() | {
            "ENV_FILE": "tests/no.env",
            "APP_ENV": "production",
            "HTTPS": "false",
            "SECRET_KEY": "for-the-benchmark-only-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEF",
            "ENCRYPTION_KEY": "Zm9yLXRoZS1iZW5jaG1hcmsta2V5LW9mLTMyLWJ5dGU=",
            "ALLOWED_HOSTS": "127.0.0.1",
            "VAR_DIR": self.dir,
            "DEFAULT_MODEL": MODEL,
            "LOCAL_MODEL": "off",
            "LOG_LEVEL": "WARNING",
            **dict.fromkeys(LIMITS, "0"),
        }

    def __init__(self, llm_url):
        super().__init__(llm_url)
        for command in (["migrate"], ["compilemessages"], ["collectstatic", "--noinput"]):
            self._manage(*command)
        self.cookies = {"sessionid": self._shell(PREPARE).strip(), "django_language": "en"}
        if idle := os.environ.get("OURS_IDLE_CONVERSATIONS"):
            self._shell(IDLE, idle)

    def _manage(self, *arguments, text=""):
        run = subprocess.run(
            [str(self.venv / "bin/python"), str(ROOT / "manage.py"), *arguments],
            input=text, capture_output=True, text=True, env={**os.environ, **self.env()}, cwd=ROOT,
        )  # fmt: skip
        if run.returncode:
            sys.exit(f"{arguments}: {run.stdout}{run.stderr}")
        return run.stdout

    def _shell(self, code, *arguments, text=""):
        code = f"import sys; sys.argv = {['-', *arguments]!r}\n" + code
        return self._manage("shell", "--no-imports", "-c", code, text=text)

    async def open(self, page, url=None):
        await page.context.add_cookies([{"name": k, "value": v, "url": self.url} for k, v in self.cookies.items()])
        await page.goto(url or self.url + self.path)
        # A function, where the benchmark has an expression: the page's policy forbids evaluating text.
        await page.wait_for_function("() => window.__bench && window.__bench.boxAt !== null", timeout=60_000)

    async def open_long(self, page, n):
        pk = self._shell(SEED, MODEL, text=json.dumps(history(n))).strip()
        await self.open(page, f"{self.url}/c/{pk}/")
        await page.wait_for_function(
            "([s, t]) => document.querySelector(s).textContent.includes(t)", arg=[self.messages, f"h{n - 1}END"]
        )

    async def connect(self):
        return await OursClient(self.url, self.cookies).start()
