"""What is wrong with the database, in a sentence, and how to mend it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db import Error as AnyDatabaseError

from chatbot_site.database import postgresql, sqlite
from chatbot_site.database.trouble import Trouble, chain_of

__all__ = ["Trouble", "is_unreadable", "lacking", "require", "trouble_of"]


def trouble_of(error: BaseException, config: Mapping[str, Any] | None = None) -> Trouble | None:
    """What `error` means, of the site's database or of that of `config` (as in settings.DATABASES).

    None where it is no matter of the database but a fault of the program.
    """
    config = config or connections[DEFAULT_DB_ALIAS].settings_dict
    chain = list(chain_of(error))
    if any(isinstance(one, sqlite3.Error) for one in chain) or str(config["ENGINE"]).endswith("sqlite3"):
        return sqlite.trouble_of(" ".join(str(error).split()), Path(str(config["NAME"])))
    return postgresql.trouble_of(chain, config)


def is_unreadable(error: Exception) -> bool:
    """Whether a damaged row may be why: SQLite keeps whatever was written into it, and fields read only their own."""
    if isinstance(error, AnyDatabaseError):  # of a text that is no UTF-8
        return trouble_of(error) is None
    return isinstance(error, ValueError | TypeError | AttributeError | OverflowError)


def require() -> None:
    """Raises DatabaseError at once where PostgreSQL does not let the site in; its pool would try for long."""
    site = connections[DEFAULT_DB_ALIAS]
    if site.vendor == "postgresql" and site.connection is None:
        with postgresql.direct(site.settings_dict):
            pass


def lacking(*, to_create: bool = False) -> Trouble | None:
    """What the site, or (`to_create`) a migration, does in its database and may not do. Raises DatabaseError."""
    site = connections[DEFAULT_DB_ALIAS]
    if site.vendor == "postgresql":
        with postgresql.direct(site.settings_dict) as wrapper:
            return postgresql.lacking(wrapper, to_create=to_create)
    return sqlite.not_writable(Path(str(site.settings_dict["NAME"])))
