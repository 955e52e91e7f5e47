"""What was done with the crowd, what they bought, and what is to be done next."""

import random
from collections.abc import Iterator
from typing import Any

from campaigns.crm.models import Kind
from campaigns.demo.history import _STEPS, _TALKS
from tests.bench.crowded.pouring import DAY, Pouring
from tests.bench.crowded.who import Crowd


def talk(into: Pouring, crowd: Crowd, rng: random.Random) -> int:
    """Calls, meetings and notes, purchases, next steps; returns the number of activities."""
    written = into.pour(
        "activity",
        "id, contact_id, kind, at, user_id, summary, detail, source, created_at",
        _talks(into, crowd, rng),
    )
    into.pour("product", "id, name", [(one, f"Product {one}") for one in range(1, 201)])
    into.pour(
        "purchase",
        "id, contact_id, product_id, at, quantity, amount, currency",
        (
            (
                one,
                1 + rng.randrange(crowd.number),
                1 + one % 200,
                into.at(rng.randrange(700 * DAY)),
                1,
                4900,
                "EUR",
            )
            for one in range(1, crowd.number // 2 + 1)
        ),
    )
    into.pour(
        "next_step",
        "id, contact_id, user_id, kind, what, due_on, done_at, outcome, created_at",
        _steps(into, crowd, rng),
    )
    return written


def _talks(into: Pouring, crowd: Crowd, rng: random.Random) -> Iterator[tuple[Any, ...]]:
    kinds = (Kind.CALL, Kind.CALL, Kind.CALL, Kind.MEETING, Kind.NOTE)
    for number in range(1, crowd.number + 1):
        contact, at = 1 + rng.randrange(crowd.number), int(719 * DAY * rng.random() ** 0.5)
        kind, by = kinds[number % 5].value, 1 + number % 12
        if kind != "note":
            crowd.touch(contact, at, kind, by)
        yield number, contact, kind, into.at(at), by, _TALKS[Kind(kind)][number % 2], "", "", into.at(at)


def _steps(into: Pouring, crowd: Crowd, rng: random.Random) -> Iterator[tuple[Any, ...]]:
    """An open one for three in four, and one that was done for every third."""
    number = 0
    for contact in range(1, crowd.number + 1):
        if contact % 4:
            number += 1
            day = 720 + int(rng.triangular(-60, 90, 20))
            crowd.step_on[contact] = day
            yield (
                number,
                contact,
                1 + number % 12,
                "call",
                _STEPS[number % 5],
                into.on(day),
                into.null,
                "",
                into.at(690 * DAY),
            )
        if contact % 3 == 0:
            number += 1
            day = rng.randrange(100, 700)
            yield (
                number,
                contact,
                1 + number % 12,
                "call",
                _STEPS[number % 5],
                into.on(day),
                into.at(day * DAY),
                "Done",
                into.at((day - 5) * DAY),
            )
