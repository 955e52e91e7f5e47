"""An installation with something of everything in it, owned by different people, to be asked about."""

import hashlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from campaigns import settings, tokens
from campaigns.accounts import audit, keys
from campaigns.accounts.models import Role, Tracking, User
from campaigns.consent import topics
from campaigns.consent.models import Suppression
from campaigns.contacts.models import Contact, Import, ImportStatus
from campaigns.crm import purchases
from campaigns.crm.models import Kind, Product, Purchase
from campaigns.database import now
from campaigns.delivery.models import Message, MessageStatus
from campaigns.mail import compile
from campaigns.mail.capture import CapturedMail
from campaigns.mail.letter import Letter
from campaigns.mailings.models import Campaign, Link, Revision, Status
from campaigns.rights import erasing
from campaigns.rights.models import Why
from campaigns.tokens import Purpose
from campaigns.tracking.models import Hit, HitKind, Label
from tests import factories
from tests.security import bulk_world, fields_world, signup_world

# Of "a long password".
_OF_DETAILS = ("details.show", "details.correct", "own.copy", "own.erase", "own.again")
_HASH = "$argon2id$v=19$m=8,t=1,p=1$i2616xnkYYSB6Ccad6ysNw$vrJ754yBo5OeGn69BVgHWMbPQW9TxabiJPL5nvYUjcw"
THEIRS = "Quetzalcoatlus"  # the colleague's contact has this name, and nobody else


@dataclass
class World:
    """Who is there, and what each argument of an address may be."""

    nobody: None = None
    salesperson: User = None  # type: ignore[assignment]
    colleague: User = None  # type: ignore[assignment]
    marketer: User = None  # type: ignore[assignment]
    admin: User = None  # type: ignore[assignment]
    own: Contact = None  # type: ignore[assignment]
    theirs: Contact = None  # type: ignore[assignment]
    campaign: Campaign = None  # type: ignore[assignment]
    message: Message = None  # type: ignore[assignment]
    values: dict[str, Any] = field(default_factory=dict)
    theirs_values: dict[str, Any] = field(default_factory=dict)  # where the colleague's differ


def fill(session: Session, text: str = "Something") -> World:
    """Make the installation; `text` stands wherever a person could have written it."""
    firm = factories.make_organisation(session, name=text, postal_address=text, tracking_reason=text)
    firm.track_opens = firm.track_clicks = Tracking.IDENTIFIED
    world = World(
        salesperson=factories.make_user(session, Role.SALESPERSON, name=text),
        colleague=factories.make_user(session, Role.SALESPERSON, name=f"Colleague {text}"),
        marketer=factories.make_user(session, Role.MARKETER, name=f"Maker {text}"),
        admin=factories.make_user(session, Role.ADMIN, name=f"Boss {text}", password=_HASH),
    )
    world.own = _contact(session, text, "own@example.com", world.salesperson)
    world.theirs = _contact(session, text, "quetzalcoatlus@example.net", world.colleague, THEIRS)
    world.campaign = _campaign(session, text)
    world.message = _letter(session, world.campaign, world.own, text)
    _letter(session, world.campaign, world.theirs, text)
    for contact in (world.own, world.theirs):
        _history(session, contact, text)
    with_step = {contact.id: factories.make_next_step(session, contact, what=text[:500]).id
                 for contact in (world.own, world.theirs)}  # fmt: skip
    refused = Suppression(address_hash="0" * 32, reason="manual", source=text)
    brought = _imported(session, text)
    session.add(refused)
    audit.note(session, "contact.change", "contact:1", said=text)
    session.flush()
    form = signup_world.form(session, text)
    filled = dict.fromkeys(("signup.look", "signup.confirm"), signup_world.token(session, form, text))
    of_form = dict.fromkeys(
        ("signup.show", "signup.enter", "signup.sent", "signup.show_known", "signup.enter_known"), form.key
    )
    _capture(text)
    world.values = {
        "contact_id": world.own.id,
        "company_id": world.own.company_id,
        "campaign_id": world.campaign.id,
        "audience_id": world.campaign.audience_id,
        "template_id": world.campaign.template_id,
        "sender_id": world.campaign.sender_id,
        "step_id": with_step[world.own.id],
        "user_id": world.colleague.id,
        "import_id": brought.id,
        "suppression_id": refused.id,
        "label_id": factories.make_tag(session, text).id,
        "erasure_id": erasing.erase(session, factories.make_contact(session), Why.ASKED).id,
        "product_id": purchases.product(session, text[:200]).id,
        "kind": "tag",
        "table": "links",
        "act": {
            "consent.change": "withdraw",
            "steps.change": "finish",
            "forms.switch": "close",
            "": "resume",
        },
        "other_id": factories.make_audience(session, "", f"Other {text}"[:200]).id,
        "part": "both",
        "merge_id": 1,
        "duplicate_id": 1,
        "filename": {"static": "css/app.css", "security.static": "js/webauthn.js"},
        "key": {"templates.starter_letter": _starter(), "": _captured()} | of_form,
        "token": tokens_of(world)
        | filled
        | dict.fromkeys(_OF_DETAILS, fields_world.token(session, world.own)),
        "form_id": form.id,
        "code": "ABC-1",
        "key_id": keys.make(session, text[:120], keys.Scope, world.admin.id)[0].id,
        "pool_id": form.pool_id,
        "topic_id": topics.listed(session)[0].id,
        "edit_id": bulk_world.edit(session, text, world.own, world.salesperson),
        "export_id": bulk_world.export(session, text, world.admin),
        "field_id": fields_world.fill(session, text, world.own).id,
    }
    world.theirs_values = {
        "contact_id": world.theirs.id,
        "step_id": with_step[world.theirs.id],
        "edit_id": bulk_world.edit(session, text, world.theirs, world.colleague),
    }
    session.commit()
    return world


