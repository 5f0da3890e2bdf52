"""What nine guests cost everybody else who open a link to an imported conversation of hostile texts at once, twice.

Run from the project's root: python -m tests.bench.shared_link
"""

import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import httpx

from tests.bench.doors import Watch
from tests.site import Site

GUESTS = 9
# Forty answers as an import leaves them: without HTML.
HOSTILE = """
from accounts.models import User
from conversations.models import Conversation, Message
from conversations.sharing import share
signs = ["[(", "![a](", "*_", "[^1]", "|a|b|\\n|-|-|\\n", "a@", "- a\\n", "> - > a\\n"]
texts = ["\\n\\n".join([sign * (29_000 // len(sign))] * 4) for sign in signs] * 4
texts += ["```html+ng2\\n<a " + "[" * 3_000 + "\\n```", "```c-objdump\\n" + " " * 19_000 + "\\n```"] * 4
owner, _ = User.objects.get_or_create(username="owner")
conversation, last = Conversation.objects.create(owner=owner, title="Imported"), None
for text in texts:
    question = Message.objects.create(conversation=conversation, parent=last, role="user", content="?")
    last = Message.objects.create(conversation=conversation, parent=question, role="assistant", content=text)
conversation.leaf = last
conversation.save()
print(share(conversation, None).token)
"""


def look(url: str) -> str:
    """What the guests were told, and how long they waited."""
    codes: Counter[object] = Counter()
    longest = 0.0

    def one() -> None:
        nonlocal longest
        began = time.perf_counter()
        try:
            codes[httpx.get(url, timeout=300).status_code] += 1
        except httpx.HTTPError as error:
            codes[type(error).__name__] += 1
        longest = max(longest, time.perf_counter() - began)

    guests = [threading.Thread(target=one) for _ in range(GUESTS)]
    for guest in guests:
        guest.start()
    for guest in guests:
        guest.join()
    return f"answered {dict(codes)}, the longest after {longest:.1f} s"


def main() -> None:
    """Prints seconds, memory and another person's pages for the first nine looks, the next, and those after them."""
    with tempfile.TemporaryDirectory(prefix="shared-") as folder:
        site = Site(Path(folder), provider_url="http://127.0.0.1:9")
        try:
            site.prepare()
            other, token = site.session_of("other"), site.run(HOSTILE)
            server = site.serve()
            assert server.process
            for name in ("first looks", "second looks", "third looks"):
                watch = Watch(server.url, other, server.process.pid)
                watch.client.get("/")
                watch.during(name, lambda url=f"{server.url}/share/{token}/": look(url))
        finally:
            site.close()


if __name__ == "__main__":
    main()
