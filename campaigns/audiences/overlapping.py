"""What two audiences share: how many are in both and in each alone, and who they are."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from campaigns.audiences import counting, expanding, sampling
from campaigns.audiences.models import Audience
from campaigns.audiences.nodes import And, Node, Not
from campaigns.contacts.models import Contact


@dataclass(frozen=True)
class Overlap:
    """How many fit both rules, only the first, only the second; also those who may not be mailed."""

    both: int
    only_first: int
    only_second: int

    @property
    def either(self) -> int:
        """All of them."""
        return self.both + self.only_first + self.only_second


def overlap(session: Session, first: Audience, second: Audience) -> Overlap:
    """Counted exactly; raises RuleProblem."""
    one, other = (expanding.whole(session, audience) for audience in (first, second))
    both = counting.count(session, And((one, other)))
    return Overlap(both, counting.count(session, one) - both, counting.count(session, other) - both)


def rule(session: Session, first: Audience, second: Audience, both: bool) -> Node:
    """The rule of those in both, or in the first alone."""
    one, other = (expanding.whole(session, audience) for audience in (first, second))
    return And((one, other if both else Not(other)))


def people(
    session: Session, first: Audience, second: Audience, both: bool, after: int, limit: int
) -> Sequence[Contact]:
    """Those in both, or in the first alone, by number from beyond `after` on; also who may not be mailed."""
    return sampling.page(session, rule(session, first, second, both), None, after, limit)
