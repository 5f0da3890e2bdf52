"""Deleting rows with everything that hangs on them, by sets: Django's own delete() reads every row, and its children's
children one level after the other, which a conversation of 10,000 messages in a row has 10,000 of.

What hangs on a row is taken from the models themselves, so a new model with a foreign key needs no word here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import default_storage
from django.db import models

from conversations.models import Attachment
from operations.cleanup.pacing import ROWS, turn

Names = set[str]


def drain(rows: models.QuerySet[Any]) -> int:
    """Delete `rows` and what hangs on them, ROWS in a transaction, and their files after it; how many there were.

    Each batch is asked for once more as it is deleted: what has changed meanwhile, so that it is not one of `rows` any
    more, stays.
    """
    count, last = 0, None
    ordered = rows.order_by("pk")
    while ids := list((ordered if last is None else ordered.filter(pk__gt=last)).values_list("pk", flat=True)[:ROWS]):
        last = ids[-1]
        with turn():
            still = rows.select_for_update(of=("self",)).filter(pk__in=ids)
            names = Names()
            count += delete(rows.model, list(still.values_list("pk", flat=True)), names)
        discard(names)
    return count


def delete(model: type[models.Model], ids: Sequence[Any], names: Names) -> int:
    """Delete these rows of `model` inside the caller's transaction; `names` gains the files that they spoke of."""
    if not ids:
        return 0
    rows = model._base_manager.filter(pk__in=ids)
    for field in model._meta.fields:
        if isinstance(field, models.FileField):
            names.update(filter(None, rows.values_list(field.name, flat=True)))
    for relation in _pointing_at(model):
        _let_go(relation, ids, names)
    return rows._raw_delete(rows.db)  # Django's way to one DELETE, without its collector


def _let_go(relation: models.ForeignObjectRel, ids: Sequence[Any], names: Names) -> None:
    """What points at rows that go: goes too, or points at nothing any more, as its foreign key says."""
    field, model = relation.field, relation.related_model
    pointing = model._base_manager.filter(**{f"{field.name}__in": ids})
    if model is relation.model:  # a tree: its rows go by themselves, the last ones first
        pointing.exclude(pk__in=ids).update(**{field.name: None})
    elif relation.on_delete is models.SET_NULL:
        pointing.update(**{field.name: None})
    elif relation.on_delete is models.CASCADE:
        delete(model, list(pointing.values_list("pk", flat=True)), names)
    else:
        raise ImproperlyConfigured(f"{model.__name__}.{field.name} must cascade or be set to null: its row may go.")


def _pointing_at(model: type[models.Model]) -> Iterator[models.ForeignObjectRel]:
    for relation in model._meta.get_fields(include_hidden=True):
        if isinstance(relation, models.ForeignObjectRel) and (relation.one_to_many or relation.one_to_one):
            yield relation


def discard(names: Names) -> int:
    """Delete files that no row speaks of any more, once that is committed; copies of an attachment share theirs."""
    if not names:
        return 0
    gone = names - set(Attachment.objects.filter(file__in=names).values_list("file", flat=True))
    for name in gone:
        default_storage.delete(name)
    return len(gone)
