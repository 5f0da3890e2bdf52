"""SQL in migrations that each database words in its own way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import RunPython

Statements = Mapping[str, Sequence[str]]


def run_vendor_sql(forwards: Statements, backwards: Statements) -> RunPython:
    """The statements of the database at hand, by its vendor: "sqlite", "postgresql". Raises KeyError for another."""
    return RunPython(partial(_run, forwards), partial(_run, backwards))


def _run(statements: Statements, apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for statement in statements[schema_editor.connection.vendor]:
        schema_editor.execute(statement, params=None)
