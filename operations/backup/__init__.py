"""Backups: one file with everything that cannot be made again, proved before it is needed.

    making      database and media into one file, while the site runs
    checking    every byte of such a file
    proving     the same, and a restore into a scratch database
    restoring   a file into this site, whole or not at all

Below them: `archive` (what is in the file), `framing` (compressed, with a digest at its end), `sealing` (encrypted),
`rows` and `schema` (tables as lines of JSON, the same for SQLite and PostgreSQL), `databases`, `media`, `places`.
docs/architecture.md has the format.
"""
