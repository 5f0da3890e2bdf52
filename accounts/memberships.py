"""Keeps `is_staff` in step with the groups, however a membership changes, and takes newcomers in."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete

from accounts.models import User
from accounts.ranks import STAFF_GROUPS, join_members, sync_staff

# What the first of two signals leaves with the person, or the group, for the second.
WAS_STAFF, PEOPLE_BEFORE = "_was_staff_by_group", "_people_before"
CHANGES = ("post_add", "post_remove", "pre_clear", "post_clear")


def connect() -> None:
    m2m_changed.connect(membership_changed, sender=User.groups.through)
    pre_delete.connect(group_goes, sender=Group)
    post_delete.connect(group_gone, sender=Group)
    post_save.connect(person_saved, sender=User)


def person_saved(sender: type[User], instance: User, created: bool, raw: bool = False, **kwargs: Any) -> None:
    if created and not raw:
        join_members(instance)


def membership_changed(
    sender: Any, instance: User | Group, action: str, reverse: bool, pk_set: set[int] | None, **kwargs: Any
) -> None:
    if action not in CHANGES:
        return
    if isinstance(instance, User):
        _groups_of_person_changed(instance, action, pk_set)
    elif instance.name in STAFF_GROUPS:
        _people_of_group_changed(instance, action, pk_set)


def _groups_of_person_changed(person: User, action: str, group_ids: set[int] | None) -> None:
    """Only groups that let into /admin/ count: somebody whose `is_staff` was set by hand may join another."""
    if action == "pre_clear":
        vars(person)[WAS_STAFF] = person.groups.filter(name__in=STAFF_GROUPS).exists()
    elif action == "post_clear":
        if vars(person).pop(WAS_STAFF, False):
            _sync_person(person)
    elif group_ids and Group.objects.filter(pk__in=group_ids, name__in=STAFF_GROUPS).exists():
        _sync_person(person)


def _sync_person(person: User) -> None:
    sync_staff([person.pk])
    # What is in memory may be saved again.
    person.refresh_from_db(fields=["is_staff"])


def _people_of_group_changed(group: Group, action: str, person_ids: set[int] | None) -> None:
    if action == "pre_clear":
        _remember_people(group)
    elif action == "post_clear":
        _sync_remembered(group)
    else:
        sync_staff(person_ids or ())


def group_goes(sender: type[Group], instance: Group, **kwargs: Any) -> None:
    if instance.name in STAFF_GROUPS:
        _remember_people(instance)


def group_gone(sender: type[Group], instance: Group, **kwargs: Any) -> None:
    _sync_remembered(instance)


def _remember_people(group: Group) -> None:
    vars(group)[PEOPLE_BEFORE] = list(User.objects.filter(groups=group).values_list("pk", flat=True))


def _sync_remembered(group: Group) -> None:
    sync_staff(vars(group).pop(PEOPLE_BEFORE, ()))
