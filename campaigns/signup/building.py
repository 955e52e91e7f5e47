"""Making and changing forms: what colleagues fill in becomes a new revision, and is checked first."""

import secrets
from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from campaigns.consent import topics
from campaigns.contacts import fields, tagging
from campaigns.contacts.mistakes import Mistakes
from campaigns.contacts.models import Category, Tag
from campaigns.contacts.names import fold, tidy, tidy_lines
from campaigns.database import now
from campaigns.delivery import single
from campaigns.errors import NotFound
from campaigns.signup import rewards
from campaigns.signup.content import MOST_STEPS, Content, Item, Words, labels, packed, unpacked
from campaigns.signup.models import Form, FormRevision
from campaigns.words import LANGUAGES, _

_LONGEST = {"title": 120, "intro": 2000, "letters": 1000, "button": 60, "thanks": 1000, "confirmed": 1000}
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another


def listed(session: Session) -> Sequence[Form]:
    """All forms, newest first; a firm has a handful."""
    return session.scalars(sa.select(Form).order_by(Form.id.desc()).limit(500)).all()


def one(session: Session, form_id: int) -> Form:
    """The form of that number; raises NotFound."""
    found = session.get(Form, form_id)
    if found is None:
        raise NotFound(_("There is no such form."))
    return found


def current(session: Session, form: Form) -> FormRevision:
    """Its newest revision."""
    return session.get_one(FormRevision, form.revision_id)


def content_of(revision: FormRevision) -> Content:
    """What a revision asks and says."""
    return unpacked(revision.content)


def create(session: Session, given: MultiDict[str, str], user_id: int | None = None) -> Form:
    """A new form, closed until somebody opens it. Raises Mistakes."""
    form = Form(key="".join(secrets.choice(_LETTERS) for _n in range(12)), name="", user_id=user_id)
    return change(session, form, given, user_id)


def change(session: Session, form: Form, given: MultiDict[str, str], user_id: int | None = None) -> Form:
    """Keep what was filled in, as a new revision where it asks or says something else. Raises Mistakes."""
    mistakes: dict[str, str] = {}
    name = tidy(given.get("name", ""), 120)
    if not name:
        mistakes["name"] = _("Give the form a name.")
    content = _content(session, given, mistakes)
    if content.must_agree and (given.get("pool") or given.get("card")):
        mistakes["must_agree"] = _(
            "Consent is never the price of a coupon or a card: then it would not count."
        )
    if mistakes:
        raise Mistakes(mistakes)
    form.name = name
    form.categories = [one.id for one in tagging.categories(session, _names(given, "categories"))]
    form.tags = [one.id for one in tagging.tags(session, _names(given, "tags"))]
    form.pool_id, form.referral_pool_id = (
        _pool(session, given, "pool"),
        _pool(session, given, "referral_pool"),
    )
    form.gives_card = bool(given.get("card"))
    session.add(form)
    session.flush()
    _revise(session, form, content, user_id)
    return form


def _pool(session: Session, given: Mapping[str, str], name: str) -> int | None:
    number = given.get(name, "")
    return rewards.pool(session, int(number)).id if number.isdecimal() else None


def open_(session: Session, form: Form) -> None:
    """Let people fill it in from now on. Raises NotReady while nobody's name could stand on the letters."""
    single.sender(session)
    form.open = True


def close(form: Form) -> None:
    """Take no more; whoever has a letter can still confirm."""
    form.open = False


def filled_in(session: Session, form: Form) -> MultiDict[str, str]:
    """What stands in the builder's inputs for this form."""
    content = content_of(current(session, form))
    shown: MultiDict[str, str] = MultiDict({"name": form.name, "key": form.key})
    for name, kind, numbers in (("categories", Category, form.categories), ("tags", Tag, form.tags)):
        found = session.scalars(sa.select(kind.name).where(kind.id.in_(numbers)).order_by(kind.name))
        shown[name] = "\n".join(found)
    shown.setlist("languages", list(content.languages))
    shown.setlist("topics", [str(number) for number in content.topics])
    for language, said in content.words.items():
        for part in _LONGEST:
            shown[f"{part}.{language}"] = getattr(said, part)
        shown[f"headings.{language}"] = "\n".join(said.headings)
    for item in content.items:
        shown[f"step.{item.key}"] = str(item.step)
        shown[f"required.{item.key}"] = "1" if item.required else ""
        shown[f"later.{item.key}"] = "1" if item.later else ""
    shown |= MultiDict(
        {
            "pool": str(form.pool_id or ""),
            "referral_pool": str(form.referral_pool_id or ""),
            "card": "1" if form.gives_card else "",
        }
    )
    for name in ("letters", "must_agree", "tracking"):
        shown[name] = "1" if getattr(content, name) else ""
    return shown


def _content(session: Session, given: MultiDict[str, str], mistakes: dict[str, str]) -> Content:
    languages = tuple(code for code in LANGUAGES if code in given.getlist("languages"))
    first = given.get("first_language", "")
    if first in languages:
        languages = (first, *(code for code in languages if code != first))
    if not languages:
        mistakes["languages"] = _("Choose at least one language.")
    offered = [topic.id for topic in topics.listed(session, offered=True)]
    content = Content(
        languages=languages or ("en",),
        words={language: _words(given, language) for language in languages},
        items=_items(given, labels(fields.known(session))),
        letters=bool(given.get("letters")),
        must_agree=bool(given.get("must_agree")),
        topics=tuple(number for number in offered if str(number) in given.getlist("topics")),
        tracking=bool(given.get("tracking")),
    )
    if content.must_agree and not (content.letters or content.topics):
        mistakes["must_agree"] = _("Then there must be a box for letters, or for a topic, to tick.")
    return content


def _words(given: Mapping[str, str], language: str) -> Words:
    said = {part: tidy_lines(given.get(f"{part}.{language}", ""))[:most] for part, most in _LONGEST.items()}
    headings = tuple(tidy(line, 120) for line in given.get(f"headings.{language}", "").splitlines())
    return Words(**said, headings=headings[:MOST_STEPS])


def _items(given: Mapping[str, str], known: Mapping[str, str]) -> tuple[Item, ...]:
    found = []
    for key in known:
        step = given.get(f"step.{key}", "")
        if step.isdecimal() and 1 <= int(step) <= MOST_STEPS:
            later = bool(given.get(f"later.{key}"))
            found.append(Item(key, int(step), bool(given.get(f"required.{key}")) and not later, later))
    return tuple(found)


def _revise(session: Session, form: Form, content: Content, user_id: int | None) -> None:
    kept = packed(content)
    before = session.get(FormRevision, form.revision_id) if form.revision_id else None
    if before is not None and content_of(before) == unpacked(kept):
        return
    number = before.number + 1 if before else 1
    revision = FormRevision(form_id=form.id, number=number, content=kept, user_id=user_id, created_at=now())
    session.add(revision)
    session.flush()
    form.revision_id = revision.id


def _names(given: Mapping[str, str], name: str) -> list[str]:
    return [line for line in given.get(name, "").splitlines() if fold(line)]
