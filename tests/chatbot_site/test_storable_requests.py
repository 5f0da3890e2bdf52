"""Texts that no database, page or log can hold, sent to every address of the site in every field: never an error."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from itertools import cycle
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import User
from chatbot_site.storable import storable_text
from conversations.models import Attachment, ImportJob
from conversations.transfer.reports import Report
from moderation.models import Case, Rule
from tests.conversations.conftest import converse
from tests.conversations.test_cross_user import _PARAMETER, IDS

# Where there are several, a field gets one at one address and the next at the next.
TEXTS = {
    "NUL": ["a\x00b"],
    "a lone surrogate": ["a\ud800b"],
    "400 digits, more than 64 bits, lines with escapes and bidi": [
        "9" * 400,
        str(2**63),
        "a\r\nX-Planted: 1\x1b[31m\u2028\x7f\u202e\u2066\u200fb\u2069",
    ],
}
FIELDS = """
    text client_id parent title name q after before at page p list case action note reason score person model list seen
    temporary language theme login username email password password1 oldpassword remember next custom_instructions
    temperature max_tokens streaming default_model system_prompt cache_answers folder only conversation deleted session
    attachment file id c o all e days timezone provider base_url key fallback label context_window max_output groups
    input_price output_price kind scope effect is_active status created_at _changelist_filters actor action__exact
    is_active__exact groups__id__exact is_staff__exact user_permissions _popup uid token score__gte format
    select_across index form-0-id form-TOTAL_FORMS form-INITIAL_FORMS initial-text
