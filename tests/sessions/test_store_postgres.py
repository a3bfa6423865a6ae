"""What only a database server can do to the store."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine

from app.errors import StoreError, StoreReadOnly
from app.sessions.store import SessionStore
from tests.factories import answered, asked, started


@pytest.fixture
def admin(postgres_url: str) -> Iterator[Engine]:
    """A connection of somebody else to the same database."""
    url = postgres_url.replace("postgresql:", "postgresql+psycopg:")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()


@pytest.fixture
def server_store(postgres_url: str) -> Iterator[SessionStore]:
    store = SessionStore(postgres_url)
    yield store
    store.close()


def test_a_connection_that_the_server_dropped_is_replaced(
    server_store: SessionStore, admin: Engine
) -> None:
    session = server_store.create("s1", started())
    with admin.connect() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert server_store.append(session, [asked()]).revision == 2


def test_a_database_that_may_only_be_read_is_told(
    server_store: SessionStore, admin: Engine, postgres_url: str
) -> None:
    session = server_store.create("s1", started())
    with admin.connect() as connection:
        name = connection.exec_driver_sql("SELECT current_database()").scalar()
        connection.exec_driver_sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    reopened = SessionStore(postgres_url)
    assert reopened.load("s1") == session
    with pytest.raises(StoreReadOnly, match="may not be written"):
        reopened.append(session, [asked()])
    assert reopened.load("s1") == session
    reopened.close()


def test_a_lock_that_is_held_is_told_after_the_wait(
    postgres_url: str, admin: Engine, server_store: SessionStore
) -> None:
    session = server_store.create("s1", started())
    impatient = SessionStore(f"{postgres_url}&options=-c%20lock_timeout%3D200ms")
    held = admin.connect().execution_options(isolation_level="READ COMMITTED")
    with held as connection, connection.begin():
        connection.exec_driver_sql("LOCK TABLE sessions IN EXCLUSIVE MODE")
        with pytest.raises(StoreError, match="Another program holds the session store"):
            impatient.append(session, [asked()])
        assert impatient.load("s1") == session
    assert impatient.append(session, [asked(), answered("now")]).revision == 3
    impatient.close()


def test_tables_of_other_programs_may_share_the_database(admin: Engine, postgres_url: str) -> None:
    with admin.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE bookmarks (address text)")
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num text)")
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('ffff')")
    store = SessionStore(postgres_url)
    assert store.create("s1", started()).revision == 1
    store.close()


def test_another_programs_table_of_our_name_is_left_untouched(
    admin: Engine, postgres_url: str
) -> None:
    with admin.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE sessions (cookie text)")
    with pytest.raises(StoreError, match=r"another program.*sessions"):
        SessionStore(postgres_url)
    with admin.connect() as connection:
        assert connection.exec_driver_sql("SELECT * FROM sessions").keys() == ["cookie"]
