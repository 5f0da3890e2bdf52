"""What the audit log's codes say to people. The codes themselves are what is hashed, exported and filtered by."""

from __future__ import annotations

from django.apps import apps
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

ACTIONS: dict[str, Promise] = {
    "admin.added": _("Added"),
    "admin.changed": _("Changed"),
    "admin.deleted": _("Deleted"),
    "admin.other": _("Worked on"),
    "administrator.made": _("Made an administrator"),
    "case.assigned": _("Case taken on"),
    "case.dismissed": _("Case dismissed"),
    "case.escalated": _("Case escalated"),
    "case.hidden": _("Message hidden"),
    "case.locked": _("Conversation locked"),
    "case.opened": _("Case opened"),
    "case.reinstated": _("Person let in again"),
    "case.released": _("Case given back"),
    "case.reopened": _("Case reopened"),
    "case.suspended": _("Person suspended"),
    "case.unhidden": _("Message shown again"),
    "case.unlocked": _("Conversation unlocked"),
    "case.warned": _("Person warned"),
    "conversation.opened": _("Conversation opened"),
    "conversations.searched": _("Conversations searched"),
    "credential.added": _("Credential added"),
    "credential.changed": _("Credential changed"),
    "credential.deleted": _("Credential deleted"),
    "groups.add": _("Added to groups"),
    "groups.clear": _("Removed from all groups"),
    "groups.remove": _("Removed from groups"),
    "person.deleted": _("Account deleted"),
    "person.logged_in": _("Logged in"),
    "person.reinstated": _("Account reinstated"),
    "person.suspended": _("Account suspended"),
    "rule.added": _("Rule added"),
    "rule.changed": _("Rule changed"),
    "rule.deleted": _("Rule deleted"),
}


def action_in_words(action: str) -> str:
    """An action that has no words is named by its code."""
    return str(ACTIONS.get(action, action))


def target_in_words(kind: str, target_id: str) -> str:
    """Such as "Case 7"; "" where there is no target."""
    try:
        name = capfirst(str(apps.get_model(kind)._meta.verbose_name))
    except (LookupError, ValueError):
        name = kind
    return f"{name} {target_id}".strip()
