"""The fields that a rule may ask about, what each holds, and how it may be compared."""

from enum import StrEnum

from campaigns.audiences.nodes import Op
from campaigns.contacts.models import Channel, DecisionRole


class Kind(StrEnum):
    """What sort of thing a field holds; it decides which comparisons make sense."""

    LABEL = "label"  # categories and tags: a contact has any number
    TEXT = "text"
    DAY = "day"
    BIRTHDAY = "birthday"  # a day of the year
    NUMBER = "number"
    STATE = "state"  # what somebody said about one purpose
    CHOICE = "choice"  # one of a few words, or none
    BATCH = "batch"  # the import that brought somebody
    AUDIENCE = "audience"
    MEMBERS = "members"  # of a static audience, as taken at one moment
    DEED = "deed"  # what was done: bought, opened, called, …
    CUSTOM = "custom"  # a field that the firm made, of the kind that it chose


_EMPTY = (Op.EMPTY, Op.FILLED)
_NAMED = (Op.IS, Op.IS_NOT, Op.HAS, Op.LIKE, Op.IN, *_EMPTY)
_MEASURED = (Op.IS, Op.IS_NOT, Op.BEFORE, Op.AFTER, Op.UNTIL, Op.SINCE, *_EMPTY)
OPS: dict[Kind, tuple[Op, ...]] = {
    Kind.LABEL: _NAMED,
    Kind.TEXT: _NAMED,
    Kind.DAY: _MEASURED,
    Kind.BIRTHDAY: _MEASURED,
    Kind.NUMBER: _MEASURED,
    Kind.STATE: (Op.IS, Op.IS_NOT, Op.IN),
    Kind.CHOICE: (Op.IS, Op.IS_NOT, Op.IN, *_EMPTY),
    Kind.BATCH: (Op.IS, Op.IS_NOT, Op.IN, *_EMPTY),
    Kind.AUDIENCE: (Op.IS, Op.IS_NOT, Op.IN),
    Kind.MEMBERS: (Op.IS,),
    Kind.DEED: (Op.IS, Op.IS_NOT, Op.HAS, Op.IN, *_EMPTY),
    Kind.CUSTOM: tuple(Op),
}

STATES = ("granted", "confirmed", "unconfirmed", "declined", "withdrawn", "objected", "expired", "none")
CUSTOM = "fields"  # written `fields."Shoe size"`: a field the firm made, or a column of an import
COMPANY_CUSTOM = "company_fields"  # the same of the company
MEMBERS = "members"  # written by us when a campaign is launched

FIELDS: dict[str, Kind] = {
    "category": Kind.LABEL,
    "tag": Kind.LABEL,
    "email": Kind.TEXT,
    "domain": Kind.TEXT,
    "first_name": Kind.TEXT,
    "last_name": Kind.TEXT,
    "phone": Kind.TEXT,
    "language": Kind.TEXT,
    "country": Kind.TEXT,
    "city": Kind.TEXT,
    "timezone": Kind.TEXT,
    "position": Kind.TEXT,
    "role": Kind.CHOICE,
    "channel": Kind.CHOICE,
    "company": Kind.TEXT,
    "industry": Kind.TEXT,
    "legal_form": Kind.TEXT,
    "headcount": Kind.NUMBER,
    "company_country": Kind.TEXT,
    "parent": Kind.TEXT,
    "note": Kind.TEXT,
    "source": Kind.TEXT,
    "owner": Kind.TEXT,
    "import": Kind.BATCH,
    "birthday": Kind.BIRTHDAY,
    "created": Kind.DAY,
    "verified": Kind.DAY,
    "last_contact": Kind.DAY,
    "next_step": Kind.DAY,
    "consent": Kind.STATE,
    "tracking": Kind.STATE,
    "profiling": Kind.STATE,
    "ad_platforms": Kind.STATE,
    "bought": Kind.DEED,
    "runs_out": Kind.DEED,
    "sent": Kind.DEED,
    "opened": Kind.DEED,
    "clicked": Kind.DEED,
    "replied": Kind.DEED,
    "called": Kind.DEED,
    "met": Kind.DEED,
    "noted": Kind.DEED,
    "wrote": Kind.DEED,
    "signed_up": Kind.DEED,
    "audience": Kind.AUDIENCE,
    MEMBERS: Kind.MEMBERS,
    CUSTOM: Kind.CUSTOM,
    COMPANY_CUSTOM: Kind.CUSTOM,
}
WRITTEN = [
    name for name in FIELDS if name not in (MEMBERS, CUSTOM, COMPANY_CUSTOM)
]  # by people, without a key

# Which words a choice knows; the empty one is written `is empty`.
CHOICES: dict[str, tuple[str, ...]] = {
    "role": tuple(str(one) for one in DecisionRole if one),
    "channel": tuple(str(one) for one in Channel if one),
}

# What a deed is done with: products and campaigns have names, the others have none.
LETTERS = ("sent", "opened", "clicked", "replied")
OF_PRODUCTS = ("bought", "runs_out")
WITH_NAMES = (*OF_PRODUCTS, *LETTERS)
PERIOD = {"since": Op.SINCE, "after": Op.AFTER, "until": Op.UNTIL, "before": Op.BEFORE}
MEASURES = ("times", "first", "last", "quantity", "sum")
_OF_PURCHASES = ("quantity", "sum")


# Where hardly two have the same, or a text is long, looking for what is similar would take too long.
_NOT_SIMILAR = ("email", "phone", "note", "owner")


def measures(deed: str) -> tuple[str, ...]:
    """What may be counted of a deed."""
    if deed == "runs_out":  # a day for each product, nothing to count
        return ()
    return MEASURES if deed == "bought" else tuple(one for one in MEASURES if one not in _OF_PURCHASES)


def kind(field: str) -> Kind:
    """What sort of field it is."""
    return FIELDS[field]


def ops(field: str) -> tuple[Op, ...]:
    """How the field may be compared."""
    known = OPS[kind(field)]
    return tuple(op for op in known if op != Op.LIKE) if field in _NOT_SIMILAR else known
