"""One column of a table: whether a value of it has a place in every database, and what stands for one that has none.

SQLite keeps whatever it was given: bytes that are no text, words in the place of a number or a date, numbers of any
size. PostgreSQL has dates after the year 9999. A backup holds none of these, since nobody else could read them: the
value that comes nearest is written in their place, or the field's default, and the row is named.
"""

from __future__ import annotations

import base64
import json
import math
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import DecimalValidator
from django.db import connection
from django.db.backends.base.operations import BaseDatabaseOperations
from django.db.models import DecimalField, Field, JSONField
from django.utils import timezone

from chatbot_site.storable import storable_json, storable_text

Fit = Callable[[Any], Any]
_NOTHING = object()
_STRANGE = "has characters that not every database can hold"
_ZEROS: dict[str, Callable[[], Any]] = {
    "DateTimeField": timezone.now,  # not long ago: what is removed by age is not removed for this
    "DateField": lambda: timezone.now().date(),
    "UUIDField": uuid.uuid4,
    "BooleanField": bool,
    "FloatField": float,
    "DecimalField": Decimal,
    "JSONField": dict,
    "BinaryField": bytes,
    "GenericIPAddressField": lambda: "0.0.0.0",  # noqa: S104 - nobody listens there
}


class Odd(Exception):
    """`what` is wrong with a value, to be read behind the field's name; `instead`: what comes nearest, if anything."""

    def __init__(self, what: str, instead: Any = _NOTHING) -> None:
        super().__init__(what)
        self.what, self.instead = what, instead


class Column:
    def __init__(self, field: Field[Any, Any]) -> None:
        self.field, self.name = field, str(field.attname)
        self._target = _target(field)
        self._is_json = isinstance(self._target, JSONField)
        self._fit = _fit_of(self._target)
        self.converters: Iterable[Callable[..., Any]] = ()  # Django's, of what the database gives
        self.expression: Any = None

    def read(self, raw: Any) -> Any:
        """What the database gave, as the field has it in Python. Raises Odd."""
        if raw is None:
            return self.fit(None)
        try:
            if self._is_json:
                return self.fit(json.loads(raw), null_is_meant=True)
            value = raw
            for convert in self.converters:
                value = convert(value, self.expression, connection)
        except (ValueError, TypeError, ArithmeticError, RecursionError, AttributeError):
            raise Odd("cannot be read") from None
        if value is None:
            raise Odd("cannot be read")
        return self.fit(value)

    def fit(self, value: Any, *, null_is_meant: bool = False) -> Any:
        """The same of a value from a backup."""
        if value is None:
            if self.field.null or null_is_meant or self._is_json:
                return None
            raise Odd("is missing")
        try:
            return self._fit(value)
        except (ValidationError, ValueError, TypeError, ArithmeticError, RecursionError):
            raise Odd("cannot be read") from None

    def instead_of(self, odd: Odd) -> tuple[bool, Any]:
        """What stands for a value that does not fit; false where nothing can, and the row makes no sense without it:
        its own key, or what it belongs to."""
        if self.field.primary_key or self.field.is_relation:
            return self.field.null and not self.field.primary_key, None
        if odd.instead is not _NOTHING:
            return True, odd.instead
        if self.field.null:
            return True, None
        default = self.field.get_default()
        kind = self._target.get_internal_type()
        return True, default if default is not None else _ZEROS.get(kind, int)()

    def for_database(self, value: Any) -> Any:
        """A value that fits, as a parameter."""
        if self._is_json and (value is not None or not self.field.null):
            return self.field.get_db_prep_value(value, connection)  # a None here is JSON's null
        return self.field.get_db_prep_save(value, connection)


def _target(field: Field[Any, Any]) -> Any:
    """The field itself, or the one that a reference refers to."""
    while field.is_relation:
        field = getattr(field, "target_field")  # noqa: B009 - only references have it
    return field


# --- What fits ------------------------------------------------------------------------------------


def _fit_of(field: Any) -> Fit:
    kind = field.get_internal_type()
    if kind in BaseDatabaseOperations.integer_field_ranges:
        return _whole(*BaseDatabaseOperations.integer_field_ranges[kind])
    fits: dict[str, Callable[[Any], Fit]] = {
        "CharField": lambda one: _text(one.max_length),
        "TextField": lambda _one: _text(None),
        "FileField": lambda one: _text(one.max_length),
        "SlugField": lambda one: _text(one.max_length),
        "BooleanField": lambda _one: _yes_or_no,
        "FloatField": lambda _one: _number,
        "DateTimeField": _moment,
        "DecimalField": _decimal,
        "JSONField": lambda _one: _structure,
        "BinaryField": lambda _one: _bytes,
        "GenericIPAddressField": _address,
    }
    return fits[kind](field) if kind in fits else _plain(field)


def _text(longest: int | None) -> Fit:
    def fit(value: Any) -> str:
        if not isinstance(value, str):
            text = bytes(value).decode(errors="replace") if isinstance(value, bytes | memoryview) else str(value)
            raise Odd("is no text", storable_text(text)[:longest])
        fitted = storable_text(value)
        if longest is not None and len(fitted) > longest:
            raise Odd(f"is longer than {longest} characters", fitted[:longest])
        if fitted != value:
            raise Odd(_STRANGE, fitted)
        return value

    return fit


def _whole(low: int, high: int) -> Fit:
    def fit(value: Any) -> int:
        if not isinstance(value, int | float) or value != value or (isinstance(value, float) and value % 1):
            raise Odd("is no whole number")
        if not low <= value <= high:
            raise Odd(f"is not between {low} and {high}", low if value < low else high)
        return int(value)

    return fit


def _number(value: Any) -> float:
    if isinstance(value, int | float) and math.isfinite(value):
        return float(value)
    raise Odd("is no number")


def _yes_or_no(value: Any) -> bool:
    if value in (0, 1):
        return bool(value)
    raise Odd("is neither true nor false")


def _moment(field: Any) -> Fit:
    def fit(value: Any) -> datetime:
        moment = value if isinstance(value, datetime) else field.to_python(value)
        if not isinstance(moment, datetime):
            raise Odd("is no date")
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)

    return fit


def _decimal(field: DecimalField[Any, Any]) -> Fit:
    check = DecimalValidator(field.max_digits, field.decimal_places)

    def fit(value: Any) -> Decimal:
        number = value if isinstance(value, Decimal) else Decimal(str(value))
        if not number.is_finite():
            raise Odd("is no number")
        try:
            check(number)
        except ValidationError:
            raise Odd("has more digits than there is room for") from None
        return number

    return fit


def _structure(value: Any) -> Any:
    fitted = storable_json(value)
    if fitted != value:
        raise Odd(f"{_STRANGE}, or a number without end", fitted)
    return value


def _bytes(value: Any) -> bytes:
    return base64.b64decode(value, validate=True) if isinstance(value, str) else bytes(value)


def _address(field: Any) -> Fit:
    def fit(value: Any) -> str:
        if not value or not isinstance(value, str):
            raise Odd("is no address")
        field.run_validators(value)
        return value

    return fit


def _plain(field: Any) -> Fit:
    """Of the rarer kinds, as Django reads them: dates without a time, durations, ids."""

    def fit(value: Any) -> Any:
        found = field.to_python(value)
        if found is None:
            raise Odd("cannot be read")
        return found

    return fit
