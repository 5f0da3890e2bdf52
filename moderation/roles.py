"""The roles: three groups and what their people may do.

Administrators may do everything with the site's own tables, and nothing that only superusers may. Moderators may
review. Members may chat, which needs no permission; being one says which models somebody may use.
"""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.apps import apps as global_apps
from django.contrib.auth.management import create_permissions
from django.db.models.signals import post_migrate

from accounts.ranks import ADMINISTRATORS, MEMBERS, MODERATORS

__all__ = ["ADMINISTRATORS", "MEMBERS", "MODERATE", "MODERATORS", "connect", "ensure"]

MODERATE = "moderation.moderate"
SITE_APPS = ("accounts", "providers", "conversations", "moderation", "operations")
# Beyond the site's own tables: who is in which group, and what was done in the administration.
BESIDES = {
    ("auth", "add_group"),
    ("auth", "change_group"),
    ("auth", "delete_group"),
    ("auth", "view_group"),
    ("admin", "view_logentry"),
}
REVIEW = (
    "moderate",
    "view_case",
    "view_flag",
    "view_rule",
    "add_rule",
    "change_rule",
    "view_notice",
    "view_opening",
    "view_auditentry",
)


def connect() -> None:
    post_migrate.connect(_after_migrate, sender=_last_app(), dispatch_uid="moderation.roles")


def _last_app() -> AppConfig:
    """Whose post_migrate comes last: by then all permissions are there."""
    return [config for config in global_apps.get_app_configs() if config.models_module is not None][-1]


def _after_migrate(using: str, apps: Any = global_apps, **kwargs: Any) -> None:
    try:
        ensure(apps, using)
    except LookupError:
        return  # a plan that ends before there are groups


def ensure(apps: Any, using: str) -> None:
    """Makes the groups that are not there, with their rights, and gives Administrators what they lack.

    Of a group that is there already nothing is changed besides: its rights are the site's own business.
    """
    group_model = apps.get_model("auth", "Group")
    groups = {group.name: group for group in group_model.objects.using(using).all()}
    missing = [name for name in (ADMINISTRATORS, MODERATORS, MEMBERS) if name not in groups]
    for name in missing:
        groups[name] = group_model.objects.using(using).create(name=name)
    _grant(apps, using, groups[ADMINISTRATORS], _everything)
    if MODERATORS in missing:
        _grant(apps, using, groups[MODERATORS], _reviewing)


def make_permissions(apps: Any, using: str) -> None:
    """For a migration: what Django itself makes only after all migrations."""
    for label in (*SITE_APPS, "auth", "admin"):
        if label in apps.app_configs:
            config = apps.get_app_config(label)
            config.models_module = True  # else Django takes the app for one without models
            create_permissions(config, verbosity=0, using=using, apps=apps)


def _everything(app_label: str, codename: str) -> bool:
    return app_label in SITE_APPS or (app_label, codename) in BESIDES


def _reviewing(app_label: str, codename: str) -> bool:
    return app_label == "moderation" and codename in REVIEW


def _grant(apps: Any, using: str, group: Any, wanted: Any) -> None:
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    through = apps.get_model("auth", "Group").permissions.through
    has = set(through.objects.using(using).filter(group_id=group.pk).values_list("permission_id", flat=True))
    rows = permissions.values_list("pk", "content_type__app_label", "codename")
    lacking = [pk for pk, label, codename in rows if wanted(label, codename) and pk not in has]
    through.objects.using(using).bulk_create(
        [through(group_id=group.pk, permission_id=pk) for pk in lacking], ignore_conflicts=True
    )