""".split()
SKIPPED = ("jsi18n", "<path:url>", "<path:object_id>", "debug")


def _routes(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern, route)
        elif isinstance(pattern, URLPattern):
            yield route


ROUTES = sorted({route.replace("^", "").replace("$", "") for route in _routes(get_resolver())})


@pytest.fixture
def administrator(alice: User) -> User:
    alice.is_staff = alice.is_superuser = True
    alice.save()
    alice.groups.add(*Group.objects.all())
    return alice


def _addresses(owner: User, texts: list[str]) -> Iterator[str]:
    """Each with ids of things that are there, and with each odd text in the place of the last of them."""
    made = converse(owner, "question", "answer")
    for route in ROUTES:
        if any(part in route for part in SKIPPED):
            continue
        names = [match["name"] for match in _PARAMETER.finditer(route)]
        known = {name: str(IDS[name](made)) if name in IDS else "1" for name in names}
        yield "/" + _PARAMETER.sub(lambda match, known=known: known[match["name"]], route)
        for odd in texts if names else ():
            known[names[-1]] = quote(odd[:200].encode("utf-8", "surrogatepass"), safe="")
            yield "/" + _PARAMETER.sub(lambda match, known=known: known[match["name"]], route)


def _multipart(values: dict[str, bytes], boundary: bytes = b"boundary") -> bytes:
    parts = [b'--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (boundary, name.encode(), value)
             for name, value in values.items()]  # fmt: skip
    return b"".join([*parts, b"--%s--\r\n" % boundary])


@pytest.mark.usefixtures("provider")
@pytest.mark.parametrize("name", TEXTS)
def test_every_address_answers(name: str, administrator: User, client: Client) -> None:
    texts = TEXTS[name]
    Case.objects.create(person=administrator, reason="spam")
    Rule.objects.create(name="rule", text="word")
    charset = "utf-7" if name == "a lone surrogate" else "utf-8"  # in the others it has its usual bytes
    for number, address in enumerate([*_addresses(administrator, texts)]):
        text = texts[number % len(texts)]
        if SESSION_KEY not in client.session:  # the address before has ended it
            client.force_login(administrator)
        client.cookies["timezone"] = client.cookies["language"] = quote(text[:100].encode("utf-8", "surrogatepass"))
        headers = {"User-Agent": text.encode("utf-8", "replace").decode("latin-1")[:2000], "HX-Request": "true"}
        shifted = texts[number % len(texts) :] + texts[: number % len(texts)]
        odd = {field: one.encode(charset, "surrogatepass") for field, one in zip(FIELDS, cycle(shifted), strict=False)}
        query = "&".join(f"{field}={quote(value[:200])}" for field, value in odd.items())
        for method, kind, body in (
            ("GET", "text/plain", b""),
            ("POST", "multipart/form-data; boundary=boundary", _multipart(odd | {"client_id": _new_id()})),
        ):
            kind = f"{kind}; charset={charset}"
            seen = client.generic(method, f"{address}?{query}", body, content_type=kind, headers=headers)
            assert seen.status_code < 500, (method, address)
            _read(seen)


def _new_id() -> bytes:
    return str(uuid.uuid4()).encode()


def _read(response: Any) -> None:
    """Whatever is made only while it is sent; its files are closed."""
    if response.streaming:
        if not response.is_async:
            b"".join(response.streaming_content)
        for close in response._resource_closers:
            close()


FILE_NAMES = {
    "NUL": b'filename="a\x00b.txt"',
    "half a character in UTF-7": b"filename*=utf-7''a%2B2AA-b.txt",
    "half a character in UTF-8": b"filename*=utf-8''a%ED%A0%80b.txt",
    "no UTF-8": b'filename="a\xff\xfeb.txt"',
    "another charset": b"filename*=utf-16''%00%d8.txt",
    "a charset that is none": b"filename*=nonsense''a.txt",
    "lines and bidi": b"filename*=utf-8''a%0D%0AX-Planted: 1%E2%80%AEb.txt",
    "400 digits": b'filename="' + b"9" * 400 + b'.txt"',
}
CONTENTS = {
    "half a character": b"one\xed\xa0\x80two",
    "half a character in UTF-16": "a letter".encode("utf-16") + b"\x00\xd8" + "b letter".encode("utf-16-le"),
    "JSON": rb'[{"\ud800": "\u0000", "title": "\udfff", "create_time": 1e999, "n": %s}]' % (b"1" * 400),
    "JSON in UTF-16": r'[{"title": "\ud800"}]'.encode("utf-16"),
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", FILE_NAMES)
@pytest.mark.parametrize("content", CONTENTS)
def test_files_of_any_name_and_content(name: str, content: str, alice: User, client: Client) -> None:
    client.force_login(alice)
    head = b'--boundary\r\nContent-Disposition: form-data; name="file"; '
    body = head + FILE_NAMES[name] + b"\r\n\r\n" + CONTENTS[content] + b"\r\n--boundary--\r\n"
    for address in ("/attachments/", "/import/"):
        kind = "multipart/form-data; boundary=boundary"
        answer = client.generic("POST", address, body, content_type=kind, headers={"HX-Request": "true"})
        assert answer.status_code < 500
    for attachment in Attachment.objects.all():
        assert storable_text(attachment.name) == attachment.name
        assert storable_text(attachment.text) == attachment.text
        answer = client.get(f"/attachments/{attachment.pk}/")
        assert answer.status_code == 200
        assert answer["Content-Disposition"].isprintable()
        assert "X-Planted" not in answer
    for job in ImportJob.objects.all():
        assert storable_text(job.file_name) == job.file_name
        assert client.get(f"/import/{job.pk}/").status_code == 200


@pytest.mark.django_db
@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="only SQLite keeps such a text")
@pytest.mark.parametrize("status", ImportJob.Status.values)
def test_the_page_of_an_import_whose_report_was_stored_before_the_gate(
    status: str, alice: User, client: Client
) -> None:
    job = ImportJob.objects.create(owner=alice, status=status, file_name="a.json")
    report = Report(unreadable=[{"place": "PLACE", "code": "bad_json", "at": 1}], unreadable_count=1).as_dict()
    odd = json.dumps(report).replace("PLACE", r"a\ud800\u0000")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE conversations_importjob SET report = %s, file_name = 'a' || char(0)", [odd])
    client.force_login(alice)
    assert client.get(f"/import/{job.pk}/").status_code == 200
    assert client.get("/import/").status_code == 200
