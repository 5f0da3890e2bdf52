"""The three groups, who gets into the administration, and what nobody can make of themselves."""

import importlib
import threading
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client

from accounts import ranks
from accounts.models import User
from moderation.models import AuditEntry
from moderation.roles import ADMINISTRATORS, MEMBERS, MODERATORS
from tests.moderation.conftest import with_role

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery staple"


def rights_of(name: str) -> set[str]:
    rows = Permission.objects.filter(group__name=name).values_list("content_type__app_label", "codename")
    return {f"{label}.{codename}" for label, codename in rows}


def test_the_groups_have_their_rights():
    assert {
        "accounts.change_user",
        "providers.change_credential",
        "moderation.moderate",
        "auth.change_group",
        "admin.view_logentry",
    } <= rights_of(ADMINISTRATORS)
    assert rights_of(MODERATORS) == {
        f"moderation.{name}"
        for name in (
            "moderate view_case view_flag view_rule add_rule change_rule view_notice view_opening view_auditentry"
        ).split()
    }
    assert rights_of(MEMBERS) == set()


@pytest.mark.django_db(transaction=True)
def test_the_groups_come_back_after_a_flush():
    call_command("flush", interactive=False, verbosity=0)
    assert "moderation.moderate" in rights_of(MODERATORS)
    assert "providers.change_credential" in rights_of(ADMINISTRATORS)


@pytest.mark.django_db(transaction=True)
def test_rights_that_a_site_took_from_moderators_stay_away():
    moderators = Group.objects.get(name=MODERATORS)
    moderators.permissions.remove(Permission.objects.get(codename="change_rule"))
    call_command("migrate", verbosity=0)
    assert "moderation.change_rule" not in rights_of(MODERATORS)


def test_newcomers_are_members(alice):
    assert [group.name for group in alice.groups.all()] == [MEMBERS]
    assert not alice.is_staff


@pytest.mark.parametrize("name", [ADMINISTRATORS, MODERATORS])
def test_staff_follows_the_membership_from_both_ends(alice, bob, name):
    group = Group.objects.get(name=name)
    alice.groups.add(group)
    assert alice.is_staff
    group.user_set.add(bob)
    assert User.objects.get(pk=bob.pk).is_staff
    alice.groups.remove(group)
    assert not alice.is_staff
    group.user_set.clear()
    assert not User.objects.get(pk=bob.pk).is_staff


@pytest.mark.parametrize("way", ["set", "clear", "reverse remove", "delete"])
def test_staff_ends_with_the_membership_however_it_ends(alice, way):
    group = Group.objects.get(name=MODERATORS)
    alice.groups.add(group)
    if way == "set":
        alice.groups.set([Group.objects.get(name=MEMBERS)])
    elif way == "clear":
        alice.groups.clear()
    elif way == "reverse remove":
        group.user_set.remove(alice)
    else:
        group.delete()
    assert not User.objects.get(pk=alice.pk).is_staff


def test_whoever_is_in_both_groups_stays_staff_when_one_goes(alice):
    alice.groups.add(*Group.objects.filter(name__in=[ADMINISTRATORS, MODERATORS]))
    alice.groups.remove(Group.objects.get(name=MODERATORS))
    assert User.objects.get(pk=alice.pk).is_staff


def test_superusers_stay_staff(superuser):
    superuser.groups.add(Group.objects.get(name=MODERATORS))
    superuser.groups.clear()
    assert User.objects.get(pk=superuser.pk).is_staff


def test_staff_by_hand_stays_when_another_group_changes(alice):
    other = Group.objects.create(name="Readers")
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    other.user_set.add(alice)
    other.user_set.clear()
    assert User.objects.get(pk=alice.pk).is_staff


def test_moderators_enter_the_administration_and_see_no_people_and_no_keys(moderator, browser_of, alice):
    client = browser_of(moderator)
    assert client.get("/admin/").status_code == 200
    for path in (
        "accounts/user/",
        f"accounts/user/{alice.pk}/change/",
        f"accounts/user/{alice.pk}/password/",
        "auth/group/",
        "providers/credential/",
    ):
        assert client.get(f"/admin/{path}").status_code == 403, path


@pytest.mark.parametrize("who", ["administrator", "superuser"])
def test_a_moderator_cannot_touch_those_above(moderator, administrator, superuser, browser_of, who):
    """Not even one who was also allowed to change people."""
    target = {"administrator": administrator, "superuser": superuser}[who]
    moderator.user_permissions.add(*Permission.objects.filter(content_type__app_label="accounts"))
    client = browser_of(User.objects.get(pk=moderator.pk))
    assert client.post(f"/admin/accounts/user/{target.pk}/password/", passwords()).status_code == 403
    assert client.post(f"/admin/accounts/user/{target.pk}/change/", {"username": "mine"}).status_code == 403
    client.post(
        "/admin/accounts/user/", {"action": "suspend", "_selected_action": [target.pk]}, HTTP_ACCEPT_LANGUAGE="en"
    )
    target.refresh_from_db()
    assert target.is_active
    assert target.check_password(PASSWORD)


