"""Whether the database has the tables that this code expects."""

from __future__ import annotations

import asyncio
import logging

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from chatbot_site.database import trouble_of
from chatbot_site.threads import in_thread

logger = logging.getLogger(__name__)
RECHECK_SECONDS = 3.0


def unapplied_migrations() -> list[str]:
    """Names ("accounts.0001_initial") of the migrations that the database lacks, in order; raises DatabaseError."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _backwards in plan]


async def is_migrated() -> bool:
    """False also while the database does not answer."""
    try:
        return not await in_thread(unapplied_migrations)
    except DatabaseError as error:
        logger.warning("Could not look at the database's migrations. %s", trouble_of(error) or type(error).__name__)
        return False


async def migrated() -> None:
    """Return once the database is up to date; looks every few seconds."""
    while not await is_migrated():  # noqa: ASYNC110 - another process migrates: no event tells
        await asyncio.sleep(RECHECK_SECONDS)
