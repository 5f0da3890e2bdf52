"""The three groups that people are in, and who may act on whom.

A rank is a number: superusers above administrators above moderators above everybody else.
"""

from __future__ import annotations

from collections.abc import Collection

from django.contrib.auth.models import AnonymousUser, Group
from django.db.models import Q, QuerySet

from accounts.models import User

ADMINISTRATORS, MODERATORS, MEMBERS = "Administrators", "Moderators", "Members"
STAFF_GROUPS = (ADMINISTRATORS, MODERATORS)  # who is in one of them may enter /admin/

SITE_GROUPS = (*STAFF_GROUPS, MEMBERS)  # ranks, screens and rights go by these names: nobody takes them away

MEMBER, MODERATOR, ADMINISTRATOR, SUPERUSER = range(4)
_RANKS = {ADMINISTRATORS: ADMINISTRATOR, MODERATORS: MODERATOR}


def rank(user: User | AnonymousUser) -> int:
    """One query, none for superusers and strangers."""
    if not isinstance(user, User):
        return MEMBER
    if user.is_superuser:
        return SUPERUSER
    names = user.groups.filter(name__in=STAFF_GROUPS).values_list("name", flat=True)
    return max((_RANKS[name] for name in names), default=MEMBER)


def may_act_on(actor: User | AnonymousUser, person: User) -> bool:
    """Whether `actor` stands above `person`. Superusers do above everybody; nobody above themselves but they."""
    own = rank(actor)
    return own == SUPERUSER or own > rank(person)


def is_above(person: User, actor: User | AnonymousUser) -> bool:
    """Whether `person` stands above `actor`, who then has no say on what is theirs."""
    own = rank(actor)
    return own < SUPERUSER and rank(person) > own


def above(actor: User | AnonymousUser, people: QuerySet[User]) -> QuerySet[User]:
    """Those of `people` whom `actor` may act on."""
    own = rank(actor)
    if own == SUPERUSER:
        return people
    protected = [name for name, value in _RANKS.items() if value >= own]
    return people.filter(is_superuser=False).exclude(groups__name__in=protected) if own > MEMBER else people.none()


def join_members(user: User) -> None:
    """Nothing where the site has no such group yet."""
    group = Group.objects.filter(name=MEMBERS).first()
    if group is not None:
        user.groups.add(group)


def sync_staff(user_ids: Collection[int]) -> None:
    """Lets those into /admin/ who are in a group that may, and no others; superusers stay as they are."""
    in_staff = Q(groups__name__in=STAFF_GROUPS)
    people = User.objects.filter(pk__in=user_ids, is_superuser=False)
    entitled = set(people.filter(in_staff).values_list("pk", flat=True))
    User.objects.filter(pk__in=entitled, is_staff=False).update(is_staff=True)
    lost = people.filter(is_staff=True).exclude(pk__in=entitled).values_list("pk", flat=True)
    User.objects.filter(pk__in=list(lost)).update(is_staff=False)
