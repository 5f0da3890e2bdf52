"""A conversation as JSON, Markdown and HTML; all of them as one archive."""

import json
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from time import thread_time
from zipfile import ZipFile

import pytest
from django.conf import settings
from django.db import connection
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from conversations.limits import LimitReached
from conversations.models import Attachment, Conversation, Folder, Generation, Message
from conversations.rendering import budget
from conversations.transfer import exporting, slots
from conversations.transfer.archive import InOtherThreads, zip_pieces
from conversations.transfer.exporting import as_html, as_json, as_markdown, gather
from conversations.transfer.names import disposition, safe_stem
from tests.conversations.conftest import converse
from tests.conversations.transfer.conftest import parsed


def _get(client: Client, conversation: Conversation, export_format: str) -> str:
    response = client.get(f"/c/{conversation.pk}/export/{export_format}/", headers={"accept-language": "en"})
    assert response.status_code == 200
    return response.content.decode()


def test_json_has_the_whole_tree(alice: User, alice_client: Client, conversation: Conversation) -> None:
    first = conversation.messages.get(role="user")
    other = Message.objects.create(
        conversation=conversation, parent=first, role="assistant", content="Other", model="m"
    )
    document = json.loads(_get(alice_client, conversation, "json"))
    assert (document["format"], document["version"]) == ("chat-conversation", 1)
    found = document["conversation"]
    assert (found["id"], found["leaf"]) == (str(conversation.pk), conversation.leaf_id)
    assert [(m["id"], m["parent"], m["role"]) for m in found["messages"]] == [
        (first.pk, None, "user"),
        (conversation.leaf_id, first.pk, "assistant"),
        (other.pk, first.pk, "assistant"),
    ]
    assert found["settings"]["model"] == "openai/scripted"


def test_markdown_has_the_current_branch(alice: User, alice_client: Client, conversation: Conversation) -> None:
    Message.objects.create(conversation=conversation, role="user", content="Elsewhere")
    Message.objects.filter(pk=conversation.leaf_id).update(reasoning="Let me see.\nYes.")
    text = _get(alice_client, conversation, "markdown")
    assert text.startswith("# What is a queue?\n")
    assert "## Question\n" in text
    assert "> **Thoughts**\n>\n> Let me see.\n> Yes." in text
    assert "A *line* of things that wait." in text
    assert "Elsewhere" not in text


def test_html_needs_nothing_and_runs_nothing(alice: User, alice_client: Client) -> None:
    conversation = converse(
        alice,
        "<script>alert(1)</script> https://example.org",
        "# Hi\n\n![image](https://example.org/x.png)\n\n<script>alert(2)</script>\n\n```python\nx = 1\n```\n\n$x^2$",
    )
    page = _get(alice_client, conversation, "html")
    assert "<script" not in page
    assert not re.search(r"<(link|img|iframe|object|embed|form|base)\b|\bon\w+=|@import|url\(", page)
    assert "light-dark(" in page
    assert "@media print" in page
    assert "&lt;script&gt;alert(1)" in page
    assert page.count("<style>") == page.count("</style>") == 1
    assert "The product's own styles" not in page


def test_downloads_are_never_shown_on_this_site(alice_client: Client, conversation: Conversation) -> None:
    for export_format in ("json", "markdown", "html"):
        response = alice_client.get(f"/c/{conversation.pk}/export/{export_format}/")
        assert response["Content-Disposition"].startswith("attachment; ")
        assert response["X-Content-Type-Options"] == "nosniff"


def test_an_unknown_format_is_not_there(alice_client: Client, conversation: Conversation) -> None:
    assert alice_client.get(f"/c/{conversation.pk}/export/pdf/").status_code == 404


def test_an_answer_that_is_being_written_is_there_as_far_as_it_has_come(alice: User) -> None:
    conversation = converse(alice, "Question", "")
    Generation.objects.create(
        conversation=conversation,
        message_id=conversation.leaf_id,
        model="m",
        max_tokens=1,
        status="running",
        draft="So far",
    )
    gathered = gather(conversation)
    assert json.loads(as_json(gathered))["conversation"]["messages"][1]["content"] == "So far"
    assert "So far" in as_markdown(gathered)
    assert "So far" in as_html(gathered)


def test_attachments_are_named(alice: User, conversation: Conversation) -> None:
    question = conversation.messages.get(role="user")
    Attachment.objects.create(
        owner=alice,
        message=question,
        kind="text",
        name="notes.txt",
        media_type="text/plain",
        size=3,
        file="x",
        text="abc",
    )
    gathered = gather(conversation)
    found = json.loads(as_json(gathered))["conversation"]["messages"][0]["attachments"]
    assert found == [{"name": "notes.txt", "media_type": "text/plain", "size": 3}]
    assert "[notes.txt]" in as_markdown(gathered)
    assert "[notes.txt]" in as_html(gathered)


