"""Fields of a firm, values in them, a letter that asks to confirm them; `text` wherever one could write."""

from sqlalchemy.orm import Session

from campaigns import tokens
from campaigns.contacts import fields
from campaigns.contacts.field_models import About, Adoption, Field, FieldKind, Renaming
from campaigns.contacts.models import Contact
from campaigns.database import now
from campaigns.delivery.single import LetterStatus
from campaigns.preferences.models import DetailsRequest
from campaigns.tokens import Purpose


def fill(session: Session, text: str, contact: Contact) -> Field:
    """Make them for this contact; the first field."""
    made = []
    for position, kind in enumerate((FieldKind.TEXT, FieldKind.CHOICE, FieldKind.CHOICES, FieldKind.LINK)):
        for about in About:
            field = Field(about=about, key=f"evil_{position}", name=text[:100], kind=kind, section=text[:100],
                          options=[text], unit=text[:20], position=position, shared=True)  # fmt: skip
            made.append(field)
    session.add_all(made)
    session.flush()
    session.add(Adoption(field_id=made[0].id, unfit=1, examples=[text], status="done"))
    told = {"old": text[:100], "new": text[:100], "status": "failed", "error": text}
    session.add_all(Renaming(field_id=field.id, **told) for field in made)
    fields.keep(session, contact, {"evil_0": text, "evil_1": text, "evil_2": [text]})
    contact.fields = contact.fields | {"evil_3": f"javascript:{text}"}  # as a column that is no link
    contact.handles = [{"kind": "other", "name": text}, {"kind": "other", "name": f"javascript:{text}"}]
    contact.origins = {"phone": [text, now().isoformat()], "fields.evil_0": ["person", now().isoformat()]}
    session.add(DetailsRequest(contact_id=contact.id, status=LetterStatus.FAILED, reason=text[:300]))
    session.flush()
    return made[0]


def token(session: Session, contact: Contact) -> str:
    """The signed link of a letter that this contact got."""
    request = DetailsRequest(contact_id=contact.id, status=LetterStatus.SENT, sent_at=now())
    session.add(request)
    session.flush()
    return tokens.sign(Purpose.DETAILS, request.id)
