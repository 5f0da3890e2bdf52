"""Deleting a person removes everything of theirs, whatever they had: rows and files. Audit entries stay, with ids."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.conf import settings as site_settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, models
from django.test import Client

from accounts.models import Preferences, User
from conversations import moderating
from conversations.branching import branch_off
from conversations.models import Attachment, Conversation, Folder, Generation, ImportJob, Message, WaitingMessage
from conversations.search.index import index_own
from conversations.sharing import share
from conversations.transfer.jobs import folder_of
from moderation import actions, audit
from moderation.flagging import flag
from moderation.models import AuditEntry, Case, Flag, Notice, Opening
from moderation.review.openings import record_opening
from moderation.roles import ADMINISTRATORS, MODERATORS
from tests.conversations.conftest import converse

pytestmark = pytest.mark.django_db(transaction=True)
MARK = "zanzibarite"  # in every text and name of theirs
Persons = Callable[[str], User]


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture
def boss(db: None) -> User:
    return User.objects.create_superuser("root", "root@example.org", "correct horse battery staple")


@pytest.fixture
def victim(boss: User, bob: User) -> User:
    """Somebody who did, had and suffered everything that can be; a moderator, so that they have acted on others."""
    person = User.objects.create_user(MARK, f"{MARK}@example.org", "correct horse battery staple")
    person.groups.add(Group.objects.get(name=MODERATORS))
    Client().force_login(person)
    browser = Client()
    browser.force_login(person)
    browser.get("/")
    Preferences.objects.create(user=person, custom_instructions=MARK)
    EmailAddress.objects.create(user=person, email=person.email, verified=True)
    _talks(person)
    _moderated(person, boss)
    _moderates(person, bob)
    LogEntry.objects.log_actions(boss.pk, [person], CHANGE, MARK, single_object=True)
    LogEntry.objects.log_actions(person.pk, [bob], CHANGE, MARK, single_object=True)
    return person


def _talks(person: User) -> None:
    conversation = converse(person, f"{MARK}?", f"{MARK}!")
    conversation.folder = Folder.objects.create(owner=person, name=MARK)
    conversation.save()
    question = Message.objects.filter(conversation=conversation).earliest("pk")
    kind = {"owner": person, "kind": "text", "name": MARK, "media_type": "text/plain", "size": 1, "text": MARK}
    for message in (question, None):
        Attachment.objects.create(message=message, file=ContentFile(b"x", name=MARK), **kind)
    branch_off(person, conversation, Message.objects.get(pk=conversation.leaf_id))
    asked = {"model": "openai/gpt", "temperature": 1, "max_tokens": 100, "draft": MARK}
    Generation.objects.create(conversation=conversation, message_id=conversation.leaf_id, status="stopped", **asked)
    WaitingMessage.objects.create(conversation=conversation, content=MARK, client_id="0" * 32)
    share(conversation, days=None)
    index_own(person)
    job = ImportJob.objects.create(owner=person, file_name=MARK, report={"place": MARK})
    folder_of(job.pk).mkdir(parents=True)
    (folder_of(job.pk) / "file").write_text(MARK)


def _moderated(person: User, boss: User) -> None:
    conversation = Conversation.objects.filter(owner=person).earliest("created_at")
    message = Message.objects.get(pk=conversation.leaf_id)
    case = flag(person, "spam", "report", message=message, reporter=boss, note="A report of somebody else.")
    actions.warn(case, boss, version=case.version, note=f"Stop, {MARK}.")
    flag(person, "spam", "provider", share=conversation.shares.get(), conversation=conversation)
    flag(person, "spam", "provider", blocked_text=MARK)
    moderating.hide(message)
    record_opening(boss, conversation, f"Asked to by {MARK}")
    Notice.objects.create(person=person, kind="locked", text=MARK, conversation=conversation)


def _moderates(person: User, bob: User) -> None:
    conversation = converse(bob, "question", "answer")
    message = Message.objects.get(pk=conversation.leaf_id)
    case = flag(bob, "spam", "report", message=message, reporter=person, note=f"Says {MARK}")
    case = actions.assign(case, person, version=case.version)
    actions.hide(case, person, version=case.version)
    record_opening(person, conversation, "Somebody asked me to look")


def _rows_that_say(text: str) -> list[str]:
    """Where a text stands in the database, in any column of any table, also of those that have no model."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table.startswith("conversations_search_") or table == "conversations_search":
                continue  # SQLite's own full-text tables, which follow the entries
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            found += [table for row in cursor.fetchall() if text in repr(row)]
    return found


def _rows_of(person_id: int) -> list[str]:
    """Where a row of any model leads to the person, by any chain of foreign keys that is not allowed to be empty."""
    return [
        f"{model._meta.label}.{path}"
        for model in apps.get_models()
        for path in _paths(model)
        if model._base_manager.filter(**{f"{path}__exact": person_id}).exists()
    ]


