"""Test letters: what a campaign or template will look like, sent to one of us."""

import secrets

from sqlalchemy.orm import Session

from campaigns import settings
from campaigns.database import now
from campaigns.errors import NotReady
from campaigns.mail import compile, dkim
from campaigns.mail.letter import Letter
from campaigns.mail.outcomes import NotSent
from campaigns.mail.transport import open_transport
from campaigns.mailings import dns_records, previewing
from campaigns.mailings.models import Campaign, Sender
from campaigns.mailings.previewing import Preview
from campaigns.words import _

_PATIENCE = 15  # seconds; a person is waiting


def write(
    session: Session, campaign: Campaign, to: str, contact_id: int | None = None
) -> tuple[Letter, bytes]:
    """The campaign's letter as this contact would get it, addressed to `to`, signed; nothing is counted."""
    preview = previewing.of_campaign(session, campaign, contact_id)
    return _letter(campaign.sender, preview, to)


def send(letter: Letter, raw: bytes) -> None:
    """Hand a test letter over, outside of any transaction; raises NotReady when it can't be."""
    try:
        with open_transport(settings.current(), patience=_PATIENCE) as transport:
            transport.send(letter.from_address, letter.to_address, raw)
    except NotSent as error:
        raise NotReady(
            _("The letter to %(to)s was not sent. %(why)s", to=letter.to_address, why=error.text)
        ) from error


def _letter(sender: Sender, preview: Preview, to: str) -> tuple[Letter, bytes]:
    letter = Letter(
        from_name=sender.name,
        from_address=sender.address,
        reply_to=sender.reply_to,
        to_name="",
        to_address=to,
        subject=_("[Test] %(subject)s", subject=preview.subject),
        html=preview.html,
        text=preview.text,
        message_id=f"test.{secrets.token_hex(12)}@{dns_records.domain_of(sender)}",
        date=now(),
        headers=(("Auto-Submitted", "auto-generated"),),
    )
    raw = compile.build(letter)
    for key in reversed(dns_records.keys_of(sender)):
        raw = dkim.sign(raw, key)
    return letter, raw
