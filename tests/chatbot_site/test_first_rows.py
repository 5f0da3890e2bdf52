"""What a test finds in an otherwise empty database is what `flush` leaves, though tests have a quicker way there."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command

SETS = {
    ContentType: ("app_label", "model"),
    Permission: ("content_type__app_label", "content_type__model", "codename", "name"),
    Group: ("name",),
    Group.permissions.through: ("group__name", "permission__content_type__app_label", "permission__codename"),
}


def _rows() -> dict[str, list[tuple[object, ...]]]:
    """Of every table that has any; without the keys, where a flush gives new ones."""
    models = [model for model in apps.get_models(include_auto_created=True) if model._meta.managed]
    lists = {model._meta.label: model._base_manager.values_list(*SETS.get(model, ())) for model in models}
    return {label: sorted(rows) for label, rows in lists.items() if rows}


@pytest.mark.parametrize("turn", [1, 2])
@pytest.mark.django_db(transaction=True)
def test_the_same_as_after_a_flush(turn: int) -> None:
    """The second test finds what was put back after the first."""
    before = _rows()
    Group.objects.all().delete()
    Permission.objects.all().delete()
    call_command("flush", interactive=False, verbosity=0)
    assert _rows() == before
    assert set(before) == {model._meta.label for model in SETS}
