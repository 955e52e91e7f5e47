"""What letters can be about: the topics that people choose among, each a purpose of its own below mail."""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.consent.models import Topic
from campaigns.consent.rhythm import OCCASIONS
from campaigns.contacts.names import plain, tidy
from campaigns.errors import BadInput, NotFound
from campaigns.words import LANGUAGES, _

MOST = 30  # a page that asks for more is not read

Words = Mapping[str, Mapping[str, str]]  # language → {"name": …, "about": …}


def listed(session: Session, *, offered: bool = False) -> list[Topic]:
    """All topics in their order; with `offered` only those that people may choose."""
    found = sa.select(Topic).order_by(Topic.place, Topic.id)
    return list(session.scalars(found.where(Topic.offered) if offered else found))


def one(session: Session, topic_id: int) -> Topic:
    """The topic of that number; raises NotFound."""
    topic = session.get(Topic, topic_id)
    if topic is None:
        raise NotFound(_("There is no such topic."))
    return topic


def names(session: Session, language: str) -> dict[str, str]:
    """What each topic is called in that language, by its purpose; those not offered any more as well."""
    return {topic.purpose: topic.called(language) for topic in listed(session)}


def named(session: Session, name: str) -> Topic:
    """The topic of that name or key; raises NotFound."""
    for topic in listed(session):
        if name in (topic.name, topic.key):
            return topic
    raise NotFound(_("There is no such topic."))


def create(session: Session, name: str, about: str = "", words: Words | None = None) -> Topic:
    """A new topic at the end of the list. Raises BadInput for no name, one taken, or too many."""
    name = _name(session, name)
    count = session.scalar(sa.select(sa.func.count()).select_from(Topic)) or 0
    if count >= MOST:
        raise BadInput(
            _("There are %(most)s topics already. Nobody reads a longer list.", most=MOST), field="name"
        )
    topic = Topic(
        key=_key(session, name), name=name, about=tidy(about, 300), words=_words(words), place=count
    )
    session.add(topic)
    session.flush()
    return topic


def change(session: Session, topic: Topic, name: str, about: str, words: Words, offered: bool) -> None:
    """Say it otherwise; who agreed to it stays. Raises BadInput for no name or one that is taken."""
    topic.name = _name(session, name, topic.id)
    topic.about, topic.words, topic.offered = tidy(about, 300), _words(words), offered


def move(session: Session, topic: Topic, steps: int) -> None:
    """Up (-1) or down (+1) in the list; at its ends nothing happens."""
    others = [one for one in listed(session) if one is not topic]
    at = sum((one.place, one.id) < (topic.place, topic.id) for one in others) + steps
    others.insert(min(max(at, 0), len(others)), topic)
    for place, one in enumerate(others):
        one.place = place
    session.flush()


def _name(session: Session, given: str, own: int | None = None) -> str:
    name = tidy(given, 120)
    if not name:
        raise BadInput(_("Give the topic a name."), field="name")
    taken = sa.select(Topic.id).where(sa.func.lower(Topic.name) == name.lower(), Topic.id != (own or 0))
    if session.scalar(taken) is not None:
        raise BadInput(_("There is a topic of that name."), field="name")
    return name


def _key(session: Session, name: str) -> str:
    """A short name for the ledger that no other topic has or had."""
    letters = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in plain(name))
    stem = "-".join(part for part in letters.split("-") if part)[:30] or "topic"
    taken = {*session.scalars(sa.select(Topic.key)), OCCASIONS.partition(":")[2]}
    return next(key for n in range(1, MOST + 2) if (key := stem if n == 1 else f"{stem}-{n}") not in taken)


def _words(given: Words | None) -> dict[str, dict[str, str]]:
    kept = {}
    for language, said in (given or {}).items():
        tidied = {"name": tidy(said.get("name", ""), 120), "about": tidy(said.get("about", ""), 300)}
        if language in LANGUAGES and any(tidied.values()):
            kept[language] = {name: text for name, text in tidied.items() if text}
    return kept