def tokens_of(world: World) -> dict[str, str]:
    """The signed links that stand in the own contact's letter, by the endpoint that answers them."""
    who = (world.own.id, world.message.id)
    unsubscribe, preferences = tokens.sign(Purpose.UNSUBSCRIBE, *who), tokens.sign(Purpose.PREFERENCES, *who)
    return {
        "preferences.leave": unsubscribe,
        "preferences.leave_page": unsubscribe,
        "preferences.leave_topic": unsubscribe,
        "preferences.pause_instead": unsubscribe,
        "preferences.stop_following": unsubscribe,
        "preferences.choose": preferences,
        "signup.show_known": preferences,
        "signup.enter_known": preferences,
        "preferences.show": preferences,
        "tracking.link": tokens.sign(Purpose.CLICK, world.message.id, 1),
        "tracking.counted_link": tokens.sign(Purpose.COUNT_CLICK, world.campaign.id, 1),
        "": "made-up",
    }


def _contact(session: Session, text: str, email: str, owner: User, last_name: str = "") -> Contact:
    company = factories.make_company(session, text if not last_name else "Other Mills",
                                     website=text[:300], industry=text[:100], note=text)  # fmt: skip
    return factories.make_contact(
        session, email, tracked=True, categories=(text,), tags=(text,), owner_id=owner.id,
        company_id=company.id, first_name=text, last_name=last_name or text, position=text[:120],
        city=text[:120], phone=text[:40], note=text, source=text, fields={text: text}, birthday="11-23",
    )  # fmt: skip


def _campaign(session: Session, text: str) -> Campaign:
    plain = text.replace("{{", "")  # a template would work it out
    revision = Revision(subject=plain, html=f"<p>{plain}</p>", text=plain)
    session.add(revision)
    session.flush()
    for position, url in enumerate(("https://example.com/offer", f"javascript:{text}"), 1):
        session.add(Link(revision_id=revision.id, position=position, url=url, text=text))
    template = factories.make_template(session, f"<p>{plain}</p>", name=text,
                                       subject=plain, preheader=plain)  # fmt: skip
    audience = factories.make_audience(session, "", text)
    audience.note = text
    begun = now() - timedelta(hours=3)
    return factories.make_campaign(
        session, name=text, status=Status.SENT, revision_id=revision.id, template=template, audience=audience,
        sender=factories.make_sender(session, name=text), started_at=begun, finished_at=begun,
        planned_at=begun, pause_reason=text, rule="",
        sender_frozen={"name": text, "address": "news@example.com", "reply_to": ""},
    )  # fmt: skip


