"""What a verb needs before it touches the database: that this installation was set up."""

import sqlalchemy as sa

from campaigns import schema
from campaigns.errors import NotReady

_NOT_SET_UP = "This installation is not set up yet. Run: campaigns init"


def demand_schema() -> None:
    """Raise NotReady, saying what to do, unless the database is there with the newest schema."""
    try:
        stands = schema.revision()
    except sa.exc.OperationalError as error:
        if "unable to open database file" in str(error.orig):  # SQLite's: there is not even a file
            raise NotReady(_NOT_SET_UP) from error
        raise NotReady(f"The database can't be reached: {error.orig}") from error
    if not stands:
        raise NotReady(_NOT_SET_UP)
    if stands != schema.head():
        raise NotReady("The database has an older schema. Run: campaigns upgrade")
