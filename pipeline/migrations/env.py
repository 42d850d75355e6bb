"""Alembic's entry: runs the revisions in the transaction that `schema.upgrade` hands over, and tells each."""

from typing import Any

from alembic import context

from pipeline.data.tables import Base


def told(ctx: Any, step: Any, heads: Any, run_args: Any) -> None:
    context.config.attributes["tell"](step.up_revision_id, 0, 0)


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transactional_ddl=False,  # Alembic begins and commits nothing: the caller's transaction is the one
    on_version_apply=told,
)
context.run_migrations()
