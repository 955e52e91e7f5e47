"""Runs the schema's history against the database of the settings, on SQLite and PostgreSQL alike."""

from alembic import context

from campaigns import database, tables

config = context.config


def run() -> None:
    """Migrate over the connection that was handed in, else over the settings' own database."""
    given = config.attributes.get("connection")
    if given is not None:
        _migrate(given)
        return
    with database.engine().connect() as connection:
        _migrate(connection)


def _migrate(connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=tables.Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
