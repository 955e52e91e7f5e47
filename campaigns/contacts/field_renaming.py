"""Renaming what can be chosen in a field: the values that are kept follow, some thousand at a time.

While that lasts either name means both (`meant`), and a name that is gone means the new one for good: rules
that were frozen before, and answers that were given before, know the old one only.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns import jobs, longwork
from campaigns.bulk import among, insert_many, update_many
from campaigns.contacts import field_defining, field_index
from campaigns.contacts.field_defining import MOST_OPTIONS, WITH_OPTIONS
from campaigns.contacts.field_models import About, Field, Renaming
from campaigns.contacts.models import Import, ImportStatus
from campaigns.contacts.names import fold, tidy
from campaigns.contacts.restoring import TOUCHED
from campaigns.errors import BadInput, Conflict
from campaigns.longwork import MOVING, WorkStatus
from campaigns.words import _

AT_ONCE = 2_000  # up to so many are changed before the page answers
STEP = 1_000
_MOST_WORDS = 2 * MOST_OPTIONS  # that are looked up among the values


@dataclass(frozen=True)
class Followed:
    """Rules and the like that name what is renamed, by their own names: those that follow, and those left."""

    followed: tuple[str, ...] = ()
    left: tuple[str, ...] = ()

    def told(self, first: str) -> str:
        """That sentence, then what follows, and what is to be looked at by hand."""
        sentences = [first]
        if self.followed:
            sentences.append(_("These audiences follow: %(names)s.", names=", ".join(self.followed)))
        if self.left:
            names = ", ".join(self.left)
            sentences.append(
                _("These ask for something like it and stay as they are: %(names)s.", names=names)
            )
        return " ".join(sentences)


Follower = Callable[[Session, Field, str, str], Followed]
followers: list[Follower] = []


def offer(follower: Follower) -> None:
    """Let something else follow when an option is renamed; called when the module is imported."""
    followers.append(follower)


def start(
    session: Session, field: Field, old: str, new: str, *, merge: bool = False
) -> tuple[Renaming, Followed]:
    """Give an option another name, and put on its way that values follow; with whatever follows at once.

    `merge`: there may be an option of that name, and the two become one. Raises BadInput for a name that is
    no option's and that nobody has, Conflict without `merge`, and while an import or another is under way.
    """
    session.refresh(field, with_for_update=True)  # of two who rename at once, one waits and is refused
    _free(session, field)
    kept = _kept(session, field, old)
    name = _name(field, kept, new, merge=merge)
    if name in field.options:
        field.options = [one for one in field.options if one != kept]
    elif kept in field.options:
        field.options = [name if one == kept else one for one in field.options]
    else:
        field_defining.add_options(session, field, [name])
    work = Renaming(field_id=field.id, old=kept, new=name, matching=_having(session, field, kept))
    session.add(work)
    session.flush()
    jobs.ring(session, jobs.RENAME_OPTION, work.id)
    told = [follow(session, field, kept, name) for follow in followers]
    return work, Followed(
        tuple(one for some in told for one in some.followed), tuple(one for some in told for one in some.left)
    )


def _free(session: Session, field: Field) -> None:
    if field.kind not in WITH_OPTIONS:
        raise BadInput(_("“%(name)s” is not a field of choices.", name=field.name), field="old")
    moving = sa.select(Renaming.id).where(Renaming.field_id == field.id, Renaming.status.in_(MOVING))
    if session.scalar(moving.limit(1)):
        raise Conflict(_("A choice of this field is being renamed. Wait until that is through."))
    importing = sa.select(Import.id).where(Import.status == ImportStatus.RUNNING)
    if session.scalar(importing.limit(1)):  # it knows the options as they were when it began
        raise Conflict(_("An import is running. Pause it, or wait until it is through."))


def _kept(session: Session, field: Field, old: str) -> str:
    """The option as it is written, or what somebody still has that was an option once."""
    found = next((one for one in field.options if fold(one) == fold(old)), None)
    if found is None and field_index.word(field, tidy(old, 100)) in left(session, field):
        found = tidy(old, 100)
    if found is None:
        raise BadInput(_("“%(name)s” has no choice “%(old)s”.", name=field.name, old=old[:60]), field="old")
    return found


def _name(field: Field, kept: str, new: str, *, merge: bool) -> str:
    name = tidy(new, 100)
    if not fold(name):
        raise BadInput(_("Write down what it is called from now on."), field="new")
    if name == kept:
        raise BadInput(_("It is called that already."), field="new")
    other = next((one for one in field.options if fold(one) == fold(name) and one != kept), None)
    if other and kept in field.options and not merge:
        raise Conflict(
            _("There is a choice “%(name)s” already. Say that the two become one, or write another name.",
              name=other)
        )  # fmt: skip
    return other or name


def left(session: Session, field: Field) -> list[str]:
    """What some still have and nobody can choose any more, in small letters; goes along the index."""
    table, _holder = field_index.TABLES[About(field.about)]
    mine = table.c.field_id == field.id
    words = sa.select(sa.func.min(table.c.word).label("word")).where(mine).cte("words", recursive=True)
    following = sa.select(sa.func.min(table.c.word)).where(mine, table.c.word > words.c.word)
    words = words.union_all(
        sa.select(following.correlate(words).scalar_subquery()).where(words.c.word.is_not(None))
    )
    found = session.scalars(sa.select(words.c.word).where(words.c.word.is_not(None)).limit(_MOST_WORDS))
    offered = _words(field, field.options)
    return [word for word in found if word not in offered]


def _words(field: Field, names: Iterable[str]) -> set[str]:
    return {field_index.word(field, name) for name in names}


def _those(field: Field, option: str) -> tuple[Any, sa.ColumnElement[bool]]:
    """The column with the numbers of contacts or companies, and the condition that they have this option."""
    table, _holder = field_index.TABLES[About(field.about)]
    has = sa.and_(table.c.field_id == field.id, table.c.word == field_index.word(field, option))
    return table.c[f"{field.about}_id"], has


def _having(session: Session, field: Field, option: str) -> int:
    number, has = _those(field, option)
    return session.scalar(sa.select(sa.func.count(number)).where(has)) or 0


def newest(session: Session, field_ids: Sequence[int]) -> dict[int, Renaming]:
    """The newest such work of each of these fields that has not come to a good end."""
    asked = sa.select(Renaming).where(Renaming.field_id.in_(field_ids)).order_by(Renaming.id)
    found = {work.field_id: work for work in session.scalars(asked)}
    return {number: work for number, work in found.items() if work.status != WorkStatus.DONE}


def run(work_id: int) -> None:
    """Let the values follow, or go on with it; safe to run twice."""
    longwork.run(Renaming, work_id, step)


def step(session: Session, work: Renaming) -> bool:
    """Change the next contacts or companies; whether there may be more.

    It goes through once more until nobody was found: a form that was open before may bring the old name back.
    """
    field = session.get_one(Field, work.field_id)
    number, has = _those(field, work.old)
    some = sa.select(number).where(has, number > work.after).order_by(number).limit(STEP)
    ids = list(session.scalars(some))
    work.changed += _rename(session, field, work, ids)
    if len(ids) == STEP:
        work.after = ids[-1]
        return True
    again = work.changed > work.changed_before
    work.after, work.changed_before = 0, work.changed
    return again


def _rename(session: Session, field: Field, work: Renaming, ids: list[int]) -> int:
    """Write JSON and index; when a contact was changed last stays, for nothing else is known of them now."""
    table, holder = field_index.TABLES[About(field.about)]
    word, number = field_index.word(field, work.old), table.c[f"{field.about}_id"]
    moment = [getattr(holder, TOUCHED)] if hasattr(holder, TOUCHED) else []
    lock = sa.select(holder.id, holder.fields, *moment).where(among(session, holder.id, ids))
    rows, values = [], {}
    for row in session.execute(lock.order_by(holder.id).with_for_update(key_share=True)).mappings():
        kept = (row["fields"] or {}).get(field.key)
        value = renamed(field, kept, word, work.new)
        if value != kept:
            values[row["id"]] = {field.key: value}
            rows.append(dict(row) | {"fields": row["fields"] | values[row["id"]]})
    update_many(session, holder, rows)
    gone = (table.c.field_id == field.id, table.c.word == word, among(session, number, list(values)))
    session.execute(sa.delete(table).where(*gone))
    entries = field_index.rows({field.key: field}, values, About(field.about))
    insert_many(session, table, entries, conflict=[column.name for column in table.primary_key])
    return len(values)


def renamed(field: Field, value: Any, word: str, new: str) -> Any:
    """The value with another name for the option that is looked up by this word; several in their order."""
    if not isinstance(value, list):
        return new if isinstance(value, str) and field_index.word(field, value) == word else value
    if not any(field_index.word(field, one) == word for one in value):
        return value
    names = dict.fromkeys(new if field_index.word(field, one) == word else one for one in value)
    known = [one for one in field.options if one in names]
    return known + [one for one in names if one not in known]


def current(session: Session, field: Field, value: Any) -> Any:
    """A clean value by the names that its options bear now, should it be from before."""
    if field.kind not in WITH_OPTIONS or value is None:
        return value
    offered = _words(field, field.options)
    for work in _renamings(session, field):
        word = field_index.word(field, work.old)
        if word not in offered:
            value = renamed(field, value, word, work.new)
    return value


def meant(session: Session, field: Field, names: Iterable[str]) -> list[str]:
    """The words of the index that are meant by these names of options."""
    words, offered = _words(field, names), _words(field, field.options)
    works = list(_renamings(session, field)) if field.kind in WITH_OPTIONS else []
    for work in works:
        old, new = field_index.word(field, work.old), field_index.word(field, work.new)
        if old in words and old not in offered:
            words.add(new)
    for work in reversed(works):
        old, new = field_index.word(field, work.old), field_index.word(field, work.new)
        if new in words and work.status != WorkStatus.DONE and old not in offered:
            words.add(old)
    return sorted(words)


def _renamings(session: Session, field: Field) -> Sequence[Renaming]:
    asked = sa.select(Renaming).where(Renaming.field_id == field.id).order_by(Renaming.id)
    return session.scalars(asked).all()
