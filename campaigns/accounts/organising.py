"""Changing what the organisation says of itself and how far it follows people."""

from zoneinfo import available_timezones

from sqlalchemy.orm import Session

from campaigns.accounts import audit, people
from campaigns.accounts.models import Organisation, Tracking
from campaigns.errors import BadInput, NotFound
from campaigns.words import LANGUAGES, _

_PLAIN = ("name", "postal_address", "language", "timezone", "track_opens", "track_clicks", "tracking_reason")


def check(given: dict[str, str]) -> None:
    """Raises BadInput, its `field` the column's name, for what an organisation may not lack."""
    if not given["name"].strip():
        raise BadInput(_("Write the name of your firm: letters must say who they come from."), field="name")
    if not given["postal_address"].strip():
        raise BadInput(
            _("Write your postal address: the law asks for it at the foot of every letter."),
            field="postal_address",
        )
    if given["language"] not in LANGUAGES:
        raise BadInput(_("Choose one of the languages of the list."), field="language")
    if given["timezone"] not in available_timezones():
        raise BadInput(_("Choose one of the time zones of the list."), field="timezone")
    levels = (given["track_opens"], given["track_clicks"])
    if not set(levels) <= set(Tracking):
        raise BadInput(_("Choose how opens and clicks are counted."), field="track_opens")
    if Tracking.IDENTIFIED in levels and not given["tracking_reason"].strip():
        raise BadInput(
            _("Write down why you may follow people who were never asked; it is kept with the records."),
            field="tracking_reason",
        )


def change(session: Session, given: dict[str, str]) -> Organisation:
    """Keep the given columns; what is not given stays. Raises BadInput with the column's name."""
    ours = people.organisation(session)
    if ours is None:
        raise NotFound(_("This installation has not been set up yet."))
    wanted = {name: given.get(name, getattr(ours, name)).strip() for name in _PLAIN}
    check(wanted)
    changed = {name: value for name, value in wanted.items() if value != getattr(ours, name)}
    for name, value in changed.items():
        setattr(ours, name, value)
    if changed:
        audit.note(session, "organisation.change", changed=sorted(changed))
    return ours
