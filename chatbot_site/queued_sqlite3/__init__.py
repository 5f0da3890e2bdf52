"""Django's SQLite backend with a pool of open connections (`base.py`), as PostgreSQL has one in its driver."""
