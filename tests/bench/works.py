"""One of each thing that has a page of its own and that the crowd was not built with."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns import tokens
from campaigns.cleaning import merging
from campaigns.cleaning.models import Merge
from campaigns.consent.models import Topic
from campaigns.contacts import field_defining
from campaigns.contacts.change_models import BulkEdit
from campaigns.contacts.field_models import Field
from campaigns.contacts.models import Contact
from campaigns.delivery.single import LetterStatus
from campaigns.exports.models import Export
from campaigns.longwork import WorkStatus
from campaigns.preferences.models import DetailsRequest
from campaigns.rights.models import Erasure, Why
from campaigns.signup.models import Form
from campaigns.tokens import Purpose
from tests.security import signup_world


def one_of_each(session: Session) -> dict[str, list[Any]]:
    """Values for the arguments of those addresses; what is not there yet is made."""
    first, other = session.scalars(sa.select(Contact.id).order_by(Contact.id).offset(40).limit(2)).all()
    if session.scalar(sa.select(Field.id).limit(1)) is None:
        field_defining.add(session, {"name": "Colour", "kind": "text"})
    if session.scalar(sa.select(Merge.id).limit(1)) is None:
        merging.merge(session, first, other)
    done, category = {"status": WorkStatus.DONE, "user_id": 1}, {"filters": "category=1"}
    if session.scalar(sa.select(BulkEdit.id).limit(1)) is None:
        form = {"name": "Kind 1"}
        session.add(
            BulkEdit(act="tag", form=form, chosen=category, title="Tag “Kind 1”", changed=20_000, **done)
        )
    if session.scalar(sa.select(Export.id).limit(1)) is None:
        session.add(
            Export(
                subject="contacts", format="csv", chosen=category, title="All of a group", rows=90_000, **done
            )
        )
    if session.scalar(sa.select(DetailsRequest.id).limit(1)) is None:
        session.add(DetailsRequest(contact_id=first, status=LetterStatus.SENT))
    if session.scalar(sa.select(Erasure.id).limit(1)) is None:
        session.add(Erasure(gone_id=10**12, why=Why.ASKED, gone={"activity": 50}, status=WorkStatus.DONE))
    form = session.scalar(sa.select(Form).limit(1)) or signup_world.form(session, "Fair")
    session.flush()
    asked = session.scalars(sa.select(DetailsRequest.id).limit(1)).one()
    return {
        "edit_id": [session.scalars(sa.select(BulkEdit.id).limit(1)).one()],
        "erasure_id": [session.scalars(sa.select(Erasure.id).limit(1)).one()],
        "export_id": [session.scalars(sa.select(Export.id).limit(1)).one()],
        "form_id": [form.id],
        "pool_id": [form.pool_id],
        "signup.show.key": [form.key],
        "signup.show_known.key": [form.key],
        "signup.show_known.token": [tokens.sign(Purpose.PREFERENCES, first, 0)],
        "signup.sent.key": [form.key],
        "signup.look.token": [signup_world.token(session, form, "Ann")],
        "topic_id": [session.scalars(sa.select(Topic.id).limit(1)).one()],
        "field_id": [session.scalars(sa.select(Field.id).limit(1)).one()],
        "merge_id": [session.scalars(sa.select(Merge.id).limit(1)).one()],
        "details.show.token": [tokens.sign(Purpose.DETAILS, asked)],
    }
