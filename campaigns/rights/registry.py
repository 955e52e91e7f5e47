"""What is kept of people, table by table: what of it they get a copy of, and how it goes when they go.

A house test holds this against the schema: a column that is not here, or a table that names contacts and
is not here, fails it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.accounts.models import AuditEntry
from campaigns.audiences.models import Member
from campaigns.cleaning.models import Duplicate, Looked, Merge
from campaigns.consent.models import Consent, ConsentEvent, Suppression, Wording
from campaigns.contacts.change_models import Change
from campaigns.contacts.field_models import contact_value
from campaigns.contacts.models import (
    Category,
    Company,
    Contact,
    FurtherAddress,
    MergedContact,
    Tag,
    contact_category,
    contact_tag,
)
from campaigns.crm.models import Activity, NextStep, Product, Purchase, RunOut
from campaigns.delivery.models import Message
from campaigns.exports.models import AdGiven
from campaigns.mailings.models import Campaign
from campaigns.preferences.models import DetailsRequest
from campaigns.rights import forgetting
from campaigns.rights.models import Erasure
from campaigns.rights.person import Person
from campaigns.signup.models import Form, SignUp, SignUpLetter
from campaigns.signup.reward_models import Card, Coupon, CouponPool
from campaigns.tracking.models import Hit
from campaigns.words import _

OURS = "a number or a mark that only our programs use"
COLLEAGUE = "names a colleague, not the person"
FOLLOWS = "worked out of what else is in the copy"
OTHERS = "says something of another person, too"

Where = Callable[[Person], sa.ColumnElement[bool]]


@dataclass(frozen=True)
class Held:
    """One table: which rows are a person's, what of them is handed out, and what an erasure does to them.

    `named` gives, for a column that is a number of another table's row, what that row is called.
    `forget` takes away what does not go by itself with the contact's row; with `stays` the rows stay, and
    it says why.
    """

    kind: Any
    title: Callable[[], str] | None  # None: nothing of it is for people to read
    theirs: Where
    shown: tuple[str, ...] = ()
    kept_back: Mapping[str, str] = field(default_factory=dict)
    named: Mapping[str, Any] = field(default_factory=dict)
    forget: Callable[[Session, Person], None] | None = None
    stays: str = ""

    @property
    def table(self) -> sa.Table:
        """The table itself."""
        found: sa.Table = sa.inspect(self.kind).local_table if isinstance(self.kind, type) else self.kind
        return found


def _of(kind: Any, column: str = "contact_id") -> Where:
    """The rows that bear the contact's number."""
    columns = sa.inspect(kind).local_table.c if isinstance(kind, type) else kind.c
    return lambda person: columns[column] == person.number


def _ours(*names: str, **others: str) -> dict[str, str]:
    return dict.fromkeys(names, OURS) | others


_ROW = ("id", "contact_id")

