"""What the options of commands take: each gives the value as it was meant, or argparse says what is wrong with it.

An option that is given empty was meant to hold something: a variable of a script that was not set, most often.
"""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable
from pathlib import Path

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

LONGEST_WAIT_SECONDS = 86_400


def text(given: str) -> str:
    """Anything but nothing."""
    if not given.strip():
        raise ArgumentTypeError("must not be empty")
    return any_text(given)


def any_text(given: str) -> str:
    """Nothing as well."""
    if "\0" in given or any("\ud800" <= sign <= "\udfff" for sign in given):
        raise ArgumentTypeError("is not text that can be read")  # bytes of a shell that are not UTF-8
    return given


def path(given: str) -> Path:
    """`Path("")` would be the folder that the command runs in."""
    if not given.strip():
        raise ArgumentTypeError("must not be empty")
    if "\0" in given:
        raise ArgumentTypeError("is no path")
    return Path(given)


def file_name(given: str) -> str:
    """Of a file here or in a storage. Names of files are bytes, which need be no text."""
    path(given)
    return given


def whole(least: int, most: int) -> Callable[[str], int]:
    """A number without a fraction."""

    def number(given: str) -> int:
        digits = given.removeprefix("-")
        fits = digits.isascii() and digits.isdigit() and len(digits) <= 20
        if not fits or not least <= int(given) <= most:
            raise ArgumentTypeError(f"must be a whole number from {least:,} to {most:,}")
        return int(given)

    return number


def seconds(given: str) -> float:
    try:
        value = float(given)
    except ValueError:
        value = -1
    if not 0 <= value <= LONGEST_WAIT_SECONDS:  # neither is what is no number: nan
        raise ArgumentTypeError(f"must be a number of seconds from 0 to {LONGEST_WAIT_SECONDS:,}")
    return value


def email_address(given: str) -> str:
    try:
        validate_email(any_text(given))
    except ValidationError:
        raise ArgumentTypeError("must be an e-mail address, such as me@example.org") from None
    return given
