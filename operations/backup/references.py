"""Rows that speak of others which are not there: SQLite lets whoever opens the file by hand leave such behind."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, Field, Model, OuterRef, QuerySet

from operations.backup.manifest import OddRow
from operations.backup.problems import Damaged
from operations.backup.rows import Digest, Tell, fields_of, lines

_WHAT = "speaks of a row that is not there"


def mend(models: dict[str, type[Model]], expected: dict[str, Digest], tell: Tell) -> None:
    """Let go of what is not there: a reference that may be empty becomes empty, a row that is nothing without it goes.

    `models` by label, loaded into the database called "default", whose constraints wait until now; `expected` are the
    digests of their tables, and are changed along. Raises Damaged.
    """
    while not _are_sound():
        if not sum(_mended(label, model, expected[label], tell) for label, model in models.items()):
            raise Damaged("A row of the backup speaks of another one that is not in it.")


def _are_sound() -> bool:
    try:
        with transaction.atomic():
            connection.check_constraints()
    except IntegrityError:
        return False
    return True


def _mended(label: str, model: type[Model], expected: Digest, tell: Tell) -> int:
    done = 0
    for field in fields_of(model):
        if field.is_relation:
            for key in list(_broken(model, field).values_list("pk", flat=True)):
                _let_go(model, field, key, expected)
                shown = "" if isinstance(key, str) else str(key)
                tell(OddRow(label, shown, str(field.attname), _WHAT, is_left_out=not field.null))
                done += 1
    return done


def _broken(model: type[Model], field: Field[Any, Any]) -> QuerySet[Model]:
    target: Any = field.remote_field
    there = target.model._base_manager.filter(**{field.target_field.attname: OuterRef(field.attname)})  # type: ignore[attr-defined]
    return model._base_manager.filter(**{f"{field.attname}__isnull": False}).exclude(Exists(there))


def _let_go(model: type[Model], field: Field[Any, Any], key: Any, expected: Digest) -> None:
    row = model._base_manager.filter(pk=key)
    for line in lines(model, key=key):
        expected.remove(line)
    if field.null:
        row.update(**{field.attname: None})
        for line in lines(model, key=key):
            expected.add(line)
    else:
        row._raw_delete(row.db)  # what depends on it is looked for next
