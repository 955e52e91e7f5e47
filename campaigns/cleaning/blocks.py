"""Pairs within a block: people who share something are compared only where their names begin alike."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import combinations

from campaigns.cleaning.likeness import Person, judge
from campaigns.cleaning.models import Reason

Pairs = dict[tuple[int, int], tuple[list[str], int]]

_HOUSEHOLD = 5  # a phone that more share is a firm's: it alone says nothing
FEW = 20  # so many are compared each with each
_MANY = 400  # whoever begins alike is told apart by more letters
_NEAR = 12  # of still more, each is compared with so many neighbours


def pairs(people: Sequence[Person], shared: Reason, ours: Collection[int] | None = None) -> Pairs:
    """Who of these people, of whom `shared` is the same, look like one person: pair → reasons and score.

    With `ours` only pairs that one of those is in. Whose data are only kept is in none.
    """
    found: Pairs = {}
    usable = [person for person in people if person.restricted_at is None]
    for one, other in _candidates(usable, shared):
        if ours is not None and one.id not in ours and other.id not in ours:
            continue
        a, b = sorted((one, other), key=lambda person: person.id)
        if (a.id, b.id) not in found:
            reasons, score = judge(a, b, shared)
            if reasons and not (reasons == [Reason.PHONE] and len(people) > _HOUSEHOLD):
                found[a.id, b.id] = [str(reason) for reason in reasons], score
    return found


def _candidates(people: Sequence[Person], shared: Reason) -> Iterator[tuple[Person, Person]]:
    if len(people) <= FEW or shared == Reason.MAILBOX:
        yield from combinations(people[:_MANY], 2)
        return
    yield from _beginning_alike(people, 2)


def _beginning_alike(people: Iterable[Person], letters: int) -> Iterator[tuple[Person, Person]]:
    """Those of whom a word of the name begins with the same letters, whichever word."""
    buckets: dict[str, list[Person]] = defaultdict(list)
    for person in people:
        for beginning in {word[:letters] for word in person.words}:
            buckets[beginning].append(person)
    for bucket in buckets.values():
        if len(bucket) <= _MANY:
            yield from combinations(bucket, 2)
        elif letters < 4:
            yield from _beginning_alike(bucket, 4)
        else:
            yield from _neighbours(bucket)


def _neighbours(people: Iterable[Person]) -> Iterator[tuple[Person, Person]]:
    ordered = sorted(people, key=lambda person: (sorted(person.words), person.id))
    for at, one in enumerate(ordered):
        for other in ordered[at + 1 : at + 1 + _NEAR]:
            yield one, other
