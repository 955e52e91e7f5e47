"""Keeping audiences: a name and a rule that can be understood."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns import jobs
from campaigns.accounts import audit
from campaigns.audiences import rules
from campaigns.audiences.models import Audience
from campaigns.errors import BadInput, Conflict, NotFound
from campaigns.words import _


def create(session: Session, name: str, rule: str, note: str = "", user_id: int | None = None) -> Audience:
    """A new audience; raises BadInput, RuleProblem, or Conflict for a name that is taken."""
    audience = Audience(
        name=_named(session, name), rule=_sound(rule), note=note.strip()[:500], user_id=user_id
    )
    session.add(audience)
    session.flush()
    jobs.ring(session, jobs.COUNT_AUDIENCES)  # for the list
    audit.note(session, "audience.create", f"audience:{audience.id}", rule=audience.rule[:500])
    return audience


def change(session: Session, audience: Audience, name: str, rule: str, note: str = "") -> None:
    """Another name, rule or note; campaigns that were launched keep the rule they had."""
    audience.name = _named(session, name, audience.id)
    audience.rule, audience.note = _sound(rule), note.strip()[:500]
    audience.counted = audience.counted_at = None
    jobs.ring(session, jobs.COUNT_AUDIENCES)
    audit.note(session, "audience.change", f"audience:{audience.id}", rule=audience.rule[:500])


def remove(session: Session, audience: Audience) -> None:
    """Forget the audience, not its contacts; raises Conflict while a campaign uses it."""
    try:
        with session.begin_nested():
            session.delete(audience)
    except sa.exc.IntegrityError as error:
        raise Conflict(_("A campaign uses this audience; it stays for the record.")) from error
    audit.note(session, "audience.remove", f"audience:{audience.id}", name=audience.name)


def one(session: Session, audience_id: int) -> Audience:
    """The audience of that number; raises NotFound."""
    audience = session.get(Audience, audience_id)
    if audience is None:
        raise NotFound(_("There is no such audience."))
    return audience


def named(session: Session, name: str) -> Audience:
    """The audience of that name; raises NotFound."""
    audience = session.scalar(sa.select(Audience).where(Audience.name == name.strip()))
    if audience is None:
        raise NotFound(_("There is no audience called “%(name)s”.", name=name[:100]))
    return audience


def _named(session: Session, name: str, mine: int | None = None) -> str:
    name = " ".join(name.split())
    if not name or len(name) > 200:
        raise BadInput(_("Give the audience a name of at most 200 characters."), field="name")
    other = session.scalar(sa.select(Audience.id).where(Audience.name == name))
    if other is not None and other != mine:
        raise Conflict(_("There is an audience called “%(name)s” already.", name=name))
    return name


def _sound(rule: str) -> str:
    rules.parse(rule)
    return rule.strip()
