"""Runs the revisions on the connection that `app.sessions.schema` hands over."""

from alembic import context

from app.sessions.schema import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    version_table=VERSION_TABLE,
    transactional_ddl=True,
)
# The caller has opened the transaction: either everything below happens or nothing.
with context.begin_transaction():
    context.run_migrations()
