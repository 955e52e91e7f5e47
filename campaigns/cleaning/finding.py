"""The search for duplicates: all contacts in passes, one for each thing shared; or those that changed."""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.bulk import among
from campaigns.cleaning import blocks, counting, looking, proposing, walking
from campaigns.cleaning.blocks import Pairs
from campaigns.cleaning.domains import FREE
from campaigns.cleaning.likeness import Person, joined
from campaigns.cleaning.models import CleaningRun, Duplicate, Reason, Scope, Verdict
from campaigns.cleaning.walking import PAGE, PERSON
from campaigns.contacts.models import Contact

_SOME = 500  # changed contacts in one step
_CROWD = 5_000  # people who share something with them; of more, only those of a like name are looked up
_HIGHEST = "\U0010ffff"
MARGIN = timedelta(minutes=10)  # for what was being written when the search before began

Step = Callable[[Session, CleaningRun], bool]


def step(session: Session, run: CleaningRun) -> bool:
    """The next step of a search; whether there is more to do."""
    passes = PASSES[Scope(run.scope)]
    names = list(passes)
    if not run.phase:
        run.phase, run.total = names[0], _about(session)
    if passes[run.phase](session, run):
        return True
    at = names.index(run.phase) + 1
    if at == len(names):
        return False
    run.phase, run.after, run.looked_at = names[at], [], 0
    return True


def _about(session: Session) -> int:
    """About how many contacts there are: the numbers given so far."""
    return session.scalar(sa.select(sa.func.max(Contact.id))) or 0


def _look_at_all(session: Session, run: CleaningRun) -> bool:
    people = walking.some_after(session, run.after[0] if run.after else 0, PAGE)
    looking.look(session, people)
    return _on(run, len(people), [people[-1].id] if len(people) == PAGE else [])


def _on(run: CleaningRun, read: int, after: list[Any]) -> bool:
    run.looked_at += read
    run.after = after
    return bool(after)


def _shared(shared: Reason, session: Session, run: CleaningRun) -> bool:
    found = walking.next_blocks(session, shared, run.after)
    for block in found.blocks:
        run.found += proposing.propose(session, blocks.pairs(block, shared), run.id)
    return _on(run, found.read, found.after)


def _drop_old(session: Session, run: CleaningRun) -> bool:
    """What was proposed before and is not found any more."""
    old = sa.delete(Duplicate).where(Duplicate.status == Verdict.PROPOSED, Duplicate.run_id < run.id)
    session.execute(old)
    return False


def _look_at_changed(session: Session, run: CleaningRun) -> bool:
    """The next contacts that were touched since; those that look otherwise are compared anew."""
    after = run.after[0] if run.after else 0
    rows = sa.select(*PERSON).where(Contact.id > after, Contact.updated_at > run.since)
    people = [Person(*row) for row in session.execute(rows.order_by(Contact.id).limit(PAGE))]
    changed = looking.look(session, people)
    _forget(session, changed)
    for start in range(0, len(changed), _SOME):
        run.found += _compare(session, changed[start : start + _SOME], run.id)
    return _on(run, len(people), [people[-1].id] if len(people) == PAGE else [])


def _forget(session: Session, people: Sequence[Person]) -> None:
    numbers = [person.id for person in people]
    for side in (Duplicate.a_id, Duplicate.b_id):
        proposed = sa.delete(Duplicate).where(Duplicate.status == Verdict.PROPOSED)
        session.execute(
            proposed.where(among(session, side, numbers)).execution_options(synchronize_session=False)
        )


def _compare(session: Session, people: Sequence[Person], run_id: int) -> int:
    """Propose whoever shares something with these and has a like name; how many pairs are new."""
    ours = {person.id for person in people}
    found: Pairs = {}
    for shared, block in _around(session, people):
        for pair, (reasons, score) in blocks.pairs(block, shared, ours).items():
            before = found.get(pair)
            found[pair] = joined(*before, reasons, score) if before else (reasons, score)
    return proposing.propose(session, found, run_id)


def _around(session: Session, people: Sequence[Person]) -> Iterable[tuple[Reason, list[Person]]]:
    spelt = {looking.mailbox(person.email) for person in people}
    for block in walking.of_mailboxes(session, sorted(spelt)):
        yield Reason.MAILBOX, block
    phones = {person.phone for person in people} - {""}
    yield from _groups(session, Reason.PHONE, Contact.phone, phones, people)
    companies = {person.company_id for person in people} - {None}
    yield from _groups(session, Reason.COMPANY, Contact.company_id, companies, people)
    domains = {person.domain for person in people} - FREE
    yield from _groups(session, Reason.DOMAIN, Contact.domain, domains, people)


def _groups(
    session: Session, shared: Reason, column: Any, values: set[Any], people: Sequence[Person]
) -> Iterable[tuple[Reason, list[Person]]]:
    """Those who share one of these values, value by value."""
    if not values:
        return
    found = walking.some(session, among(session, column, sorted(values)), _CROWD)
    if len(found) == _CROWD:
        yield from _named_alike(session, shared, column, people)
        return
    groups: dict[Any, list[Person]] = {}
    for person in found:
        groups.setdefault(getattr(person, column.key), []).append(person)
    for group in groups.values():
        if shared != Reason.DOMAIN or len(group) <= walking.EVERYBODYS:
            yield shared, group


def _named_alike(
    session: Session, shared: Reason, column: Any, people: Sequence[Person]
) -> Iterable[tuple[Reason, list[Person]]]:
    """For each person those who share the value and whose name begins like one of its words."""
    for person in people:
        value = getattr(person, column.key)
        if value in (None, "") or (shared == Reason.DOMAIN and value in FREE):
            continue
        begins = [
            sa.and_(Contact.name_key >= word[:2], Contact.name_key < word[:2] + _HIGHEST)
            for word in person.words
        ]
        if begins:
            alike = walking.some(session, sa.and_(column == value, sa.or_(*begins)), _CROWD // 10)
            yield shared, [*(other for other in alike if other.id != person.id), person]


PASSES: dict[Scope, dict[str, Step]] = {
    Scope.ALL: {
        "look": _look_at_all,
        "mailboxes": partial(_shared, Reason.MAILBOX),
        "phones": partial(_shared, Reason.PHONE),
        "companies": partial(_shared, Reason.COMPANY),
        "domains": partial(_shared, Reason.DOMAIN),
        "old": _drop_old,
        "addresses": counting.count_domains,
        "counts": counting.count_verdicts,
    },
    Scope.CHANGED: {
        "look": _look_at_changed,
        "addresses": counting.count_domains,
        "counts": counting.count_verdicts,
    },
}
