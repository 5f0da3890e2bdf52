"""The pages of an import: choose, preview, confirm, progress, report; and whatever goes wrong on the way."""

import json
import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.models import User
from conversations.models import Conversation, ImportJob
from conversations.transfer import importing, jobs
from tests.conversations.transfer.conftest import SAMPLES, chatgpt, chatgpt_node

Status = ImportJob.Status
Upload = Callable[..., HttpResponse]


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The work is done before the request is answered."""
    monkeypatch.setattr(jobs, "_begin", jobs.work)


@pytest.fixture
def asleep(monkeypatch: pytest.MonkeyPatch) -> None:
    """The work is never done, as if the process had died."""
    monkeypatch.setattr(jobs, "_begin", lambda job_id: None)


@pytest.fixture
def upload(alice_client: Client) -> Upload:
    alice_client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"

    def send(content: Any, name: str = "export.json") -> Any:
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        return alice_client.post("/import/", {"file": SimpleUploadedFile(name, data)}, follow=True)

    return send


def _text(response: Any) -> str:
    return " ".join(response.content.decode().split())


@pytest.mark.usefixtures("at_once")
def test_from_the_file_to_the_report(alice: User, alice_client: Client, upload: Upload, media: Path) -> None:
    preview = _text(upload((SAMPLES / "chatgpt.json").read_bytes(), "chatgpt export.json"))
    job = ImportJob.objects.get()
    assert (job.owner, job.status, job.file_name) == (alice, Status.READY, "chatgpt export.json")
    assert "<dd>ChatGPT</dd>" in preview
    assert "Import 2 conversations" in preview
    assert "2 messages of tools are left out." in preview
    assert "1 attachment is not imported" in preview
    assert not Conversation.objects.exists()
    report = _text(alice_client.post(f"/import/{job.pk}/start/", follow=True))
    assert "2 conversations with 6 messages are imported." in report
    assert Conversation.objects.owned_by(alice).count() == 2
    assert not list((media / "imports").iterdir())


@pytest.mark.usefixtures("at_once")
def test_the_same_file_again(upload: Upload, alice_client: Client) -> None:
    upload([chatgpt()])
    alice_client.post(f"/import/{ImportJob.objects.get().pk}/start/")
    assert "Everything in it is here already." in _text(upload([chatgpt()]))
    assert Conversation.objects.count() == 1


@pytest.mark.usefixtures("at_once")
def test_what_cannot_be_read_is_named_and_the_rest_may_be_imported(upload: Upload, alice_client: Client) -> None:
    preview = _text(upload([chatgpt(), chatgpt(mapping="<b>")]))
    assert "<code>[1].mapping</code> There should be an object, and there is text." in preview
    assert "Import 1 conversation<" in preview
    alice_client.post(f"/import/{ImportJob.objects.get().pk}/start/")
    assert Conversation.objects.count() == 1


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The submitted file is empty|The file is empty.|Choose a file first."),
        (b"<html>", "This is a web page."),
        (b"[{", "ends in the middle of the JSON, at line 1, column 3"),
        (b"[" * 300_000 + b"]" * 300_000, "nested more than 250000 levels deep"),
        (b"{}", "No conversations were found in it."),
        (b'[{"mapping": 1}]', "None of its conversations can be read. The first one, at [0].mapping:"),
    ],
)
def test_a_file_that_is_refused(upload: Upload, content: bytes, said: str, media: Path) -> None:
    page = _text(upload(content))
    assert any(sentence in page for sentence in said.split("|"))
    assert not Conversation.objects.exists()
    assert not list((media / "imports").glob("*/*"))


def test_no_file_at_all(alice_client: Client) -> None:
    response = alice_client.post("/import/", {}, headers={"accept-language": "en"})
    assert (response.status_code, "Choose a file first." in response.content.decode()) == (422, True)


def test_a_file_that_is_too_large(upload: Upload, settings: Any) -> None:
    settings.IMPORT_MAX_BYTES = 100
    response = upload(b"x" * 200)
    assert response.status_code == 413
    assert "The file is larger than 100" in response.content.decode()
    settings.IMPORT_MAX_BYTES = 1
    assert upload(b"x" * (100 << 10)).status_code == 413
    assert not ImportJob.objects.exists()


def test_an_upload_needs_a_token(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    assert client.post("/import/", {"file": SimpleUploadedFile("x.json", b"[]")}).status_code == 403
    assert not ImportJob.objects.exists()


@pytest.mark.usefixtures("asleep")
def test_one_at_a_time(upload: Upload) -> None:
    upload([chatgpt()])
    response = upload([chatgpt()])
    assert (response.status_code, ImportJob.objects.count()) == (409, 1)


@pytest.mark.usefixtures("asleep")
def test_while_it_is_looked_at_the_page_asks_again(upload: Upload, alice_client: Client) -> None:
    page = _text(upload([chatgpt()]))
    job = ImportJob.objects.get()
    assert f'hx-get="/import/{job.pk}/"' in page
    assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in page
    fragment = alice_client.get(f"/import/{job.pk}/", headers={"hx-request": "true"}).content.decode()
    assert fragment.lstrip().startswith('<div id="import-job"')


@pytest.mark.usefixtures("at_once")
def test_a_process_that_died_is_taken_over(
    upload: Upload, alice_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload([chatgpt(conversation_id=str(number)) for number in range(6)])
    job = ImportJob.objects.get()
    monkeypatch.setattr(importing, "BATCH_MESSAGES", 4)
    store, calls = jobs.store, iter(range(9))

    def dies(*arguments: Any) -> Any:
        if next(calls) == 2:
            raise SystemExit
        return store(*arguments)

    monkeypatch.setattr(jobs, "store", dies)
    with pytest.raises(SystemExit):
        alice_client.post(f"/import/{job.pk}/start/")
    job.refresh_from_db()
    assert (job.status, job.done, Conversation.objects.count()) == (Status.RUNNING, 4, 4)
    ImportJob.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=2))
    assert "It has stopped" in _text(alice_client.get(f"/import/{job.pk}/"))
    report = _text(alice_client.post(f"/import/{job.pk}/start/", follow=True))
    assert "6 conversations with 12 messages are imported." in report
    assert "here already." not in report


@pytest.mark.usefixtures("at_once")
def test_what_nobody_foresaw_is_said_and_may_be_tried_again(
    upload: Upload, alice_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload([chatgpt()])
    job = ImportJob.objects.get()
    with monkeypatch.context() as broken:
        broken.setattr(jobs, "store", lambda *arguments: 1 / 0)
        page = _text(alice_client.post(f"/import/{job.pk}/start/", follow=True))
    assert "Something went wrong on the server." in page
    assert "Import 1 conversation<" in page
    assert "1 conversation with 2 messages is imported." in _text(
        alice_client.post(f"/import/{job.pk}/start/", follow=True)
    )


@pytest.mark.usefixtures("at_once")
def test_starting_twice_imports_once(upload: Upload, alice_client: Client) -> None:
    upload([chatgpt()])
    job = ImportJob.objects.get()
    for _ in range(2):
        alice_client.post(f"/import/{job.pk}/start/")
    assert Conversation.objects.count() == 1
    assert ImportJob.objects.get().report["imported"] == 1


@pytest.mark.usefixtures("at_once")
def test_a_file_is_discarded(upload: Upload, alice_client: Client, media: Path) -> None:
    upload([chatgpt()])
    response = alice_client.post(f"/import/{ImportJob.objects.get().pk}/discard/")
    assert (response.status_code, response["Location"]) == (302, "/import/")
    assert not ImportJob.objects.exists()
    assert not list((media / "imports").iterdir())


@pytest.mark.usefixtures("asleep")
def test_nothing_is_discarded_while_it_is_worked_on(upload: Upload, alice_client: Client) -> None:
    upload([chatgpt()])
    alice_client.post(f"/import/{ImportJob.objects.get().pk}/discard/")
    assert ImportJob.objects.exists()


@pytest.mark.usefixtures("at_once")
def test_files_that_nobody_came_back_for_go_away(upload: Upload, media: Path) -> None:
    old, new = media / "imports" / "old", media / "imports" / "new"
    for folder in (old, new):
        folder.mkdir(parents=True)
        (folder / "file").write_bytes(b"x")
    os.utime(old, (time.time() - 100_000,) * 2)
    upload([chatgpt()])
    assert (old.exists(), new.exists()) == (False, True)


@pytest.mark.usefixtures("at_once")
def test_the_file_is_gone_when_it_is_wanted(upload: Upload, alice_client: Client, media: Path) -> None:
    upload([chatgpt()])
    job = ImportJob.objects.get()
    (jobs.folder_of(job.pk) / "conversations").unlink()
    assert "The file is not here any more." in _text(alice_client.post(f"/import/{job.pk}/start/", follow=True))
    assert not Conversation.objects.exists()


@pytest.mark.usefixtures("at_once")
def test_of_many_imports_the_newest_are_listed(upload: Upload, alice: User, alice_client: Client) -> None:
    for number in range(15):
        ImportJob.objects.create(owner=alice, status=Status.DONE, file_name=f"file {number:02}.zip")
    upload([chatgpt()])
    assert ImportJob.objects.count() == jobs.LISTED
    page = _text(alice_client.get("/import/"))
    assert "file 14.zip" in page
    assert "file 05.zip" not in page


@pytest.mark.django_db(transaction=True)
def test_in_its_own_thread(alice: User, alice_client: Client) -> None:
    data = json.dumps([chatgpt(conversation_id=str(number)) for number in range(50)]).encode()
    alice_client.post("/import/", {"file": SimpleUploadedFile("x.json", data)})
    job = ImportJob.objects.get()
    _until(job, Status.READY)
    alice_client.post(f"/import/{job.pk}/start/")
    _until(job, Status.DONE)
    assert Conversation.objects.owned_by(alice).count() == 50


def _until(job: ImportJob, status: str) -> None:
    deadline = time.monotonic() + 20
    while job.status != status:
        assert time.monotonic() < deadline, job.status
        time.sleep(0.02)
        job.refresh_from_db()


ODD = "\x00\ud800\u202e<b>"


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize(
    "conversation",
    [
        chatgpt(mapping={ODD: {"message": ODD}}),
        chatgpt(mapping=5, **{ODD: ODD}),
        chatgpt(title=ODD, conversation_id=ODD, default_model_slug=ODD),
        {"uuid": "c", "project": {"name": ODD}, "chat_messages": [{"sender": ODD, "content": [{"type": ODD}]}]},
        {ODD: [{ODD: ODD}]},
    ],
)
def test_no_text_of_a_file_breaks_the_page(upload: Upload, alice_client: Client, conversation: dict[str, Any]) -> None:
    page = upload([chatgpt(conversation_id="sound"), conversation], "name\u202e.json")
    assert page.status_code == 200
    job = ImportJob.objects.get()
    assert alice_client.post(f"/import/{job.pk}/start/", follow=True).status_code == 200
    assert alice_client.get("/import/").status_code == 200
    assert Conversation.objects.filter(source_id="sound").exists()
    job.refresh_from_db()
    json.dumps(job.report, ensure_ascii=False).encode()


def test_a_report_of_another_version_or_with_odd_texts_is_shown(alice: User, alice_client: Client) -> None:
    problem = {"code": "bad_json", "params": {"place": "x\ud800"}}
    report = {"unreadable": [problem, {"code": "new", "params": {}}], "conversations": 1, "from_tomorrow": 1}
    job = ImportJob.objects.create(owner=alice, status=Status.DONE, report=report if _takes_surrogates() else {})
    assert alice_client.get(f"/import/{job.pk}/").status_code == 200


def _takes_surrogates() -> bool:
    from django.db import connection

    return connection.vendor == "sqlite"


@pytest.mark.usefixtures("at_once")
def test_what_nobody_knows_is_counted_and_named(upload: Upload) -> None:
    mapping = {"q": chatgpt_node("q", None, "user", {"content_type": "hologram", "text": "seen"})}
    page = _text(upload([chatgpt(mapping=mapping)]))
    assert "1 piece is of a kind that is not known here: part hologram." in page


@pytest.mark.usefixtures("at_once")
def test_a_later_export_says_what_it_adds(upload: Upload, alice_client: Client) -> None:
    upload([chatgpt()])
    alice_client.post(f"/import/{ImportJob.objects.get().pk}/start/")
    more = chatgpt()["mapping"] | {"b": chatgpt_node("b", "a", "user", "More")}
    page = _text(upload([chatgpt(mapping=more, current_node="b")]))
    assert "Import 1 conversation<" in page
    job = ImportJob.objects.get(status=Status.READY)
    report = _text(alice_client.post(f"/import/{job.pk}/start/", follow=True))
    assert "1 that was here has got what is new in it." in report
    assert Conversation.objects.get().messages.count() == 3


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "For those that are imported it begins with the import"), ("ko", "가져온 대화는 가져온 날부터")],
)
def test_the_page_says_from_when_the_retention_counts(
    alice: User, alice_client: Client, settings: Any, language: str, said: str
) -> None:
    def page() -> str:
        return alice_client.get("/import/", headers={"accept-language": language}).content.decode()

    assert said not in page()
    settings.RETENTION_DAYS = {"Members": 30}
    assert said in page()