HELD: tuple[Held, ...] = (
    Held(
        Contact, lambda: _("Profile"), _of(Contact, "id"),
        ("email", "first_name", "last_name", "phone", "position", "company_id", "language", "timezone",
         "country", "city", "birthday", "birth_year", "note", "decision_role", "channel", "handles", "fields",
         "source", "origins", "verified_at", "paused_until", "rhythm", "created_at", "updated_at",
         "last_contact_at", "last_contact_how", "next_step_on", "restricted_at", "restricted_why",
         "restricted_note"),
        _ours("id", "address_hash", "import_id", domain=FOLLOWS, name_key=FOLLOWS, first_key=FOLLOWS,
              owner_id=COLLEAGUE, restricted_by=COLLEAGUE, last_contact_by=COLLEAGUE),
        {"company_id": Company.name},
    ),
    Held(FurtherAddress, lambda: _("Further addresses"), _of(FurtherAddress),
         ("email", "added_at"), _ours("contact_id")),
    Held(contact_category, lambda: _("Categories"), _of(contact_category), ("category_id",),
         _ours("contact_id"), {"category_id": Category.name}, forgetting.labels),
    Held(contact_tag, lambda: _("Tags"), _of(contact_tag), ("tag_id",),
         _ours("contact_id"), {"tag_id": Tag.name}, forgetting.labels),
    Held(Consent, lambda: _("Consent"), _of(Consent),
         ("purpose", "state", "basis", "at"), _ours("contact_id", "event_id")),
    Held(
        ConsentEvent, lambda: _("Entries about consent"), _of(ConsentEvent),
        ("purpose", "act", "basis", "wording_id", "source", "method", "at", "recorded_at", "page_url", "ip",
         "user_agent", "evidence"),
        _ours(*_ROW, "undoes", user_id=COLLEAGUE), {"wording_id": Wording.text},
    ),
    Held(
        Message, lambda: _("Letters"), lambda person: Message.contact_id.in_(person.numbers),
        ("campaign_id", "address", "status", "reason", "reply", "sent_at", "opened_at", "clicked_at",
         "unsubscribed_at", "bounced_at", "complained_at"),
        _ours(*_ROW, "tries", "fence", "next_try_at", "handed_over_at"), {"campaign_id": Campaign.name},
        forgetting.letters,
    ),
    Held(
        Hit, lambda: _("Opens and clicks"), lambda person: Hit.message_id.in_(forgetting.of_letters(person)),
        ("kind", "at", "campaign_id", "position", "ip", "user_agent", "label"),
        _ours("id", "uid", "message_id", "method", "rule_version"), {"campaign_id": Campaign.name},
        forgetting.hits,
    ),
    Held(Activity, lambda: _("Activities"), _of(Activity), ("kind", "at", "summary", "detail", "created_at"),
         _ours(*_ROW, "source", "once", user_id=COLLEAGUE)),
    Held(NextStep, lambda: _("Next steps"), _of(NextStep),
         ("kind", "what", "due_on", "done_at", "outcome", "created_at"),
         _ours(*_ROW, user_id=COLLEAGUE)),
    Held(Purchase, lambda: _("Purchases"), _of(Purchase),
         ("product_id", "at", "quantity", "amount", "currency", "reference"), _ours(*_ROW),
         {"product_id": Product.name}),
    Held(RunOut, lambda: _("What runs out"), _of(RunOut), ("product_id", "day"), _ours("contact_id"),
         {"product_id": Product.name}),
    Held(DetailsRequest, lambda: _("Asked to confirm"), _of(DetailsRequest),
         ("status", "reason", "own_wish", "asked_at", "sent_at", "answered_at"),
         _ours(*_ROW, user_id=COLLEAGUE)),
    Held(
        SignUp, lambda: _("Forms you filled in"),
        lambda person: sa.or_(SignUp.contact_id == person.number, SignUp.address_hash.in_(person.hashes)),
        ("form_id", "email", "language", "answers", "chosen", "at", "ip", "user_agent", "page_url",
         "confirmed_at"),
        _ours(*_ROW, "revision_id", "address_hash", "brought", network=FOLLOWS, referrer_id=OTHERS),
        {"form_id": Form.name},
        forgetting.sign_ups,
    ),
    Held(SignUpLetter, lambda: _("Asked to confirm a form"),
         lambda person: SignUpLetter.address_hash.in_(person.hashes),
         ("kind", "status", "reason", "asked_at", "sent_at"),
         _ours("id", "sign_up_id", "address_hash", day=FOLLOWS), forget=forgetting.sign_ups),
    Held(Coupon, lambda: _("Coupons"), _of(Coupon),
         ("pool_id", "code", "issued_at", "good_until", "redeemed_at"),
         _ours(*_ROW, "once", "purchase_id", redeemed_by=COLLEAGUE), {"pool_id": CouponPool.worth}),
    Held(Card, lambda: _("Cards"), _of(Card), ("number", "issued_at"), _ours(*_ROW)),
    Held(Change, lambda: _("What was changed lately"), _of(Change), ("before", "after"),
         _ours("set_id", "contact_id", "something_left", "what_left")),
    Held(AdGiven, lambda: _("Given to advertising platforms"), forgetting.given_to_platforms,
         ("list_key", "given_at"), _ours("email_mark", "phone_mark", "export_id"),
         stays="without it the platform could not be told to forget them; only our key reads it"),
    Held(Suppression, lambda: _("Never mailed"), lambda person: Suppression.address_hash.in_(person.hashes),
         ("reason", "beneath", "at"), _ours("id", "address_hash", source=FOLLOWS),
         stays="a seal of the address, so that nobody puts it here again"),
    Held(AuditEntry, lambda: _("The audit log"), forgetting.own_acts, ("at", "act", "ip"),
         _ours("id", "subject", detail=FOLLOWS, user_id=COLLEAGUE), forget=forgetting.trail,
         stays="that it was done; from where is emptied"),
    Held(
        Merge, None,
        lambda person: sa.or_(Merge.contact_id == person.number, Merge.gone_id.in_(person.numbers)),
        (), _ours(*_ROW, "into_id", "gone_id", "score", "moved", "at", "undone_at", gone_label=FOLLOWS,
                  reasons=FOLLOWS, before=FOLLOWS, after=FOLLOWS, left=FOLLOWS, user_id=COLLEAGUE,
                  undone_by=COLLEAGUE),
        forget=forgetting.merges,
    ),
    Held(MergedContact, None, _of(MergedContact), (), _ours("gone_id", "contact_id")),
    Held(contact_value, None, _of(contact_value), (),
         _ours("field_id", "contact_id", word=FOLLOWS, number=FOLLOWS)),
    Held(Looked, None, _of(Looked), (), _ours("contact_id", "seen", mailbox=FOLLOWS, fault=FOLLOWS)),
    Held(Member, None, _of(Member), (), _ours("taking_id", "contact_id")),
    Held(
        Duplicate, None,
        lambda person: sa.or_(Duplicate.a_id == person.number, Duplicate.b_id == person.number),
        (), _ours("id", "a_id", "b_id", "score", "run_id", "found_at", "decided_at", reasons=OTHERS,
                  status=OTHERS, decided_by=COLLEAGUE),
    ),
    Held(Erasure, None, _of(Erasure, "gone_id"), (),
         _ours("id", "gone_id", "why", "known", "gone", "elsewhere", "status", "error", "lease_until",
               "fence", "created_at", "started_at", "finished_at", user_id=COLLEAGUE),
         stays="that there was an erasure, without a name"),
)  # fmt: skip
