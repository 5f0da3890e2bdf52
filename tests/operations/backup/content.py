"""What the site of these tests holds, and ways to look at all of it at once."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Group
from django.contrib.sessions.backends.db import SessionStore
from django.core.files.base import ContentFile
from django.core.management import call_command

from accounts.models import Preferences, User
from conversations.models import Attachment, Conversation, Folder, Generation, Message, SearchEntry, Share
from moderation import audit
from operations.backup import rows
from operations.backup.archive import ArchiveWriter, entries
from operations.backup.manifest import About
from providers.models import Credential, ModelOverride

TEXT = 'Quotes " and \\ backslash,\n\tline \u2028 separator, 한국어, 👩🏽‍💻, \x01, </script>, NULL, 1e400'
API_KEY = "sk-planted-0123456789-abcdefghij-secret"
PASSWORD = "planted password of alice"
MOMENT = datetime(2026, 2, 28, 23, 59, 59, 999_999, tzinfo=UTC)


def fill() -> None:
    alice = User.objects.create_user("alice", "alice@example.org", PASSWORD)
    alice.groups.add(Group.objects.get_or_create(name="Moderators")[0])
    Preferences.objects.create(user=alice, language="ko", custom_instructions=TEXT)
    bob = User.objects.create_user("bob", None, PASSWORD)
    conversation = _conversation(alice)
    Folder.objects.create(owner=bob, name="서류")
    Conversation.objects.filter(pk=conversation.pk).update(updated_at=MOMENT, temperature=0.1 + 0.2)
    credential = Credential(provider="openai")
    credential.set_key(API_KEY)
    credential.save()
    override = ModelOverride.objects.create(model="openai/scripted", input_price=Decimal("0.000001"))
    override.groups.add(Group.objects.get(name="Moderators"))
    for number in range(3):
        audit.record("credential.changed", actor=alice, target=credential, number=number)
    session = SessionStore()
    session["planted"] = "session"
    session.create()


def _conversation(owner: User) -> Conversation:
    conversation = Conversation.objects.create(owner=owner, title="제목", title_is_indexed=True)
    question = Message.objects.create(
        conversation=conversation,
        role="user",
        content=TEXT,
        client_id=UUID(int=7),
        is_indexed=True,
        created_at=MOMENT - timedelta(microseconds=1),
    )
    answer = Message.objects.create(conversation=conversation, parent=question, role="assistant", content="네. " * 50)
    Generation.objects.create(
        conversation=conversation,
        message=answer,
        status="complete",
        model="openai/scripted",
        max_tokens=5,
        cost=Decimal("123456.123456"),
        retry_after=1 / 3,
    )
    conversation.leaf = answer
    conversation.save()
    Share.objects.create(conversation=conversation, leaf=answer, leaf_length=4)
    SearchEntry.objects.create(pk=2 * question.pk, owner=owner, conversation=conversation, message=question, tokens="a")
    attachment = Attachment(
        owner=owner, message=question, kind="image", name="사진.png", media_type="image/png", size=3
    )
    attachment.file.save("", ContentFile(bytes(range(256)) * 20))
    return conversation


def digests() -> dict[str, rows.Rows]:
    """Of every table that a backup holds."""
    kept = rows.LEFT_OUT | rows.SESSIONS
    models = {model._meta.label_lower: model for model in apps.get_models(include_auto_created=True)}
    return {label: rows.digest_of(model) for label, model in models.items() if label not in kept}


def media_files() -> dict[str, bytes]:
    root = Path(settings.MEDIA_ROOT)
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def run(*arguments: object) -> str:
    """What a command of manage.py prints; CommandError when it ends otherwise."""
    out = io.StringIO()
    call_command(*(str(argument) for argument in arguments), stdout=out, stderr=io.StringIO())
    return out.getvalue()


def backed_up(folder: Path, *arguments: object) -> Path:
    """A new backup in `folder`."""
    made = json.loads(run("backup", "--output", folder, "--json", *arguments))
    return folder / made["file"]


def rewritten(source: Path, target: Path, *, about: dict[str, object] | None = None, extra: str = "") -> Path:
    """The backup with another about.json, or one part more: whole and sound, but not what this product writes."""
    parts = [(entry.name, b"".join(entry.pieces)) for entry in entries(source, None)]
    values = json.loads(parts[0][1]) | (about or {})
    made = About.read(parts[0][1])
    with target.open("wb") as file:
        archive = ArchiveWriter(file, None, made if not about else _About(values))
        for name, text in parts[1:-1]:
            archive.add_text(name, text)
        if extra:
            archive.add_text(extra, b"planted")
        old = json.loads(parts[-1][1])
        archive.manifest.tables = {label: rows.Rows(**value) for label, value in old["tables"].items()}
        archive.close()
    return target


class _About:
    def __init__(self, values: dict[str, object]) -> None:
        self._values = values

    def as_json(self) -> bytes:
        return json.dumps(self._values).encode()