def _letter(session: Session, campaign: Campaign, contact: Contact, text: str) -> Message:
    moments = dict.fromkeys(("opened_at", "clicked_at", "bounced_at", "complained_at"), now())
    letter = factories.make_message(session, campaign, contact, MessageStatus.SENT, reply=text[:300],
                                    reason=text[:40], **moments)  # fmt: skip
    for kind, position in ((HitKind.OPEN, 0), (HitKind.CLICK, 1)):
        session.add(Hit(uid=f"w{letter.id}{kind}", kind=kind, at=now(), campaign_id=campaign.id,
                        message_id=letter.id, position=position, ip="192.0.2.0/24", user_agent=text,
                        label=Label.HUMAN))  # fmt: skip
    return letter


def _history(session: Session, contact: Contact, text: str) -> None:
    for kind in (Kind.CALL, Kind.CLICK, Kind.REPLY, Kind.NOTE):
        factories.make_activity(session, contact, kind, summary=text, detail=text, source="campaign:1")
    product = Product(name=f"{contact.id} {text}"[:200])
    session.add(product)
    session.flush()
    session.add(Purchase(contact_id=contact.id, product_id=product.id, at=now(), quantity=1, amount=100))
    event = factories.grant_consent(session, contact, "mail")
    event.source, event.page_url, event.user_agent, event.evidence = text, f"javascript:{text}", text, text
    contact.last_contact_at, contact.last_contact_how = now(), "call"


def _imported(session: Session, text: str) -> Import:
    folder = settings.current().data_dir / "imports"
    folder.mkdir(exist_ok=True)
    cell = text.replace('"', '""')
    (folder / "some.csv").write_text(f'email,"{cell}"\na@example.com,"{cell}"\n"{cell}","{cell}"\n')
    row = Import(
        filename=text[:255], path="imports/some.csv", status=ImportStatus.UPLOADED, encoding="utf-8",
        delimiter=",", mapping={"0": "email", "1": ""}, choices={"header": True}, bytes_total=100, error=text,
    )  # fmt: skip
    done = Import(filename=text[:255], path="imports/some.csv", status=ImportStatus.FAILED, error=text,
                  refused=1, rows_read=2, reasons={text[:40]: 1}, choices={"source": text})  # fmt: skip
    session.add_all([done, row])
    session.flush()
    return row


def _capture(text: str) -> None:
    letter = Letter(
        from_name=text, from_address="news@example.com", to_name=text, to_address="own@example.com",
        subject=text, html=f"<p>{text}</p>", text=text, message_id="1@example.com", date=now(),
    )  # fmt: skip
    with CapturedMail(settings.current().data_dir) as mailbox:
        mailbox.send("news@example.com", "own@example.com", compile.build(letter))


def _captured() -> str:
    return CapturedMail(settings.current().data_dir).newest(1, None, "")[0].key


def _starter() -> str:
    from campaigns.mailings import starters

    return starters.listed()[0].key


def addresses(app: Flask, method: str, values: dict[str, Any], **others: Any) -> Iterator[tuple[Rule, str]]:
    """Every rule that takes the method, with its address made of the values."""
    for rule in app.url_map.iter_rules():
        if method not in (rule.methods or ()):
            continue
        wanted = {name: (values | others)[name] for name in rule.arguments}
        for name, value in wanted.items():
            if isinstance(value, dict):
                wanted[name] = value.get(rule.endpoint, value.get("", "x"))
        built = rule.build(wanted, append_unknown=False)
        assert built is not None, rule
        yield rule, built[1]


class Snapshot:
    """The database as it was: to be compared with, and to be put back."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept = sqlite3.connect(":memory:")
        with sqlite3.connect(path) as live:
            live.backup(self._kept)
        live.close()
        self._was = _print(self._kept)

    def changed(self) -> list[str]:
        """The lines of a dump that were not in it before, or are missing."""
        live = sqlite3.connect(self._path)
        try:
            return [] if _print(live) == self._was else sorted(set(_lines(live)) ^ set(_lines(self._kept)))
        finally:
            live.close()

    def restore(self) -> None:
        """Put everything back."""
        live = sqlite3.connect(self._path)
        self._kept.backup(live)
        live.close()


def _lines(connection: sqlite3.Connection) -> Iterator[str]:
    return connection.iterdump()


def _print(connection: sqlite3.Connection) -> bytes:
    made = hashlib.sha256()
    for line in _lines(connection):
        made.update(line.encode())
    return made.digest()
