"""A checked backup into an empty database: its own migrations, its rows, then forward to this version."""

from __future__ import annotations

from pathlib import Path

from django.db import connection, transaction
from django.db.models import Model

from operations.backup import references, rows, schema
from operations.backup.archive import DATABASE
from operations.backup.checking import Checked, lines_of, parts_of, table_of
from operations.backup.keys import BackupKey
from operations.backup.manifest import About
from operations.backup.problems import Damaged, Newer
from operations.backup.versions import app_version
from operations.console import Console


def refuse_newer(about: About) -> None:
    """Raises Newer, naming versions, for a backup that this code cannot understand."""
    if unknown := schema.unknown(about.migrations):
        raise Newer(
            f"The backup was made by a newer version ({about.app_version}; this is {app_version()}): "
            f"{', '.join(unknown[:3])} is not known here. Update the site to that version first. Nothing was changed."
        )


def load(path: Path, key: BackupKey | None, checked: Checked, tell: rows.Tell, console: Console) -> list[str]:
    """Fill the database called "default", which has no tables; the migrations that were run after it.

    On PostgreSQL within the caller's transaction. A row that the database cannot take as it is stops no other one, and
    `tell` is told of it. Every table is read again and must be what the backup has, but for these.
    Raises BackupProblem.
    """
    console.say("Making the tables ...")
    _check_constraints("IMMEDIATE")
    schema.migrate_to(checked.about.migrations)
    models = schema.models_at(checked.about.migrations)
    wanted = _tables(checked.about, models)
    expected = {label: rows.Digest(checked.manifest.tables[label]) for label in wanted}
    with transaction.atomic():
        _check_constraints("DEFERRED")
        rows.empty(models.values())
        _load_rows(path, key, checked, wanted, expected, tell, console)
        references.mend(wanted, expected, tell)
        rows.set_sequences(models.values())
    _check_constraints("IMMEDIATE")
    _compare(wanted, expected, console)
    console.say("Bringing it up to date ...")
    return schema.migrate_forward()


def _check_constraints(when: str) -> None:
    """Rows may speak of later ones while they are loaded; and PostgreSQL, where all this is one transaction, alters no
    table while checks of its rows are still to come."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET CONSTRAINTS ALL {when}")


def _tables(about: About, models: dict[str, type[Model]]) -> dict[str, type[Model]]:
    """The models of the tables in the backup. Raises Damaged where they are not what its migrations make."""
    for table in about.tables:
        model = models.get(table.model)
        if model is None or tuple(field.attname for field in rows.fields_of(model)) != table.fields:
            raise Damaged(f"The backup's table {table.model!r} is not what its own migrations make.")
    return {table.model: models[table.model] for table in about.tables}


def _load_rows(
    path: Path,
    key: BackupKey | None,
    checked: Checked,
    models: dict[str, type[Model]],
    expected: dict[str, rows.Digest],
    tell: rows.Tell,
    console: Console,
) -> None:
    parts = parts_of(path, key, checked.manifest, lambda name: name.startswith(DATABASE))
    with console.progress(checked.manifest.row_count, "Loading", " rows") as progress:
        for name, pieces in parts:
            label = table_of(name)
            progress.advance(rows.load(models[label], lines_of(pieces), expected[label], tell))


def _compare(models: dict[str, type[Model]], expected: dict[str, rows.Digest], console: Console) -> None:
    with console.progress(len(models), "Comparing", " tables") as progress:
        for label, model in progress.of(models.items()):
            wanted, found = expected[label].rows(), rows.digest_of(model)
            if found.count != wanted.count:
                raise Damaged(f"{label} has {found.count:,} rows after loading and should have {wanted.count:,}.")
            if found != wanted:
                raise Damaged(f"The rows of {label} are other ones after loading than before.")
