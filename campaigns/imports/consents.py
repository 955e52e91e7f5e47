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


def entries(plan: Plan, incoming: Incoming, standings: Standings) -> list[tuple[Said, Standing]]:
    """What the row adds to what is known, of contact 0, and where it leaves them.

    Nothing when the same was imported before.
    """
    found = []
    for said in _said(plan, incoming):
        before = standings.get(said.purpose)
        after = moved(before, _Entry(0, said.act, said.basis, said.method, said.at))
        # A change of the moment alone is none.
        if after is not None and (
            before is None or (after.state, after.basis) != (before.state, before.basis)
        ):
            found.append((said, after))
    return found


def _said(plan: Plan, incoming: Incoming) -> Iterator[Said]:
    if plan.held_back and incoming.will == Will.AGREES:
        return
    at = incoming.at or plan.at
    origin = (plan.entry_source, Method.IMPORT, at)
    if incoming.will == Will.UNSUBSCRIBED:
        yield Said(0, Purpose.MAIL, Act.WITHDRAWN, Basis.CONSENT, *origin, user_id=plan.user_id)
    elif incoming.will == Will.AGREES:
        evidence = f"{plan.evidence}; {incoming.evidence}" if plan.evidence else incoming.evidence
        yield Said(
            0, Purpose.MAIL, Act.GRANTED, plan.basis, *origin,
            wording_id=plan.wording_id, ip=incoming.ip, evidence=evidence, user_id=plan.user_id,
        )  # fmt: skip
    if plan.tracking and (incoming.will == Will.AGREES or plan.tracking == Act.DECLINED):
        yield Said(0, Purpose.TRACKING, plan.tracking, Basis.CONSENT, *origin, user_id=plan.user_id)
