"""A file comes in, whatever its name is written in."""

import json
from typing import Any

import pytest
from django.test import Client

from conversations.models import Attachment, ImportJob
from conversations.transfer import jobs
from conversations.uploads import clean_name


def _send(client: Client, path: str, name: bytes, content: bytes) -> Any:
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="' + name + b'"\r\n\r\n'
    other = b'\r\n--b\r\nContent-Disposition: form-data; name="other"\r\n\r\n\xff\r\n--b--\r\n'
    return client.post(path, head + content + other, content_type="multipart/form-data; boundary=b")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"plain.txt", "plain.txt"),
        ("이름.txt".encode(), "이름.txt"),
        ("이름.txt".encode("cp949"), "이름.txt"),
        (b"\xff\xfe.txt", "\ufffd\ufffd.txt"),
        (b"\xed\xa0\x80.txt", "\ufffd\ufffd\ufffd.txt"),
        (b"\xff" * 251 + b".txt", "\ufffd" * 251 + ".txt"),
    ],
)
def test_a_file_is_attached_whatever_its_name_is_written_in(alice_client: Client, name: bytes, shown: str) -> None:
    content = "가\r\n\r\nContent-Disposition: form-data".encode("cp949")
    assert _send(alice_client, "/attachments/", name, content).status_code == 200
    attachment = Attachment.objects.get()
    assert (attachment.name, attachment.text) == (clean_name(shown), "가\n\nContent-Disposition: form-data")


def test_a_file_is_imported_whatever_its_name_is_written_in(
    alice_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "_begin", lambda job_id: None)
    assert _send(alice_client, "/import/", b"\xff\xfe.json", json.dumps([]).encode()).status_code == 302
    assert ImportJob.objects.get().file_name == "\ufffd\ufffd.json"
