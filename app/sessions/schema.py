"""The version of the tables: what a database has, what this program needs, the way between."""

from __future__ import annotations

from sqlalchemy import Connection, column, inspect, select, table

from app.errors import StoreError, StoreTooNew

HEAD = "0001"
"""The newest revision under `migrations/versions`; revisions are numbered in four digits."""

VERSION_TABLE = "interview_schema"
SCRIPTS = "app.sessions:migrations"


def version(connection: Connection) -> str | None:
    """The revision of the database; None if it has no tables of ours yet.

    Raises `StoreTooNew` for a newer one and `StoreError` for another program's tables. Changes
    nothing.
    """
    names = set(inspect(connection).get_table_names())
    if VERSION_TABLE not in names:
        # A team's Postgres may hold other tables; a file with any belongs to another program.
        foreign = names & {"events", "sessions"} if _is_shared(connection) else names
        if foreign:
            raise StoreError(
                f"The database holds tables of another program ({', '.join(sorted(foreign))}) "
                "and was left as it is: point DATABASE_URL at a database of its own."
            )
        return None
    found = connection.scalar(select(column("version_num")).select_from(table(VERSION_TABLE)))
    if found is not None and str(found) > HEAD:
        raise StoreTooNew(
            f"The session store has schema {found}; this version of the program knows schemas "
            f"up to {HEAD} and has changed nothing: update the program."
        )
    return found


def lock(connection: Connection) -> None:
    """Keep other processes from upgrading until the transaction ends (SQLite already does)."""
    if _is_shared(connection):
        # The number only has to be the same in every process of this program.
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(4710110501)")


def upgrade(connection: Connection) -> None:
    """Bring the tables to `HEAD` within the transaction of `connection`."""
    # Not at the top: alembic takes longer to import than most commands take to run.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", SCRIPTS)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _is_shared(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"
