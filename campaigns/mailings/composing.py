"""Composing: templates made, saved, copied and removed."""

from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.accounts import audit, people
from campaigns.database import now
from campaigns.errors import BadInput, Conflict, NotFound
from campaigns.mailings import rendering
from campaigns.mailings.language.budget import MAX_SOURCE
from campaigns.mailings.models import Campaign, Source, Template
from campaigns.mailings.rendering import Content
from campaigns.words import LANGUAGES, _


@dataclass(frozen=True)
class Draft:
    """What a marketer writes: a template before it is kept."""

    name: str
    subject: str
    source: str
    kind: str = Source.MJML
    preheader: str = ""
    language: str = ""  # empty: the organisation's


def create(session: Session, draft: Draft, user_id: int | None = None) -> Template:
    """Keep a new template, broken or not; raises BadInput for a name that is missing or taken."""
    draft = _tidy(draft)
    if _named(session, draft.name) is not None:
        raise BadInput(
            _("There is a template called “%(name)s” already. Choose another name.", name=draft.name),
            field="name",
        )
    template = Template(**vars(draft), user_id=user_id)
    session.add(template)
    session.flush()
    audit.note(session, "template.create", f"template:{template.id}")
    return template


def save(session: Session, template_id: int, version: int, draft: Draft) -> int:
    """Keep what was written if nobody else saved since `version`; returns the new version.

    Raises Conflict when somebody did: what they wrote stays.
    """
    draft = _tidy(draft)
    holder = _named(session, draft.name)
    if holder is not None and holder != template_id:
        raise BadInput(
            _("There is a template called “%(name)s” already. Choose another name.", name=draft.name),
            field="name",
        )
    saved = session.scalar(
        sa.update(Template)
        .where(Template.id == template_id, Template.version == version)
        .values(**vars(draft), version=version + 1, updated_at=now())
        .returning(Template.id)
        .execution_options(synchronize_session=False)
    )
    if saved is None:
        raise _lost(session, template_id)
    return version + 1


def same(template: Template, draft: Draft) -> bool:
    """Whether saving the draft would change nothing."""
    return of(template) == _tidied(draft)


def copy(session: Session, template: Template, user_id: int | None = None) -> Template:
    """A second template with the same content, under a free name."""
    return create(session, replace(of(template), name=free_name(session, template.name)), user_id)


def remove(session: Session, template: Template) -> None:
    """Take a template away; raises Conflict while a campaign was written from it."""
    used = session.scalar(sa.select(Campaign.name).where(Campaign.template_id == template.id).limit(1))
    if used is not None:
        raise Conflict(
            _("The campaign “%(name)s” was written from this template, so it has to stay.", name=used)
        )
    audit.note(session, "template.remove", f"template:{template.id}", name=template.name)
    session.delete(template)


def get(session: Session, template_id: int) -> Template:
    """The template; raises NotFound."""
    template = session.get(Template, template_id)
    if template is None:
        raise NotFound(_("There is no such template. It may have been removed."))
    return template


def by_name(session: Session, name: str) -> Template:
    """The template called so; raises NotFound."""
    template = session.scalar(sa.select(Template).where(Template.name == name.strip()))
    if template is None:
        raise NotFound(_("There is no template called “%(name)s”.", name=name))
    return template


def of(template: Template) -> Draft:
    """What was written in a template."""
    return Draft(
        name=template.name,
        subject=template.subject,
        source=template.source,
        kind=template.kind,
        preheader=template.preheader,
        language=template.language,
    )


def compose(session: Session, draft: Draft) -> Content:
    """The draft compiled, in its language; raises TemplateProblem or DesignProblem."""
    firm = people.organisation(session)
    speech = draft.language or (firm.language if firm else "en")
    return rendering.compose(draft.kind, draft.source, draft.subject, draft.preheader, speech)


def free_name(session: Session, name: str) -> str:
    """The name with a number behind it that no template has yet."""
    start = name.strip()[:180]
    taken = set(
        session.scalars(sa.select(Template.name).where(Template.name.startswith(start, autoescape=True)))
    )
    if start not in taken:
        return start
    return next(wanted for number in range(2, len(taken) + 3) if (wanted := f"{start} {number}") not in taken)


def _named(session: Session, name: str) -> int | None:
    return session.scalar(sa.select(Template.id).where(Template.name == name))


def _tidy(draft: Draft) -> Draft:
    """The draft without stray blanks; raises BadInput naming the field that can't be kept."""
    draft = _tidied(draft)
    if not draft.name:
        raise BadInput(_("Give the template a name."), field="name")
    for field, most in (("name", 200), ("subject", 500), ("preheader", 300), ("source", MAX_SOURCE)):
        if len(getattr(draft, field)) > most:
            raise BadInput(_("This is longer than %(most)s characters.", most=most), field=field)
    if draft.kind not in set(Source):
        raise BadInput(_("Choose HTML, MJML or Markdown."), field="kind")
    if draft.language and draft.language not in LANGUAGES:
        raise BadInput(_("Choose one of the languages of the list."), field="language")
    return draft


def _tidied(draft: Draft) -> Draft:
    draft = replace(draft, **{key: value.replace("\0", "") for key, value in vars(draft).items()})
    return replace(
        draft,
        name=" ".join(draft.name.split()),
        subject=" ".join(draft.subject.split()),
        preheader=" ".join(draft.preheader.split()),
        source=draft.source.replace("\r\n", "\n"),
    )


def _lost(session: Session, template_id: int) -> Conflict | NotFound:
    found = session.execute(
        sa.select(Template.updated_at, Template.user_id).where(Template.id == template_id)
    ).first()
    if found is None:
        return NotFound(_("This template has been removed meanwhile. Copy what you wrote to a new one."))
    return Conflict(
        _("Somebody else saved this template meanwhile. Copy what you wrote, then load the page again.")
    )
