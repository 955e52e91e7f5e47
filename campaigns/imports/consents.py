"""What an import writes into the consent ledger: only what moves somebody's state, never a loosening."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from campaigns.consent.ledger import Said
from campaigns.consent.models import Act, Basis, Purpose
from campaigns.consent.standing import Method, Standing, moved
from campaigns.imports.mapping import Incoming, Will
from campaigns.imports.plan import Plan

Standings = Mapping[str, Standing]


class _Entry(NamedTuple):
    """What of an entry decides, before it is written."""

    id: int
    act: str
    basis: str
    method: str
    at: datetime


def entries(plan: Plan, incoming: Incoming, contact_id: int, standings: Standings) -> list[Said]:
    """What the row adds to what is known; nothing when the same was imported before."""
    return [said for said in _said(plan, incoming, contact_id) if _moves(standings.get(said.purpose), said)]


def _said(plan: Plan, incoming: Incoming, contact_id: int) -> Iterator[Said]:
    at = incoming.at or plan.at
    origin = (plan.entry_source, Method.IMPORT, at)
    if incoming.will == Will.UNSUBSCRIBED:
        yield Said(contact_id, Purpose.MAIL, Act.WITHDRAWN, Basis.CONSENT, *origin, user_id=plan.user_id)
    elif incoming.will == Will.AGREES:
        evidence = "; ".join(filter(None, (plan.evidence, incoming.evidence)))
        yield Said(
            contact_id, Purpose.MAIL, Act.GRANTED, plan.basis, *origin,
            wording_id=plan.wording_id, ip=incoming.ip, evidence=evidence, user_id=plan.user_id,
        )  # fmt: skip
    if plan.tracking and (incoming.will == Will.AGREES or plan.tracking == Act.DECLINED):
        yield Said(contact_id, Purpose.TRACKING, plan.tracking, Basis.CONSENT, *origin, user_id=plan.user_id)


def _moves(now: Standing | None, said: Said) -> bool:
    """Whether the entry would change the state, its moment apart."""
    after = moved(now, _Entry(0, said.act, said.basis, said.method, said.at))
    return after is not None and (now is None or (after.state, after.basis) != (now.state, now.basis))
