"""Keyset pages for long lists: nothing is counted, and no page costs more than the first.

Rows come in descending order of a field and their primary key. A cursor is that pair of the row a page begins after
(or ends before), as text for an address. It may come from anywhere: a broken one means the first page.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar, cast

from django.core.exceptions import ValidationError
from django.db.models import Field, Model, Q, QuerySet

PAGE_SIZE = 50
_AFTER, _BEFORE, _GAP = "after", "before", "~"
_LONGEST = 300

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class KeysetPage(Generic[Row]):
    """`next` and `previous` are cursors; "" where there is no such page."""

    rows: list[Row]
    next: str = ""
    previous: str = ""


def keyset_page(rows: QuerySet[Row], field: str, cursor: str = "", size: int = PAGE_SIZE) -> KeysetPage[Row]:
    """The page of `rows` at `cursor`, the highest `field` first; "pk" for the key alone. One query, two on a way back.

    `field` belongs to the model and is null in none of `rows`; any ordering they have is replaced.
    """
    place = _place(rows, field, cursor)
    if place is None:
        return _page(rows, field, list(_ordered(rows, field, "-")[: size + 1]), size, has_previous=False)
    direction, value, key = place
    if direction == _AFTER:
        later = rows.filter(_beyond(field, "lt", value, key))
        return _page(rows, field, list(_ordered(later, field, "-")[: size + 1]), size, has_previous=True)
    earlier = list(_ordered(rows.filter(_beyond(field, "gt", value, key)), field, "")[: size + 1])
    if len(earlier) <= size:  # back at the beginning: a whole first page, not what is left over
        return keyset_page(rows, field, "", size)
    found = earlier[:size][::-1]
    return KeysetPage(found, _cursor(_AFTER, field, found[-1]), _cursor(_BEFORE, field, found[0]))


def cursor_after(row: Model, field: str) -> str:
    """The cursor of the page that begins after `row`."""
    return _cursor(_AFTER, field, row)


def _page(rows: QuerySet[Row], field: str, found: list[Row], size: int, *, has_previous: bool) -> KeysetPage[Row]:
    page, more = found[:size], len(found) > size
    if not page and has_previous:  # what it began after has gone
        return keyset_page(rows, field, "", size)
    next_cursor = _cursor(_AFTER, field, page[-1]) if more else ""
    return KeysetPage(page, next_cursor, _cursor(_BEFORE, field, page[0]) if has_previous else "")


def _ordered(rows: QuerySet[Row], field: str, sign: str) -> QuerySet[Row]:
    return rows.order_by(f"{sign}pk") if field == "pk" else rows.order_by(f"{sign}{field}", f"{sign}pk")


def _beyond(field: str, lookup: str, value: Any, key: Any) -> Q:
    """What comes after (lt) or before (gt) a row. The first condition is the one that an index serves."""
    if field == "pk":
        return Q(**{f"pk__{lookup}": key})
    return Q(**{f"{field}__{lookup}e": value}) & (Q(**{f"{field}__{lookup}": value}) | Q(**{f"pk__{lookup}": key}))


def _cursor(direction: str, field: str, row: Model) -> str:
    names = ("pk",) if field == "pk" else (field, "pk")
    return _GAP.join([direction, *(_field(type(row), name).value_to_string(row) for name in names)])


def _place(rows: QuerySet[Row], field: str, cursor: str) -> tuple[str, Any, Any] | None:
    """The direction, the field's value and the key that `cursor` says. None for no cursor, and for a broken one."""
    names = ("pk",) if field == "pk" else (field, "pk")
    direction, *texts = cursor.split(_GAP)
    if direction not in (_AFTER, _BEFORE) or len(texts) != len(names) or len(cursor) > _LONGEST or "\0" in cursor:
        return None
    try:
        values = [_value(_field(rows.model, name), text) for name, text in zip(names, texts, strict=True)]
    except (ValidationError, ValueError, OverflowError):
        return None
    return direction, values[0], values[-1]


def _field(model: type[Model], name: str) -> Field[Any, Any]:
    return cast("Field[Any, Any]", model._meta.pk if name == "pk" else model._meta.get_field(name))


def _value(field: Field[Any, Any], text: str) -> Any:
    """Raises ValidationError, ValueError or OverflowError for what no row can have."""
    value = field.to_python(text)
    if isinstance(value, datetime):
        return value.astimezone(UTC)  # an hour before the first year has no time in other zones
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        raise ValueError("no place in a list")
    if isinstance(value, int) and abs(value) >= 2**63:
        raise OverflowError("no such number in the database")
    return value
