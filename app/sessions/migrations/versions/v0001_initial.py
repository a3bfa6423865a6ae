"""Events, and the sessions derived from them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make both tables."""
    plain = sa.String().with_variant(sa.String(collation="C"), "postgresql")
    moment = sa.String(27)
    op.create_table(
        "sessions",
        sa.Column("id", plain, primary_key=True),
        sa.Column("user", plain, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("kind", plain, nullable=False),
        sa.Column("item_ids", sa.Text, nullable=False),
        sa.Column("level", plain, nullable=False),
        sa.Column("status", plain, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("started_at", moment, nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.Column("answers", sa.Integer, nullable=False),
        sa.Column("overall", sa.Integer),
        sa.Column("search_text", sa.Text, nullable=False),
    )
    op.create_index("sessions_by_start", "sessions", ["started_at", "id"])
    op.create_index("sessions_by_user_and_start", "sessions", ["user", "started_at", "id"])
    op.create_table(
        "events",
        sa.Column("session_id", plain, sa.ForeignKey("sessions.id"), primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", plain, nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("schema_version", sa.Integer, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
    )
