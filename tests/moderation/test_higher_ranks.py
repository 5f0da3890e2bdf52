"""Cases about oneself, and about people who stand above: nobody works on the first, one hands over the second."""

from collections.abc import Callable
from itertools import product

import pytest
from django.test import Client
from django.utils import translation

from accounts.models import User
from conversations.models import Message
from moderation import actions
from moderation.actions import Refused, apply_to
from moderation.flagging import flag
from moderation.models import Case, Flag, Reason
from moderation.roles import ADMINISTRATORS, MODERATORS
from tests.conversations.conftest import converse
from tests.moderation.conftest import with_role

pytestmark = pytest.mark.django_db
ACTIONS = "dismiss hide lock warn suspend assign release reopen unhide unlock reinstate".split()
ABOVE = "This case is about somebody of a higher rank"


def about(person: User, reporter: User | None = None) -> Case:
    message = Message.objects.get(pk=converse(person, "question", "answer").leaf_id)
    return flag(person, Reason.SPAM, Flag.Source.REPORT, message=message, reporter=reporter, note="They said it.")


@pytest.fixture
def people(moderator: User, administrator: User, superuser: User) -> dict[str, User]:
    return {"moderator": moderator, "administrator": administrator, "superuser": superuser}


@pytest.mark.parametrize(
    ("who", "action"), list(product(["moderator", "administrator", "superuser"], [*ACTIONS, "escalate"]))
)
def test_nobody_works_on_a_case_about_themselves(people: dict[str, User], who: str, action: str) -> None:
    case = about(people[who])
    with translation.override("en"), pytest.raises(Refused, match="about yourself"):
        getattr(actions, action)(case, people[who], version=case.version, note="a note")
    assert apply_to([case], getattr(actions, action), people[who]).done == []
    assert Case.objects.get().version == case.version


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize(
    ("who", "whose"),
    [("moderator", "administrator"), ("moderator", "superuser"), ("administrator", "superuser")],
)
def test_nobody_acts_on_what_is_of_a_higher_rank(people: dict[str, User], who: str, whose: str, action: str) -> None:
    case = about(people[whose])
    with translation.override("en"), pytest.raises(Refused, match=f"{ABOVE}|same rights as you"):
        getattr(actions, action)(case, people[who], version=case.version, note="a note")
    assert Case.objects.get().version == case.version
    assert not Message.objects.filter(hidden_at__isnull=False).exists()


def test_it_can_be_handed_over(people: dict[str, User]) -> None:
    case = about(people["administrator"])
    case = actions.escalate(case, people["moderator"], version=case.version)
    assert actions.dismiss(case, people["superuser"], version=case.version).resolution == Case.Resolution.DISMISSED


@pytest.mark.parametrize("role", [MODERATORS, ADMINISTRATORS])
def test_among_equals_all_but_a_suspension_is_possible(alice: User, charlie: User, role: str) -> None:
    one, other = with_role(alice, role), with_role(charlie, role)
    case = about(other)
    assert actions.hide(case, one, version=case.version).resolution == Case.Resolution.HIDDEN


def test_the_screen_says_so_and_offers_the_handing_over(
    people: dict[str, User], browser_of: Callable[[User], Client]
) -> None:
    page = browser_of(people["moderator"]).get(f"/admin/moderation/case/{about(people['superuser']).pk}/")
    html = page.content.decode()
    assert ABOVE in html
    assert 'value="escalate"' in html
    assert 'value="dismiss"' not in html


def test_nobody_learns_who_reported_them(
    people: dict[str, User], charlie: User, browser_of: Callable[[User], Client]
) -> None:
    html = browser_of(people["moderator"]).get(f"/admin/moderation/case/{about(people['moderator'], charlie).pk}/")
    assert "charlie" not in html.content.decode()
    assert "They said it." not in html.content.decode()
    assert 'name="action"' not in html.content.decode()


def test_the_loudest_button_of_a_case_does_something_about_it(
    people: dict[str, User], alice: User, browser_of: Callable[[User], Client]
) -> None:
    html = browser_of(people["moderator"]).get(f"/admin/moderation/case/{about(alice).pk}/").content.decode()
    loud = [tag for tag in html.split("<button")[1:] if "button-primary" in tag.partition(">")[0]]
    assert len(loud) == 1
    assert 'value="hide"' in loud[0]
