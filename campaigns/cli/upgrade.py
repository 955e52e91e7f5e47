"""`campaigns upgrade`: brings the database's schema to this version's."""

import click

from campaigns import schema


@click.command()
def upgrade() -> None:
    """Bring the database to the newest schema; does nothing when it is there."""
    before = schema.revision()
    schema.upgrade()
    after = schema.revision()
    click.echo(f"The schema is at {after}." if before == after else f"The schema went to {after}.")
