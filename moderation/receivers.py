"""What moderation hears of: messages, log-ins, suspensions, and changes that belong in the audit log."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.auth.models import Group
from django.contrib.auth.signals import user_logged_in
from django.db import transaction
from django.db.models import Model
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete

from accounts.models import User
from accounts.signals import suspension_changed
from conversations.events import answer_ended, question_stored
from moderation import audit, rules, screening
from moderation.models import Flag, Rule
from moderation.roles import MEMBERS
from providers.models import Credential

ADMIN_ACTIONS = {ADDITION: "admin.added", CHANGE: "admin.changed", DELETION: "admin.deleted"}


def connect() -> None:
    question_stored.connect(screening.question_was_stored)
    answer_ended.connect(screening.answer_has_ended)
    user_logged_in.connect(logged_in)
    suspension_changed.connect(suspended_or_let_in)
    post_save.connect(admin_logged, sender=LogEntry)
    m2m_changed.connect(groups_changed, sender=User.groups.through)
    for model in (Rule, Credential):
        post_save.connect(saved, sender=model)
        post_delete.connect(deleted, sender=model)
    pre_delete.connect(person_goes, sender=User)
    post_delete.connect(deleted, sender=User)


def logged_in(sender: Any, user: User, **kwargs: Any) -> None:
    if user.is_staff:
        audit.record("person.logged_in", actor=user, target=user)


def suspended_or_let_in(sender: Any, person: User, by: User | None, **kwargs: Any) -> None:
    audit.record("person.reinstated" if person.is_active else "person.suspended", actor=by, target=person)


def admin_logged(sender: Any, instance: LogEntry, created: bool, raw: bool = False, **kwargs: Any) -> None:
    """Which row, not what is in it."""
    if not created or raw:
        return
    kind = instance.content_type
    name = f"{kind.app_label}.{kind.model}" if kind else ""
    action = ADMIN_ACTIONS.get(instance.action_flag, "admin.other")
    audit.record(action, actor=instance.user, kind=name, id=str(instance.object_id or "")[:64])


def groups_changed(
    sender: Any, instance: User | Group, action: str, reverse: bool, pk_set: set[int] | None, **kwargs: Any
) -> None:
    """Who joined or left which group, by ids; joining Members at the sign-up is no change of rights."""
    if action not in ("post_add", "post_remove", "post_clear"):
        return
    names = set(Group.objects.filter(pk__in=pk_set or ()).values_list("name", flat=True))
    if isinstance(instance, User) and action == "post_add" and names <= {MEMBERS}:
        return
    audit.record(f"groups.{action.removeprefix('post_')}", target=instance, ids=sorted(pk_set or ()))


def saved(sender: type[Model], instance: Model, created: bool, raw: bool = False, **kwargs: Any) -> None:
    if isinstance(instance, Rule):
        _forget(instance)
    if not raw:
        audit.record(f"{instance._meta.model_name}.{'added' if created else 'changed'}", target=instance)


def deleted(sender: type[Model], instance: Model, **kwargs: Any) -> None:
    if isinstance(instance, Rule):
        _forget(instance)
    name = "person" if isinstance(instance, User) else instance._meta.model_name
    audit.record(f"{name}.deleted", target=instance)


def person_goes(sender: type[User], instance: User, **kwargs: Any) -> None:
    """What they reported stays reported, without their words."""
    Flag.objects.filter(reporter=instance).update(note="")


def _forget(rule: Rule) -> None:
    """At once, and again when others can see the change: a thread may compile the old rules in between."""
    rules.rule_changed(rule)
    transaction.on_commit(lambda: rules.forget())