@pytest.mark.parametrize("export_format", ["json", "markdown", "html"])
def test_queries_do_not_grow(alice: User, alice_client: Client, export_format: str) -> None:
    counts = []
    for length in (2, 60):
        conversation = converse(alice, *["text"] * length)
        alice_client.get(f"/c/{conversation.pk}/export/{export_format}/")
        with CaptureQueriesContext(connection) as captured:
            alice_client.get(f"/c/{conversation.pk}/export/{export_format}/")
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_the_archive_has_every_conversation_twice_and_a_manifest(alice: User, bob: User, tmp_path: Path) -> None:
    kept = [converse(alice, f"Question {number}", "Answer") for number in range(23)]
    Conversation.objects.filter(pk=kept[0].pk).update(archived_at=timezone.now(), title="a/b\u202e..")
    Conversation.objects.filter(pk=kept[1].pk).update(folder=Folder.objects.create(owner=alice, name="Work"))
    Conversation.objects.filter(pk=converse(alice, "deleted").pk).update(deleted_at=timezone.now())
    Conversation.objects.filter(pk=converse(alice, "temporary").pk).update(expires_at=timezone.now())
    converse(bob, "his")
    path = tmp_path / "all.zip"
    path.write_bytes(b"".join(zip_pieces(alice)))
    with ZipFile(path) as archive:
        assert archive.testzip() is None
        manifest = json.loads(archive.read("manifest.json"))
        assert {file["id"] for file in manifest["files"]} == {str(one.pk) for one in kept}
        names = archive.namelist()
        assert len(names) == len(set(names)) == 2 * 23 + 1
        assert all("/" not in name.partition("/")[2] and "\u202e" not in name for name in names)
        assert "Answer" in archive.read(manifest["files"][5]["markdown"]).decode()
    found = parsed(path)
    assert len(found) == 23
    assert [one.folder for one in found if one.folder] == ["Work"]
    assert [one.is_archived for one in found].count(True) == 1


def test_the_archive_of_somebody_without_conversations(alice: User) -> None:
    with ZipFile(BytesIO(b"".join(zip_pieces(alice)))) as archive:
        assert archive.namelist() == ["manifest.json"]


def test_queries_of_the_archive_grow_with_the_conversations_only(alice: User) -> None:
    converse(alice, *["text"] * 2)
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as captured:
            list(zip_pieces(alice))
        counts.append(len(captured))
        conversation = Conversation.objects.get()
        Message.objects.bulk_create([Message(conversation=conversation, role="user", content="x") for _ in range(50)])
    assert counts[0] == counts[1] <= 5


@pytest.mark.django_db(transaction=True)
async def test_the_download_of_all_comes_in_pieces(alice: User, async_client: AsyncClient) -> None:
    from asgiref.sync import sync_to_async

    for number in range(12):
        await sync_to_async(converse)(alice, f"Question {number}", "Answer")
    await async_client.aforce_login(alice)
    response = await async_client.get("/export/", headers={"accept-encoding": "gzip"})
    assert response.status_code == 200
    assert "Content-Encoding" not in response
    pieces = [piece async for piece in response.streaming_content]
    assert len(pieces) == 3
    with ZipFile(BytesIO(b"".join(pieces))) as archive:
        assert len(archive.namelist()) == 25


# How much at once, and how long


@pytest.mark.parametrize("address", ["c/{}/export/html/", "c/{}/export/json/", "c/{}/export/markdown/", "export/"])
def test_one_export_of_a_person_is_made_at_once_and_the_next_is_refused(
    alice: User, alice_client: Client, conversation: Conversation, address: str
) -> None:
    path = "/" + address.format(conversation.pk)
    with slots.take(alice):
        refused = alice_client.get(path, headers={"accept-language": "en"})
        assert "다른 내보내기" in alice_client.get(path, headers={"accept-language": "ko"}).content.decode()
    assert (refused.status_code, refused["Retry-After"]) == (429, "30")
    assert "Another export of yours is still being made." in refused.content.decode()
    assert "Content-Disposition" not in refused
    slots.take(alice).end()  # a refusal takes none


def test_few_exports_are_made_at_once(
    bob: User, alice_client: Client, conversation: Conversation, django_user_model: type[User]
) -> None:
    carol = django_user_model.objects.create_user("carol")
    with slots.take(bob), slots.take(carol):
        refused = alice_client.get(f"/c/{conversation.pk}/export/json/", headers={"accept-language": "en"})
        assert refused.status_code == 429
        assert "Others are exporting" in refused.content.decode()
        assert f'href="/c/{conversation.pk}/"' in refused.content.decode()
    assert alice_client.get(f"/c/{conversation.pk}/export/json/").status_code == 200


