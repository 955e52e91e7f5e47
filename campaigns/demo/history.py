"""What happened with the sample contacts: purchases, calls, meetings, notes, and what is to do next."""

import random
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.accounts.models import User
from campaigns.contacts.models import Contact
from campaigns.crm import runouts
from campaigns.crm.models import TOUCHES, Activity, Kind, NextStep, Product, Purchase
from campaigns.database import now

_PRICES = (4_900, 9_900, 24_900, 1_900, 119_000, 3_400)
_TALKS = {
    Kind.CALL: (
        "Asked how the new cutters hold up.",
        "Called back about delivery.",
        "Wants an offer by Friday.",
    ),
    Kind.MEETING: ("Visited the workshop.", "Met at the fair, showed the grinder."),
    Kind.NOTE: ("Prefers letters in the morning.", "Their buyer is on leave until next month."),
}
_STEPS = (
    "Send the offer",
    "Call about the grinder",
    "Ask how the trial went",
    "Visit the workshop",
    "Say thank you",
)


def write(
    session: Session, ids: list[int], team: list[User], products: list[Product], rng: random.Random
) -> dict[str, int]:
    """Write it all; last contact and next step of each contact follow from it."""
    bought = [row for number in ids if rng.random() < 0.55 for row in _purchases(number, products, rng)]
    talked = [row for number in ids if rng.random() < 0.6 for row in _talks(number, team, rng)]
    steps = [_step(number, team, rng) for number in ids if rng.random() < 0.75]
    session.execute(sa.insert(Purchase), bought)
    while runouts.renew_some(session):
        pass
    session.execute(sa.insert(Activity), talked)
    session.execute(sa.insert(NextStep), steps)
    _remember_last(session, talked)
    session.execute(
        sa.update(Contact), [{"id": step["contact_id"], "next_step_on": step["due_on"]} for step in steps]
    )
    return {"purchases": len(bought), "activities": len(talked), "next_steps": len(steps)}


def _before(rng: random.Random, days: int) -> datetime:
    """A moment of a working day within the last `days`."""
    day = now() - timedelta(days=rng.randrange(1, days))
    return day.replace(hour=rng.randrange(7, 17), minute=rng.randrange(60), second=0, microsecond=0)


def _purchases(number: int, products: list[Product], rng: random.Random) -> list[dict[str, Any]]:
    rows = []
    for _time in range(rng.choices((1, 2, 3, 5), (5, 3, 2, 1))[0]):
        place = rng.randrange(len(products))
        quantity = rng.choice((1, 1, 1, 2, 4))
        rows.append(
            {
                "contact_id": number,
                "product_id": products[place].id,
                "at": _before(rng, 720),
                "quantity": quantity,
                "amount": quantity * _PRICES[place],
                "currency": "EUR",
            }
        )
    return rows


def _talks(number: int, team: list[User], rng: random.Random) -> list[dict[str, Any]]:
    rows = []
    for _time in range(rng.choices((1, 2, 4), (5, 3, 1))[0]):
        kind = rng.choices((Kind.CALL, Kind.MEETING, Kind.NOTE), (6, 2, 3))[0]
        rows.append(
            {
                "contact_id": number,
                "kind": kind,
                "at": _before(rng, 400),
                "user_id": rng.choice(team).id,
                "summary": rng.choice(_TALKS[kind]),
                "detail": "",
                "source": "",
                "once": None,
            }
        )
    return rows


def _step(number: int, team: list[User], rng: random.Random) -> dict[str, Any]:
    due = now().date() + timedelta(days=rng.choices((-6, -2, 0, 1, 4, 10, 25), (2, 2, 3, 4, 6, 8, 8))[0])
    return {
        "contact_id": number,
        "user_id": rng.choice(team).id,
        "kind": rng.choice((Kind.CALL, Kind.CALL, Kind.LETTER, Kind.MEETING)),
        "what": rng.choice(_STEPS),
        "due_on": due,
    }


def _remember_last(session: Session, talked: list[dict[str, Any]]) -> None:
    """The newest two-way touch of each contact stands on the contact."""
    newest: dict[int, dict[str, Any]] = {}
    for row in sorted((row for row in talked if row["kind"] in TOUCHES), key=lambda row: row["at"]):
        newest[row["contact_id"]] = {
            "id": row["contact_id"],
            "last_contact_at": row["at"],
            "last_contact_by": row["user_id"],
            "last_contact_how": row["kind"],
        }
    session.execute(sa.update(Contact), list(newest.values()))
