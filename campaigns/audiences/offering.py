"""What the builder page offers: fields with their comparisons, and what can be chosen as a value."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.audiences import deeds, wording
from campaigns.audiences import fields as known
from campaigns.audiences.custom import FITTING
from campaigns.audiences.fields import CHOICES, COMPANY_CUSTOM, CUSTOM, STATES, Kind, kind
from campaigns.audiences.models import Audience
from campaigns.audiences.nodes import Op
from campaigns.contacts import fields as made
from campaigns.contacts.field_models import About, Field, FieldKind
from campaigns.contacts.models import Category, Company, Import, Tag
from campaigns.words import LANGUAGES, _, lazy

_MOST = 500
_SEEN_AS = {
    FieldKind.NUMBER: "number",
    FieldKind.MONEY: "number",
    FieldKind.DATE: "day",
    FieldKind.DAY: "birthday",
    FieldKind.CHOICE: "choice",
    FieldKind.CHOICES: "choice",
    FieldKind.YES_NO: "choice",
}
_STATES_SAID = {
    "granted": lazy("agreed"), "confirmed": lazy("agreed and confirmed"),
    "unconfirmed": lazy("not confirmed yet"), "declined": lazy("declined"), "withdrawn": lazy("withdrew"),
    "objected": lazy("objected"), "expired": lazy("expired"), "none": lazy("was never asked"),
}  # fmt: skip
_CHOICES_SAID = {
    "decides": lazy("decides"), "influences": lazy("influences"), "uses": lazy("uses it"),
    "guards": lazy("guards the door"), "email": lazy("mail"), "phone": lazy("phone"),
    "messenger": lazy("messenger"), "meeting": lazy("meeting"), "post": lazy("post"),
}  # fmt: skip
_DETAILS = (*known.PERIOD, *known.MEASURES, "of_last")
Offer = dict[str, Any]


def builder(session: Session) -> Offer:
    """Everything that the builder needs to know, as JSON takes it."""
    fields = {name: _field(session, name) for name in known.WRITTEN}
    groups: list[list[Any]] = [[label, list(names)] for label, names in wording.groups()]
    for about, custom, label in (
        (About.CONTACT, CUSTOM, _("Your own fields")),
        (About.COMPANY, COMPANY_CUSTOM, _("Your own fields of companies")),
    ):
        own = {f"{custom}.{field.key}": _own(custom, field) for field in made.known(session, about).values()}
        own[custom] = _unmade(custom)
        fields |= own
        groups.append([label, list(own)])
    return {"fields": fields, "groups": groups, "details": _details(), "lists": lists(session)}


def _ops(ops: Any, of: Kind) -> list[list[str]]:
    return [[str(op), wording.op(op, of)] for op in ops]


def _field(session: Session, name: str) -> Offer:
    of = kind(name)
    offer: Offer = {"label": wording.field(name), "kind": str(of), "ops": _ops(known.ops(name), of)}
    if of == Kind.DEED:
        offer["ops"] = _deed_ops(name)
        offer["details"] = [what for what in _DETAILS if _goes_with(what, name)]
    choices = _choices(session, name)
    return offer | ({"choices": choices} if choices else {})


def _goes_with(what: str, deed: str) -> bool:
    if what == "of_last":
        return deed in known.LETTERS
    return what in known.PERIOD or what in known.measures(deed)


def _deed_ops(name: str) -> list[list[str]]:
    ops = [[str(Op.FILLED), _("at all")], [str(Op.EMPTY), _("never")]]
    if name not in known.WITH_NAMES:
        return ops
    with_ = [
        [str(Op.IS), _("this one")],
        [str(Op.IN), _("one of these")],
        [str(Op.IS_NOT), _("not this one")],
    ]
    return [*ops, *with_, [str(Op.HAS), _("one with this in its name")]]


def _details() -> dict[str, list[Any]]:
    """What more can be asked of deeds: its name, its sort of value, and whether it is compared."""
    words = wording.measures()
    found: dict[str, list[Any]] = {
        word: [wording.op(op, Kind.DAY), "day", False] for word, op in known.PERIOD.items()
    }
    for what in known.MEASURES:
        sort = "day" if what in ("first", "last") else "number" if what != "sum" else "money"
        found[what] = [words[what], sort, True]
    return found | {"of_last": [_("of so many last campaigns"), "number", False]}


def _choices(session: Session, name: str) -> list[list[str]]:
    if kind(name) == Kind.STATE:
        return [[state, str(_STATES_SAID[state])] for state in STATES]
    if name in CHOICES:
        return [[choice, str(_CHOICES_SAID.get(choice, choice))] for choice in CHOICES[name]]
    if name == "audience":
        names = session.scalars(sa.select(Audience.name).order_by(Audience.name).limit(_MOST))
        return [[one, one] for one in names]
    if name == "import":
        newest = sa.select(Import.id, Import.filename).order_by(Import.id.desc()).limit(_MOST)
        return [[str(number), f"{number}: {filename}"] for number, filename in session.execute(newest)]
    return []


def _own(custom: str, field: Field) -> Offer:
    """A field that the firm made, by its key."""
    of = FieldKind(field.kind)
    seen = _SEEN_AS.get(of, "text")
    ops = [op for op in Op if op in FITTING[of] or op in (Op.EMPTY, Op.FILLED)]
    if Op.IS in ops:
        ops.insert(1, Op.IS_NOT)
    offer: Offer = {"label": field.name, "kind": seen, "field": custom, "key": field.key}
    offer["ops"] = _ops(ops, Kind.DAY if seen in ("day", "birthday") else Kind.NUMBER)
    if seen == "choice":
        options = [[one, one] for one in field.options]
        offer["choices"] = [["yes", _("yes")], ["no", _("no")]] if of == FieldKind.YES_NO else options
    return offer


def _unmade(custom: str) -> Offer:
    """A column of an import that nobody made a field: its name is typed."""
    ops = (Op.IS, Op.IS_NOT, Op.HAS, Op.IN, Op.EMPTY, Op.FILLED)
    return {
        "label": wording.field(custom), "kind": "text", "field": custom, "ask_key": True,
        "ops": _ops(ops, Kind.TEXT),
    }  # fmt: skip


def lists(session: Session) -> dict[str, list[list[str]]]:
    """What may be typed into a field, to be suggested while it is typed."""
    found = {
        name: [[one, ""] for one in session.scalars(sa.select(kind.name).order_by(kind.key).limit(_MOST))]
        for name, kind in (("category", Category), ("tag", Tag), ("company", Company))
    }
    found["language"] = [[code, name] for code, name in LANGUAGES.items()]
    products = [[name, ""] for name in deeds.names(session, "bought")]
    campaigns = [[name, ""] for name in deeds.names(session, "sent")]
    return found | dict.fromkeys(known.OF_PRODUCTS, products) | dict.fromkeys(known.LETTERS, campaigns)