def test_an_export_that_fails_or_is_lost_stands_in_nobodys_way(alice: User) -> None:
    with pytest.raises(ZeroDivisionError), slots.take(alice):
        1 / 0  # noqa: B018
    slots.take(alice)  # and nothing knows of it any more
    first = slots.take(alice)
    first.end()
    second = slots.take(alice)
    first.end()  # of a response that is closed late
    with pytest.raises(LimitReached):
        slots.take(alice)
    second.end()


def test_what_is_made_when_its_reader_goes_is_under_way_until_it_is_made(alice: User) -> None:
    def pieces() -> Iterator[bytes]:
        download.close()
        with pytest.raises(LimitReached):
            slots.take(alice)
        yield b"piece"

    download = InOtherThreads(pieces(), slots.take(alice))
    assert download._next() == b"piece"
    slots.take(alice).end()
    assert download._next() is None


@pytest.fixture
def slow(alice: User, monkeypatch: pytest.MonkeyPatch) -> Conversation:
    """Each of three answers takes half a second, and more without a limit."""
    monkeypatch.setattr(budget, "MOST_SECONDS", 0.5)
    hostile = "\n\n".join(["[(" * 14_000] * 4)
    conversation = converse(alice, *["Question", hostile] * 3)
    Message.objects.update(html="")
    return conversation


def _rendered() -> list[bool]:
    return [
        bool(html) for html in Message.objects.filter(role="assistant").order_by("pk").values_list("html", flat=True)
    ]


def test_a_page_has_one_time_for_all_its_answers_and_keeps_what_it_renders(
    slow: Conversation, alice_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "EXPORT_SECONDS", 0.8)
    monkeypatch.setattr(exporting, "SHOWN_AT_ONCE", 2)
    page = _get(alice_client, slow, "html")
    assert _rendered() == [True, False, False]
    assert page.count("This answer is shown as it was written") == 3
    assert page.count("[([(") >= 3
    _get(alice_client, slow, "html")
    assert _rendered() == [True, True, False]


def test_texts_that_there_is_no_time_for_stand_in_markdown_as_they_were_written(alice: User) -> None:
    gathered = gather(converse(alice, "Question", "*a* <b>"))
    assert "*a* \\<b>" in as_markdown(gathered)
    assert "```text\n*a* <b>\n```" in as_markdown(gathered, seconds=0)


def test_an_archive_has_one_time_for_all_its_texts(alice: User) -> None:
    text = "<b> " * 60_000
    for _number in range(4):
        converse(alice, "Question", text)
    began = thread_time()
    with ZipFile(BytesIO(b"".join(zip_pieces(alice, seconds=0.2)))) as archive:
        assert thread_time() - began < 3
        manifest = json.loads(archive.read("manifest.json"))
        last = archive.read(manifest["files"][-1]["markdown"]).decode()
        assert f"```text\n{text}\n```" in last
        whole = json.loads(archive.read(manifest["files"][-1]["json"]))
        assert whole["conversation"]["messages"][1]["content"] == text


def test_a_refusal_can_be_seen_where_a_download_would_only_fail() -> None:
    """Browsers save what a link with `download` leads to, or say that they could not; they show no page."""
    for name in ("settings.html", "transfer/import.html"):
        template = (Path(settings.BASE_DIR) / "templates" / "conversations" / name).read_text()
        assert "export" in template
        assert " download>" not in template


# File names


@pytest.mark.parametrize(
    ("title", "stem"),
    [
        ("A queue", "A queue"),
        ("한국어 제목", "한국어 제목"),
        ("../../etc/passwd", "etc passwd"),
        ("a\x00b\nc\u202ed\u200fe", "a b c d e"),
        ("CON", "conversation"),
        ("com1.txt", "conversation"),
        ("...", "conversation"),
        ('a<b>:"c"|?*', "a b c"),
        ("", "conversation"),
        ("가" * 100, "가" * 40),
        ("👨‍👩‍👧‍👦 trip", "👨‍👩‍👧‍👦 trip"),
        ("👨‍👩‍👧‍👦" * 10, "👨‍👩‍👧‍👦" * 4),
        ("می‌خواهم", "می‌خواهم"),
    ],
)
def test_a_title_becomes_a_safe_name(title: str, stem: str) -> None:
    assert safe_stem(title) == stem


def test_the_header_of_a_download() -> None:
    assert disposition("queue.md") == "attachment; filename=\"queue.md\"; filename*=UTF-8''queue.md"
    assert disposition('대화 "1".json') == (
        "attachment; filename=\"_1_.json\"; filename*=UTF-8''%EB%8C%80%ED%99%94%20%221%22.json"
    )
    assert 'filename="conversation.json"' in disposition("대화.json")


def test_an_answer_without_text_says_so(alice: User, alice_client: Client) -> None:
    conversation = converse(alice, "What is a queue?", " \n", "And now?", "A line.")
    for export_format in ("markdown", "html"):
        assert _get(alice_client, conversation, export_format).count("[This answer has no text.]") == 1
