"""What PostgreSQL may say no with, and what the person who runs the site is told then."""

from __future__ import annotations

AT_THE_ADDRESS = "Correct DATABASE_URL (postgres://user:password@host:5432/name)"
WAIT = "Try again in a moment; if it stays so, look into PostgreSQL's log."
AWAY = (
    "The database cannot be used: {server} does not answer.",
    "Is it running, and is DATABASE_URL right? It is written postgres://user:password@host:5432/name",
)
READ_ONLY = (
    "The database {name} can be read only: it is a standby, or set to default_transaction_read_only.",
    "Let DATABASE_URL lead to the primary server, or turn that setting off.",
)
NOT_THIS_PASSWORD = (
    "{server} does not take the password of the user {user}.",
    f"{AT_THE_ADDRESS}; signs such as @ : / # in a password are written as %40 %3A %2F %23. "
    "A role whose VALID UNTIL is over gets the same answer.",
)
NO_USER = ("{server} has no user {user}.", "CREATE ROLE \"{user}\" LOGIN PASSWORD '...'; or correct DATABASE_URL.")
NO_DATABASE = (
    "{server} has no database {name}.",
    'CREATE DATABASE "{name}" OWNER "{user}" ENCODING \'UTF8\' TEMPLATE template0; or correct DATABASE_URL.',
)
NO_ENTRY = ("{server} lets nobody in as {user} to {name} from here.", "Add a line for it to its pg_hba.conf.")
NO_LOGIN = ("The user {user} of {server} may not log in.", 'ALTER ROLE "{user}" LOGIN; or correct DATABASE_URL.')
NO_PLACE = ("{server} has no connection left.", "Raise max_connections, or lower DATABASE_POOL_SIZE.")
NO_PLACE_FOR_USER = (
    "The user {user} of {server} has all the connections that its CONNECTION LIMIT allows.",
    'ALTER ROLE "{user}" CONNECTION LIMIT -1; or lower DATABASE_POOL_SIZE.',
)
NO_PLACE_IN_DATABASE = (
    "The database {name} has all the connections that its CONNECTION LIMIT allows.",
    'ALTER DATABASE "{name}" CONNECTION LIMIT -1; or lower DATABASE_POOL_SIZE.',
)
CLOSED = ("The database {name} takes no connections.", 'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true;')
STARTING = ("{server} is just starting or stopping.", WAIT)
FULL = ("There is no room left where {server} keeps the database.", "Give it room.")
BUSY = ("Something else holds what is needed in the database {name} for too long.", WAIT)
NO_CONNECT = ("The user {user} may not connect to {name}.", 'GRANT CONNECT ON DATABASE "{name}" TO "{user}";')

NO_RIGHTS = (
    "The user {user} lacks a right in the database {name}.",
    'Make it the owner: ALTER DATABASE "{name}" OWNER TO "{user}"; and REASSIGN OWNED of who made the tables.',
)

CODES = {
    "28P01": NOT_THIS_PASSWORD,
    "28000": NO_ENTRY,
    "3D000": NO_DATABASE,
    "25006": READ_ONLY,
    "53100": FULL,
    "53300": NO_PLACE,
    "57P01": AWAY,
    "57P02": AWAY,
    "57P03": STARTING,
    "08": AWAY,
    "55P03": BUSY,
    "57014": BUSY,
    "40P01": BUSY,
}
# What libpq, or a server that speaks English, says when it refuses a connection: there is no code then.
WORDS = (
    ("password authentication failed", NOT_THIS_PASSWORD),
    ("no password supplied", NOT_THIS_PASSWORD),
    ("permission denied for database", NO_CONNECT),
    ("pg_hba.conf", NO_ENTRY),
    ("is not permitted to log in", NO_LOGIN),
    ("authentication failed", NO_ENTRY),
    ("too many connections for role", NO_PLACE_FOR_USER),
    ("too many connections for database", NO_PLACE_IN_DATABASE),
    ("is not currently accepting connections", CLOSED),
    ("too many", NO_PLACE),
    ("connection slots", NO_PLACE),
    ("starting up", STARTING),
    ("shutting down", STARTING),
    ("recovery", STARTING),
    ("not yet accepting", STARTING),
    ("resolve host", AWAY),
    ("host name", AWAY),
    ("name or service", AWAY),
    ("refused", AWAY),
    ("timeout", AWAY),
    ("timed out", AWAY),
    ("unreachable", AWAY),
    ("no route", AWAY),
    ("no such file", AWAY),
    ("closed the connection", AWAY),
    ("connection is lost", AWAY),
    ("connection is closed", AWAY),
)
