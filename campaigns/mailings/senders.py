"""Senders: who letters come from, and the keys that sign for their domains."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns import sealing
from campaigns.accounts import audit
from campaigns.contacts import addresses
from campaigns.errors import BadInput, Conflict, NotFound
from campaigns.mail import dkim
from campaigns.mail.addresses import ascii_domain
from campaigns.mailings.models import Campaign, Sender
from campaigns.words import _

_SELECTOR = "campaigns"
_SECOND_SELECTOR = "campaigns-ed"


@dataclass(frozen=True)
class Identity:
    """What is said of a sender."""

    name: str
    address: str
    reply_to: str = ""
    bounce_domain: str = ""


def listed(session: Session) -> list[Sender]:
    """All senders, the default one first."""
    return list(session.scalars(sa.select(Sender).order_by(Sender.is_default.desc(), Sender.name, Sender.id)))


def get(session: Session, sender_id: int) -> Sender:
    """The sender; raises NotFound."""
    sender = session.get(Sender, sender_id)
    if sender is None:
        raise NotFound(_("There is no such sender. It may have been removed."))
    return sender


def by_address(session: Session, address: str) -> Sender:
    """The sender of this address; raises NotFound."""
    sender = session.scalar(sa.select(Sender).where(sa.func.lower(Sender.address) == address.strip().lower()))
    if sender is None:
        raise NotFound(_("There is no sender with the address %(address)s.", address=address))
    return sender


def create(session: Session, identity: Identity) -> Sender:
    """A new sender with a key of its own; the first one is the default.

    Raises BadInput, naming the field.
    """
    identity = _checked(session, identity, None)
    first = session.scalar(sa.select(Sender.id).limit(1)) is None
    sender = Sender(**vars(identity), is_default=first)
    session.add(sender)
    new_key(session, sender)
    session.flush()
    audit.note(session, "sender.create", f"sender:{sender.id}", address=sender.address)
    return sender


def change(session: Session, sender: Sender, identity: Identity) -> None:
    """Change what is said of a sender; campaigns under way keep what they were started with."""
    identity = _checked(session, identity, sender.id)
    for name, value in vars(identity).items():
        setattr(sender, name, value)
    audit.note(session, "sender.change", f"sender:{sender.id}")


def new_key(session: Session, sender: Sender) -> None:
    """Make a new DKIM key. Until its record is in DNS, signatures of this sender can't be verified.

    Each key has its own selector, so that the old record may stay until the new one is known everywhere.
    """
    private, _record = dkim.new_key()
    sender.dkim_selector = _next_selector(sender.dkim_selector or "", _SELECTOR)
    sender.dkim_key = sealing.seal(private)
    if sender.id:
        audit.note(session, "sender.new_key", f"sender:{sender.id}")


def new_second_key(session: Session, sender: Sender) -> None:
    """Make a new second key, Ed25519: letters are signed with both, and receivers heed what they know.

    Until its record is in DNS receivers pass over its signatures. Raises Conflict without a first key.
    """
    if not sender.dkim_key:
        raise Conflict(_("Make the first key first: few receivers know the second kind."))
    private, _record = dkim.new_key("ed25519")
    sender.second_selector = _next_selector(sender.second_selector or "", _SECOND_SELECTOR)
    sender.second_key = sealing.seal(private)
    audit.note(session, "sender.new_second_key", f"sender:{sender.id}")


def remove_second_key(session: Session, sender: Sender) -> None:
    """Sign with the first key only; the next second key will have another selector than this one."""
    sender.second_key = ""
    audit.note(session, "sender.remove_second_key", f"sender:{sender.id}")


def make_default(session: Session, sender: Sender) -> None:
    """Let new campaigns start with this sender."""
    session.execute(sa.update(Sender).values(is_default=Sender.id == sender.id))
    session.expire_all()


def remove(session: Session, sender: Sender) -> None:
    """Take a sender away; raises Conflict while a campaign comes from it."""
    used = session.scalar(sa.select(Campaign.name).where(Campaign.sender_id == sender.id).limit(1))
    if used is not None:
        raise Conflict(_("The campaign “%(name)s” comes from this sender, so it has to stay.", name=used))
    audit.note(session, "sender.remove", f"sender:{sender.id}", address=sender.address)
    session.delete(sender)


def _next_selector(last: str, name: str) -> str:
    """`name`, or when it was the last one `name2`, `name3` and so on."""
    rest = last.removeprefix(name)
    if not last.startswith(name) or (rest and not rest.isdigit()):
        return name
    return f"{name}{int(rest or 1) + 1}"


def _checked(session: Session, identity: Identity, own_id: int | None) -> Identity:
    name = " ".join(identity.name.replace("\0", "").split())
    if not name:
        raise BadInput(_("Write the name that readers see."), field="name")
    if len(name) > 200:
        raise BadInput(_("This is longer than %(most)s characters.", most=200), field="name")
    address = _address(identity.address, "address")
    taken = session.scalar(sa.select(Sender.id).where(Sender.address == address, Sender.id != (own_id or 0)))
    if taken is not None:
        raise BadInput(_("There is a sender with this address already."), field="address")
    return Identity(
        name=name,
        address=address,
        reply_to=_address(identity.reply_to, "reply_to") if identity.reply_to.strip() else "",
        bounce_domain=_domain(identity.bounce_domain),
    )


def _address(given: str, field: str) -> str:
    try:
        return addresses.canonical(given).email
    except BadInput as error:
        raise BadInput(error.message, field=field) from error


def _domain(given: str) -> str:
    domain = given.strip().lower().rstrip(".")
    if not domain:
        return ""
    try:
        ascii_domain(domain)
    except ValueError as error:
        raise BadInput(
            _("Write a domain, such as bounces.example.com, or leave it empty."), field="bounce_domain"
        ) from error
    return domain