def _paths(model: type[models.Model], depth: int = 4, seen: tuple[type[models.Model], ...] = ()) -> list[str]:
    found: list[str] = []
    for field in model._meta.get_fields():
        if not field.is_relation or field.auto_created or field.related_model in (None, model, *seen):
            continue
        if field.related_model is User:
            found.append(field.name)
        elif depth:
            deeper = _paths(field.related_model, depth - 1, (*seen, model))  # type: ignore[arg-type]
            found += [f"{field.name}__{path}" for path in deeper]
    return found


def test_the_person_has_something_in_every_model_that_leads_to_people(victim: User) -> None:
    """Else the next test would prove nothing of a model that is added later."""
    reached = {place.partition(".")[0] + "." + place.split(".")[1] for place in _rows_of(victim.pk)}
    leading = {model._meta.label for model in apps.get_models() if _paths(model)} - {"account.EmailConfirmation"}
    assert leading - reached - {"accounts.User_user_permissions", "socialaccount.SocialToken"} == set()


def _delete(browser: Client, person: User, way: str) -> None:
    if way == "page":
        response = browser.post(f"/admin/accounts/user/{person.pk}/delete/", {"post": "yes"})
    else:
        chosen = {"action": "delete_selected", "_selected_action": [person.pk], "post": "yes"}
        response = browser.post("/admin/accounts/user/", chosen)
    assert response.status_code == 302


@pytest.mark.parametrize("way", ["page", "list"])
@pytest.mark.parametrize("by", ["superuser", "administrator"])
def test_everything_goes_by_every_way(victim: User, boss: User, bob: User, way: str, by: str) -> None:
    if by == "administrator":
        bob.groups.add(Group.objects.get(name=ADMINISTRATORS))
    browser = Client()
    browser.force_login(boss if by == "superuser" else bob)
    sessions = Session.objects.count()
    assert _rows_that_say(MARK)
    pages = browser.get(f"/admin/accounts/user/{victim.pk}/delete/")
    assert pages.status_code == 200
    victim_id, entries = victim.pk, AuditEntry.objects.count()

    _delete(browser, victim, way)

    assert not User.objects.filter(pk=victim_id).exists()
    assert _rows_that_say(MARK) == []
    assert _rows_of(victim_id) == []
    assert Session.objects.count() < sessions
    assert [path for path in Path(site_settings.MEDIA_ROOT).rglob("*") if path.is_file()] == []
    assert AuditEntry.objects.count() > entries
    assert audit.verify().ok
    assert AuditEntry.objects.filter(actor_id=victim_id).exists()


def test_what_they_did_to_others_stays_done(victim: User, boss: User, bob: User) -> None:
    victim.delete()
    case = Case.objects.get(person=bob)
    assert case.resolution == Case.Resolution.HIDDEN
    assert (case.assignee, case.resolved_by) == (None, None)
    assert Flag.objects.get(case=case).note == ""
    assert Opening.objects.filter(conversation__owner=bob, moderator=None).exists()


def test_the_page_that_asks_shows_numbers_and_nothing_of_theirs(victim: User, boss: User) -> None:
    browser = Client(headers={"accept-language": "en"})
    browser.force_login(boss)
    page = browser.get(f"/admin/accounts/user/{victim.pk}/delete/").content.decode()
    assert "Messages" in page or "messages" in page
    assert f"Folder: {MARK}" not in page


@pytest.mark.parametrize("what", ["moderation/case", "moderation/notice", "conversations/conversation"])
def test_by_themselves_these_are_deleted_by_nobody(victim: User, boss: User, what: str) -> None:
    browser = Client()
    browser.force_login(boss)
    model = apps.get_model(*what.split("/"))
    row = model._base_manager.first()
    response = browser.post(f"/admin/{what}/{row.pk}/delete/", {"post": "yes"})
    assert response.status_code in (403, 404)
    assert model._base_manager.filter(pk=row.pk).exists()


def test_the_audit_log_has_no_name_of_anybody(victim: User, boss: User) -> None:
    for entry in AuditEntry.objects.all():
        assert MARK not in json.dumps(audit._fields(entry))
    entry = AuditEntry.objects.filter(actor_id=victim.pk).latest("number")
    assert entry.actor_name == MARK
    victim.delete()
    assert AuditEntry.objects.get(pk=entry.pk).actor_name == f"#{entry.actor_id}"
    assert not default_storage.exists("attachments") or not any(default_storage.listdir("attachments")[1])


def test_a_selection_with_somebody_higher_deletes_nobody_and_names_them(bob: User, boss: User) -> None:
    bob.groups.add(Group.objects.get(name=ADMINISTRATORS))
    other = User.objects.create_user("erin")
    browser = Client()
    browser.force_login(bob)
    entries = LogEntry.objects.count()
    chosen = {"action": "delete_selected", "_selected_action": [other.pk, boss.pk], "post": "yes"}
    page = browser.post("/admin/accounts/user/", chosen, headers={"accept-language": "en"})
    assert page.status_code == 200
    assert page.context["protected"] == [str(boss)]
    assert "Take them out of the selection" in page.content.decode()
    assert User.objects.filter(pk__in=[other.pk, boss.pk]).count() == 2
    assert LogEntry.objects.count() == entries
