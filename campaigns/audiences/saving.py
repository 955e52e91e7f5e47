"""Keeping audiences: a name, a rule that can be understood, and whom it leaves out."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns import jobs
from campaigns.accounts import audit
from campaigns.audiences import building, expanding, rules, taking
from campaigns.audiences.lexing import RuleProblem
from campaigns.audiences.models import Audience, Exclusion
from campaigns.audiences.nodes import Node, tests
from campaigns.errors import BadInput, Conflict, NotFound
from campaigns.words import _

MOST_EXCLUDED = 20


def create(
    session: Session,
    name: str,
    rule: str,
    note: str = "",
    user_id: int | None = None,
    *,
    living: bool = True,
    excluded: Sequence[int] = (),
) -> Audience:
    """A new audience; raises BadInput, RuleProblem, or Conflict for a name that is taken.

    A static one (`living=False`) takes its members at once. `excluded` are numbers of other audiences.
    """
    name = _named(session, name)
    _sound(session, name, rule)
    audience = Audience(name=name, rule=rule.strip(), note=note.strip()[:500], user_id=user_id, living=living)
    session.add(audience)
    session.flush()
    _exclude(session, audience, excluded)
    if not living:
        taking.take(session, audience)
    jobs.ring(session, jobs.COUNT_AUDIENCES)  # for the list
    audit.note(session, "audience.create", f"audience:{audience.id}", rule=audience.rule[:500])
    return audience


def change(
    session: Session,
    audience: Audience,
    name: str,
    rule: str,
    note: str = "",
    *,
    living: bool | None = None,
    excluded: Sequence[int] | None = None,
) -> None:
    """Another name, rule or note; campaigns that were launched keep the rule they had.

    A static audience keeps its members until they are taken again; one that becomes static takes them now.
    Audiences whose rules name this one follow its new name.
    """
    before = audience.name
    name = _named(session, name, audience.id)
    _sound(session, name, rule, before)
    if name != before:
        _follow(session, before, name)
    becomes_static = audience.living and living is False
    audience.name, audience.rule, audience.note = name, rule.strip(), note.strip()[:500]
    audience.living = audience.living if living is None else living
    session.flush()
    if excluded is not None:
        _exclude(session, audience, excluded)
    if becomes_static:
        taking.take(session, audience)
    forget_counts(session, audience)
    audit.note(session, "audience.change", f"audience:{audience.id}", rule=audience.rule[:500])


def forget_counts(session: Session, audience: Audience) -> None:
    """Let the clock count this audience anew, and all that name or exclude it, however far away."""
    session.flush()
    changed = _following(session, audience)
    forgotten = sa.update(Audience).where(Audience.id.in_(changed))
    session.execute(forgotten.values(counted=None, counted_at=None, updated_at=Audience.updated_at))
    jobs.ring(session, jobs.COUNT_AUDIENCES)


def _following(session: Session, audience: Audience) -> set[int]:
    """The audience and all whose people depend on its own."""
    rows = session.execute(sa.select(Audience.id, Audience.name, Audience.rule)).all()
    numbers = {row.name: row.id for row in rows}
    needs = {row.id: {numbers[name] for name in _names(row.rule) if name in numbers} for row in rows}
    for one, other in session.execute(sa.select(Exclusion.audience_id, Exclusion.other_id)):
        needs[one].add(other)
    found, more = {audience.id}, True
    while more:
        added = {number for number, needed in needs.items() if number not in found and needed & found}
        found, more = found | added, bool(added)
    return found


def take_again(session: Session, audience: Audience) -> int:
    """Take the members of a static audience as its rule fits now; how many. Raises Conflict, RuleProblem."""
    if audience.living:
        raise Conflict(_("This audience is a living one: who fits is asked anew each time it is used."))
    members = taking.take(session, audience)
    forget_counts(session, audience)
    audit.note(session, "audience.take", f"audience:{audience.id}", members=members)
    return members


def remove(session: Session, audience: Audience) -> None:
    """Forget the audience, not its contacts; raises Conflict while a campaign or another audience uses it."""
    users = naming(session, audience.name)
    if users:
        raise Conflict(
            _("The audience “%(name)s” names this one. Change its rule first.", name=users[0].name)
        )
    try:
        with session.begin_nested():
            session.delete(audience)
    except sa.exc.IntegrityError as error:
        raise Conflict(
            _("A campaign uses this audience, or another audience excludes it; it stays for the record.")
        ) from error
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


def naming(session: Session, name: str) -> list[Audience]:
    """The audiences whose rules name this one."""
    return [one for one in session.scalars(sa.select(Audience)) if name in _names(one.rule)]


def _names(rule: str) -> set[str]:
    try:
        found = tests(rules.parse(rule))
    except RuleProblem:
        return set()
    return {
        " ".join(str(value).split()) for test in found if test.field == "audience" for value in test.values
    }


def _follow(session: Session, before: str, after: str) -> None:
    for other in naming(session, before):
        other.rule = rules.text(expanding.renamed(rules.parse(other.rule), before, after))


def _named(session: Session, name: str, mine: int | None = None) -> str:
    name = " ".join(name.split())
    if not name or len(name) > 200 or not name.isprintable():
        raise BadInput(_("Give the audience a name of at most 200 characters."), field="name")
    other = session.scalar(sa.select(Audience.id).where(Audience.name == name))
    if other is not None and other != mine:
        raise Conflict(_("There is an audience called “%(name)s” already.", name=name))
    return name


def _sound(session: Session, name: str, rule: str, before: str = "") -> None:
    """Whether the rule can be used, and does not name the audience itself, by either name."""
    within = (before, name) if before and before != name else (name,)
    node: Node = expanding.expanded(session, rules.parse(rule), within)
    building.condition(session, node)


def _exclude(session: Session, audience: Audience, excluded: Sequence[int]) -> None:
    numbers = sorted(set(excluded))
    if len(numbers) > MOST_EXCLUDED:
        raise BadInput(_("At most %(n)s audiences can be left out.", n=MOST_EXCLUDED), field="excluded")
    session.execute(sa.delete(Exclusion).where(Exclusion.audience_id == audience.id))
    for number in numbers:
        one(session, number)
        session.add(Exclusion(audience_id=audience.id, other_id=number))
    session.flush()
    try:
        building.of_audience(session, audience)
    except RuleProblem as problem:
        raise BadInput(problem.message, field="excluded") from problem