def passwords() -> dict[str, str]:
    return {"usable_password": "true", "password1": "another horse staple", "password2": "another horse staple"}


def person_form(person: User, **fields: object) -> dict[str, object]:
    return {"username": person.username, "email": person.email, "is_active": "on", **fields}


@pytest.mark.parametrize("role", [MODERATORS, ADMINISTRATORS])
def test_nobody_raises_themselves(alice, browser_of, role):
    person = with_role(alice, role)
    person.user_permissions.add(*Permission.objects.filter(content_type__app_label="accounts"))
    groups = [group.pk for group in Group.objects.all()]
    browser_of(User.objects.get(pk=person.pk)).post(
        f"/admin/accounts/user/{person.pk}/change/",
        person_form(person, groups=groups, is_superuser="on", is_staff="on", user_permissions=[1, 2, 3]),
    )
    after = User.objects.get(pk=person.pk)
    assert not after.is_superuser
    assert set(after.groups.values_list("name", flat=True)) == {MEMBERS, role}


def test_administrators_make_moderators_and_no_superusers(administrator, alice, browser_of):
    group = Group.objects.get(name=MODERATORS)
    response = browser_of(administrator).post(
        f"/admin/accounts/user/{alice.pk}/change/",
        person_form(alice, groups=[group.pk], is_superuser="on", user_permissions=[1]),
    )
    assert response.status_code == 302, response.content.decode()
    alice.refresh_from_db()
    assert alice.is_staff
    assert not alice.is_superuser
    assert not alice.user_permissions.exists()


def test_administrators_cannot_touch_superusers_or_each_other(administrator, superuser, alice, browser_of):
    peer = with_role(alice, ADMINISTRATORS)
    client = browser_of(administrator)
    for target in (superuser, peer):
        assert client.post(f"/admin/accounts/user/{target.pk}/password/", passwords()).status_code == 403
        assert client.post(f"/admin/accounts/user/{target.pk}/delete/", {"post": "yes"}).status_code == 403
    assert not ranks.may_act_on(administrator, peer)
    assert ranks.may_act_on(superuser, administrator)


def test_suspending_a_selection_leaves_out_those_above(administrator, superuser, bob, browser_of):
    client = browser_of(administrator)
    chosen = [superuser.pk, administrator.pk, bob.pk]
    page = client.post("/admin/accounts/user/", {"action": "suspend", "_selected_action": chosen}, follow=True)
    assert "1 user is suspended." in page.content.decode()
    assert set(User.objects.filter(is_active=False)) == {bob}


@pytest.mark.django_db(transaction=True)
def test_two_simultaneous_first_sign_ups_make_no_administrator():
    ready = threading.Barrier(2, timeout=30)
    codes: list[int] = []

    def sign_up(name: str) -> None:
        ready.wait()
        response = Client(headers={"accept-language": "en"}).post(
            "/accounts/signup/", {"username": name, "password1": PASSWORD}
        )
        codes.append(response.status_code)
        connection.close()

    threads = [threading.Thread(target=sign_up, args=(name,)) for name in ("erin", "frank")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [302, 302]
    assert not User.objects.filter(is_superuser=True).exists()
    assert not User.objects.filter(is_staff=True).exists()
    assert not User.objects.filter(groups__name__in=[ADMINISTRATORS, MODERATORS]).exists()


def test_make_admin_is_in_the_audit_log_and_the_group(monkeypatch):
    monkeypatch.setenv("ADMIN_PASSWORD", PASSWORD)
    call_command("make_admin", username="alice", verbosity=0)
    alice = User.objects.get(username="alice")
    assert alice.groups.filter(name=ADMINISTRATORS).exists()
    assert AuditEntry.objects.filter(action="administrator.made", target_id=str(alice.pk)).exists()


def test_the_migration_makes_everything_by_itself(alice, superuser):
    """As on a database where Django has not made any permission yet, with people from before."""
    Group.objects.all().delete()
    Permission.objects.all().delete()
    migration = importlib.import_module("moderation.migrations.0002_roles")
    state = MigrationExecutor(connection).loader.project_state().apps
    migration.make(state, SimpleNamespace(connection=connection))
    assert "moderation.moderate" in rights_of(MODERATORS)
    assert {"accounts.change_user", "moderation.moderate", "auth.change_group"} <= rights_of(ADMINISTRATORS)
    assert [group.name for group in alice.groups.all()] == [MEMBERS]
    assert {group.name for group in superuser.groups.all()} == {MEMBERS, ADMINISTRATORS}
