"""The groups that the site stands on are neither deleted nor renamed in the administration; others are."""

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts.models import User
from accounts.ranks import ADMINISTRATORS, MEMBERS, MODERATORS

pytestmark = pytest.mark.django_db
OURS = [ADMINISTRATORS, MODERATORS, MEMBERS]
LIST = "/admin/auth/group/"


@pytest.fixture(params=["superuser", "administrator"])
def desk(request: pytest.FixtureRequest, alice: User) -> Client:
    alice.groups.add(Group.objects.get(name=ADMINISTRATORS))
    User.objects.filter(pk=alice.pk).update(is_superuser=request.param == "superuser", is_staff=True)
    browser = Client(headers={"accept-language": "en"})
    browser.force_login(alice)
    return browser


@pytest.mark.parametrize("name", OURS)
def test_one_is_not_deleted_or_renamed(desk: Client, name: str) -> None:
    group = Group.objects.get(name=name)
    assert desk.post(f"{LIST}{group.pk}/delete/", {"post": "yes"}).status_code == 403
    for form in ({"name": "Others"}, {"name": "Others", "_saveasnew": "1"}):
        desk.post(f"{LIST}{group.pk}/change/", form)
    group.refresh_from_db()
    assert group.name == name


def test_a_selection_with_one_of_them_deletes_nothing(desk: Client) -> None:
    other = Group.objects.create(name="Readers")
    chosen = [other.pk, Group.objects.get(name=MODERATORS).pk]
    page = desk.post(LIST, {"action": "delete_selected", "_selected_action": chosen, "post": "yes"})
    assert "Moderators" in page.content.decode()
    assert set(Group.objects.filter(pk__in=chosen)) == {other, Group.objects.get(name=MODERATORS)}


def test_their_rights_can_be_changed_and_others_are_free(desk: Client) -> None:
    group = Group.objects.get(name=MODERATORS)
    assert desk.post(f"{LIST}{group.pk}/change/", {"permissions": []}).status_code == 302
    other = Group.objects.create(name="Readers")
    assert desk.post(f"{LIST}{other.pk}/change/", {"name": "Writers"}).status_code == 302
    assert desk.post(f"{LIST}{other.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Group.objects.filter(pk=other.pk).exists()


@pytest.mark.parametrize(
    "name",
    [
        "administrators",
        "ADMINISTRATORS",
        "AdmInIstrators",
        "\uff21dministrators",
        "\u0410dministrators",
        "Ad\u200bministrators",
        "READA\u0308RS",
    ],
)
def test_a_name_that_looks_like_anothers_is_refused(desk: Client, name: str) -> None:
    other = Group.objects.create(name="Read\u00e4rs")
    third = Group.objects.create(name="Writers")
    for place in ("add/", f"{third.pk}/change/"):
        page = desk.post(f"{LIST}{place}", {"name": name})
        assert "looks like one that is taken" in page.content.decode()
    assert set(Group.objects.exclude(name__in=OURS)) == {other, third}


def test_of_two_names_that_are_alike_already_each_can_be_saved(desk: Client) -> None:
    Group.objects.create(name="Readers")
    other = Group.objects.create(name="readers")
    assert desk.post(f"{LIST}{other.pk}/change/", {"name": "readers"}).status_code == 302
