"""Uploading files, serving them, taking them back."""

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from accounts.models import User
from conversations import attachments
from conversations.models import Attachment, Conversation
from tests.conversations.conftest import converse
from tests.conversations.pictures import kept as keep
from tests.conversations.pictures import photo, stored, upload

pytestmark = pytest.mark.usefixtures("provider")
HTMX = {"HX-Request": "true", "Accept-Language": "en"}


def _upload(client: Client, *files: tuple[str, bytes]) -> Any:
    return client.post("/attachments/", {"file": [upload(*file) for file in files]}, headers=HTMX)


# --- Uploading ------------------------------------------------------------------------------------


def test_an_image_is_kept_and_answered_with_a_chip(alice: User, alice_client: Client) -> None:
    response = _upload(alice_client, ("holiday.jpg", photo()))
    kept = Attachment.objects.get()
    html = response.content.decode()
    assert response.status_code == 200
    assert (kept.owner, kept.kind, kept.name, kept.message) == (alice, "image", "holiday.jpg", None)
    assert f'name="attachment" value="{kept.pk}" checked' in html
    assert f'src="/attachments/{kept.pk}/" width="300" height="400" alt="holiday.jpg"' in html
    assert f'formaction="/attachments/{kept.pk}/delete/"' in html
    assert "holiday" not in kept.file.name


def test_a_text_is_kept_with_its_name_and_size(alice_client: Client) -> None:
    html = _upload(alice_client, ("main.py", b"print('hi')\n")).content.decode()
    kept = Attachment.objects.get()
    assert (kept.kind, kept.text, kept.size) == ("text", "print('hi')\n", 12)
    assert stored(kept) == b"print('hi')\n"
    assert "main.py" in html
    assert "12\xa0bytes" in html


def test_a_name_is_shown_inert(alice_client: Client) -> None:
    html = _upload(alice_client, ('<img src=x onerror="alert(1)">\u202e.py', b"1")).content.decode()
    assert "<img src=x" not in html
    assert "\u202e" not in html
    assert "&lt;img src=x onerror=&quot;alert(1)&quot;&gt;.py" in html


def test_of_several_files_the_good_ones_stay(alice_client: Client) -> None:
    response = _upload(alice_client, ("a.txt", b"a"), ("b.pdf", b"%PDF-1.7"), ("c.txt", b"c"))
    assert response.status_code == 422
    assert "“b.pdf” cannot be read." in response.content.decode()
    assert list(Attachment.objects.order_by("created_at").values_list("name", flat=True)) == ["a.txt", "c.txt"]


def test_no_file_at_all_is_refused(alice_client: Client) -> None:
    response = alice_client.post("/attachments/", headers=HTMX)
    assert response.status_code == 422
    assert "Choose a file first." in response.content.decode()


def test_a_file_that_is_too_large_is_cut_off_on_its_way_and_refused(
    alice_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "ATTACHMENT_MAX_BYTES", 100_000)
    seen: list[int] = []
    monkeypatch.setattr(attachments.uploads, "clean_name", lambda name: name)
    original = attachments.uploads.read
    monkeypatch.setattr(attachments.uploads, "read", lambda *a: (seen.append(a[1].size), original(*a))[1])
    response = _upload(alice_client, ("large.txt", b"a" * 3_000_000))
    assert response.status_code == 422
    assert "is larger than 97.7" in response.content.decode()
    assert 100_000 < seen[0] < 200_000
    assert not Attachment.objects.exists()


def test_what_nobody_sends_makes_room(
    alice: User, bob: User, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    monkeypatch.setattr(attachments, "UNSENT_AT_MOST", 2)
    forgotten = keep(bob, "forgotten.txt", b"1")
    Attachment.objects.update(created_at=timezone.now() - timedelta(days=2))
    with django_capture_on_commit_callbacks(execute=True):
        for name in ("1.txt", "2.txt", "3.txt"):
            keep(alice, name, b"1")
    assert set(Attachment.objects.values_list("name", flat=True)) == {"2.txt", "3.txt"}
    assert not default_storage.exists(forgotten.file.name)


def test_a_draft_gets_its_chips_again(alice: User, bob: User, alice_client: Client) -> None:
    mine, his = keep(alice, "mine.txt", b"1"), keep(bob, "his.txt", b"1")
    html = alice_client.get("/attachments/", {"id": [mine.pk, his.pk, uuid.uuid4()]}).content.decode()
    assert re.findall(r'value="([^"]+)"', html) == [str(mine.pk)]
    assert alice_client.get("/attachments/", {"id": "1"}).status_code == 404


# --- Serving --------------------------------------------------------------------------------------


def test_an_image_is_served_to_its_owner_in_the_page_and_sandboxed(alice: User, alice_client: Client) -> None:
    kept = keep(alice, "holiday photo.png", photo())
    response = alice_client.get(f"/attachments/{kept.pk}/")
    assert response.content == stored(kept)
    assert response["Content-Type"] == "image/jpeg"
    assert response["Content-Disposition"] == 'inline; filename="holiday photo.jpg"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["Cache-Control"].startswith("private")


@pytest.mark.parametrize("name", ["page.html", "drawing.svg", "script.js", "메모.txt"])
def test_a_text_is_only_ever_a_plain_download(alice: User, alice_client: Client, name: str) -> None:
    kept = keep(alice, name, b"<svg onload='alert(1)'/>")
    response = alice_client.get(f"/attachments/{kept.pk}/")
    assert response["Content-Type"] == "text/plain"
    assert response["Content-Disposition"].startswith("attachment; filename")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]


def test_nobody_else_gets_it(alice: User, bob: User, alice_client: Client, client: Client) -> None:
    kept = keep(bob)
    assert alice_client.get(f"/attachments/{kept.pk}/").status_code == 404
    assert alice_client.post(f"/attachments/{kept.pk}/delete/").status_code == 404
    assert Attachment.objects.filter(pk=kept.pk).exists()


def test_with_its_conversation_deleted_it_is_gone_and_comes_back(alice: User, alice_client: Client) -> None:
    conversation = converse(alice, "Look", "I see.")
    kept = keep(alice)
    attachments.attach([kept], message=conversation.messages.order_by("id")[0])
    address = f"/attachments/{kept.pk}/"
    assert alice_client.get(address).status_code == 200
    Conversation.objects.update(deleted_at=timezone.now())
    assert alice_client.get(address).status_code == 404
    Conversation.objects.update(deleted_at=None)
    assert alice_client.get(address).status_code == 200


def test_a_file_that_the_storage_lost_is_not_found(alice: User, alice_client: Client) -> None:
    kept = keep(alice)
    default_storage.delete(kept.file.name)
    assert alice_client.get(f"/attachments/{kept.pk}/").status_code == 404


# --- Taking back ----------------------------------------------------------------------------------


def test_a_file_taken_back_is_deleted(
    alice: User, alice_client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    kept = keep(alice)
    with django_capture_on_commit_callbacks(execute=True):
        assert alice_client.post(f"/attachments/{kept.pk}/delete/", headers=HTMX).status_code == 200
    assert not Attachment.objects.exists()
    assert not default_storage.exists(kept.file.name)


def test_with_its_conversation_the_file_goes(alice: User, django_capture_on_commit_callbacks: Any) -> None:
    conversation = converse(alice, "Look", "I see.")
    kept = keep(alice)
    attachments.attach([kept], message=conversation.messages.order_by("id")[0])
    with django_capture_on_commit_callbacks(execute=True):
        conversation.delete()
    assert not default_storage.exists(kept.file.name)
