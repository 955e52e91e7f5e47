"""What writing one letter takes, stage by stage: the plain road and the fast one, in turns.

`bin/bench letters [--letters 300] [--rounds 7] [--database sqlite|postgresql] [--json]`: microseconds of
processor time a letter, the median of the rounds and the best one. The letter is that of `bin/bench send`;
everybody is followed by name. `values` is looking contacts up, 500 at a time.
"""

import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import sqlalchemy as sa

from campaigns.consent import gate
from campaigns.contacts.models import Contact
from campaigns.database import reading, transaction
from campaigns.delivery import addresses, writing
from campaigns.delivery.editions import Edition
from campaigns.delivery.pressing import Road
from campaigns.delivery.writing import Recipient
from campaigns.mail import compile, dkim, press
from campaigns.mailings import merging, rendering
from campaigns.mailings.models import Campaign
from tests.bench import filling, ground, newsletter
from tests.delivery.launching import launch

_AT_ONCE = 500
Stage = Callable[[], object]


@dataclass
class Case:
    """One edition and the people it goes to."""

    edition: Edition
    people: list[Recipient]

    @property
    def ids(self) -> list[int]:
        """Their contacts."""
        return [one.contact_id for one in self.people]


def prepared(letters: int) -> Case:
    """A campaign about to be sent, and what is known of its recipients."""
    filling.fill(max(letters, _AT_ONCE))
    with transaction() as session:
        campaign_id = launch(session, html=newsletter.html(), subject="News of the season").id
    with reading() as session:
        edition = replace(writing.edition(session, session.get_one(Campaign, campaign_id)), keys=())
        rows = session.execute(sa.select(Contact.id, Contact.email).order_by(Contact.id).limit(letters)).all()
        known = writing.known(session, [row.id for row in rows], edition)
    return Case(edition, [Recipient(id_ + 10**6, id_, email, 0, *known[id_]) for id_, email in rows])


def stages(case: Case) -> dict[str, tuple[Stage, Stage]]:
    """Each stage for all letters, on the plain road and on the fast one."""
    edition, people = case.edition, case.people
    road = writing.road(edition)
    letter = road.letter(people[0].said)
    marks = [road.marker.stamp(one.contact_id, one.message_id) for one in people]
    values = [{"contact": one.contact} for one in people]
    plain = [writing.composed(edition, one) for one in people]
    finished = [writing.write(edition, one).raw for one in people]
    unsigned = [road.write(one, press.to(one.contact["name"], one.address)) for one in people]
    signed = [replace(edition, keys=(_key(kind),)) for kind in ("rsa", "ed25519")]
    both = [*zip(marks, values, strict=True)]
    return {
        "values": (lambda: _look_up(case), lambda: _know(case)),
        "tokens": (
            lambda: [_tokens(edition, one) for one in people],
            lambda: [road.marker.stamp(one.contact_id, one.message_id) for one in people],
        ),
        "html": (
            lambda: [_plain_part(edition.letterer.html, edition, one) for one in people],
            lambda: [letter.html.fill(*one) for one in both],
        ),
        "text": (
            lambda: [_plain_part(edition.letterer.text, edition, one) for one in people],
            lambda: [letter.text.fill(*one) for one in both],
        ),
        "headers": (lambda: [compile.head(one) for one in plain], lambda: _heads(road, people, marks)),
        "hash": (lambda: [dkim.covered(raw) for raw in finished], lambda: [one.to_sign for one in unsigned]),
        "all, unsigned": _whole(edition, people),
        "all, rsa2048": _whole(signed[0], people),
        "all, ed25519": _whole(signed[1], people),
    }


def _whole(edition: Edition, people: Sequence[Recipient]) -> tuple[Stage, Stage]:
    return (
        lambda: [writing.write(edition, one) for one in people],
        lambda: writing.write_many(edition, people),
    )


def _key(kind: str) -> dkim.DkimKey:
    pem, _record = dkim.new_key("ed25519" if kind == "ed25519" else "rsa")
    return dkim.DkimKey("example.com", "s1", pem)


def _look_up(case: Case) -> None:
    with reading() as session:
        for at in range(0, len(case.people), _AT_ONCE):
            ids = case.ids[at : at + _AT_ONCE]
            merging.of_contacts(session, ids, case.edition.letterer.names)
            gate.tracking_states(session, ids)


def _know(case: Case) -> None:
    with reading() as session:
        for at in range(0, len(case.people), _AT_ONCE):
            writing.known(session, case.ids[at : at + _AT_ONCE], case.edition)


def _tokens(edition: Edition, one: Recipient) -> None:
    addresses.unsubscribe(one.contact_id, one.message_id)
    addresses.preferences(one.contact_id, one.message_id)
    addresses.pixel(one.message_id)
    addresses.header_id(one.message_id, edition.domain)
    addresses.envelope_from(one.message_id, edition.bounce_domain)
    for place in range(1, len(edition.letterer.links) + 1):
        addresses.click(one.message_id, place)


def _plain_part(template: rendering.Compiled, edition: Edition, one: Recipient) -> None:
    urls = {f"link_{place}": "http://localhost/c/" + "x" * 30 for place in range(1, 7)}
    links = {"unsubscribe_url": "http://localhost/u/" + "x" * 30}
    said = template.render({**merging.values(one.contact, edition.firm, links), **urls})
    compile.encode_body(said)


def _heads(road: Road, people: Sequence[Recipient], marks: list[list[str]]) -> None:
    for one, found in zip(people, marks, strict=True):
        to, subject = press.to(one.contact["name"], one.address), press.subject("News of the season")
        road.head.fill(to, subject, found[4], found[0])


def measure(case: Case, rounds: int) -> dict[str, dict[str, float]]:
    """Microseconds a letter for each stage: plain, fast, each median and best."""
    work = stages(case)
    took: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in work}
    for _round in range(rounds):
        for name, pair in work.items():
            for stage, times in zip(pair, took[name], strict=True):
                began = time.process_time()
                stage()
                times.append((time.process_time() - began) / len(case.people) * 1e6)
    return {
        name: {
            "plain": statistics.median(plain), "plain_best": min(plain),
            "fast": statistics.median(fast), "fast_best": min(fast),
        }
        for name, (plain, fast) in took.items()
    }  # fmt: skip


def main() -> None:
    """Prepare, measure, print."""
    given = ground.asked("letters", "sqlite", letters=300, rounds=7)
    with tempfile.TemporaryDirectory() as folder, ground.ground(given.database, Path(folder)):
        case = prepared(given.letters)
        size = len(writing.write(case.edition, case.people[0]).raw)
        found = measure(case, given.rounds)
    if given.json:
        print(json.dumps({"bytes": size, "database": given.database, "microseconds": found}))
        return
    print(f"One letter of {size:,} bytes, {given.letters} at a time; µs of processor time, median (best)")
    print(f"{'':16}{'plain':>18}{'fast':>18}{'ratio':>8}")
    for name, one in found.items():
        shown = [f"{one[road]:.1f} ({one[road + '_best']:.1f})" for road in ("plain", "fast")]
        print(f"{name:16}{shown[0]:>18}{shown[1]:>18}{one['plain'] / one['fast']:>8.1f}")
