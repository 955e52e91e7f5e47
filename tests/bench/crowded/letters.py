"""The crowd's letters: campaigns, a message for each recipient, and what was fetched of it."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.audiences.models import Audience
from campaigns.demo.letters import _NEWS
from campaigns.mailings import rendering
from campaigns.mailings.models import Campaign, Sender, Source, Status, Template
from tests.bench.crowded.patterns import AGENTS, Pattern, patterns
from tests.bench.crowded.pouring import DAY, Pouring
from tests.bench.crowded.who import Crowd

MESSAGE = (
    "id, campaign_id, contact_id, address, status, reason, reply, tries, fence, handed_over_at, "
    "sent_at, opened_at, clicked_at, unsubscribed_at, bounced_at, complained_at"
)
HIT = "id, uid, kind, at, campaign_id, message_id, position, method, ip, user_agent, label, rule_version"
RULES = (
    ("Everybody", "all"),
    ("First group", 'category:"Group 1"'),
    ("Two groups without a kind", '(category:"Group 2" or category:"Group 3") and not tag:"Kind 5"'),
    ("Not spoken to for 90 days", "last_contact < -90d or last_contact is empty"),
    ("A rare kind", 'tag:"Kind 480"'),
    ("People of one firm's kind", 'company ~ "Saw"'),
    ("English speakers in a group", 'language:en and category:"Group 4"'),
    ("Nobody", 'tag:"Kind 0"'),
)


@dataclass
class Course:
    """One campaign's way through the crowd."""

    id: int
    status: Status
    size: int
    start: int  # seconds since the first day
    revision_id: int | None


def campaigns(session: Session, into: Pouring, number: int, contacts: int) -> list[Course]:
    """Write the campaigns; returns those with messages: the largest went to everybody, one is paused."""
    audiences = [Audience(name=name, rule=rule) for name, rule in RULES]
    template = Template(
        name="Autumn news",
        subject="Autumn in the workshop",
        kind=Source.MARKDOWN,
        source=_NEWS,
        language="en",
    )
    session.add_all([*audiences, template])
    session.flush()
    sender = session.scalars(sa.select(Sender).limit(1)).one()
    content = rendering.compose(template.kind, template.source, template.subject, speech="en")
    courses = []
    for one, (status, size) in enumerate(_sizes(number, contacts), 1):
        start = (160 + 554 * one // number) * DAY + 8 * 3600
        launched = status not in (Status.DRAFT, Status.SCHEDULED)
        frozen = rendering.freeze(session, content).id if launched else None
        session.add(
            Campaign(
                id=one,
                name=f"News {one}",
                status=status,
                audience_id=audiences[one % 7].id,
                template_id=template.id,
                sender_id=sender.id,
                revision_id=frozen,
                rule=audiences[one % 7].rule,
                created_at=into.moment(start),
                sender_frozen={"name": sender.name, "address": sender.address, "reply_to": ""},
                started_at=into.moment(start) if launched else None,
                planned_at=into.moment(start) if launched else None,
                finished_at=into.moment(start + 3600) if status in (Status.SENT, Status.CANCELLED) else None,
                scheduled_at=into.moment(790 * DAY) if status == Status.SCHEDULED else None,
            )
        )
        if launched:
            courses.append(Course(one, status, size, start, frozen))
    session.flush()
    return courses


def _sizes(number: int, contacts: int) -> list[tuple[Status, int]]:
    """Five messages for each contact in all; the newest campaigns are the large one and those not sent."""
    large = [(Status.SENT, contacts), (Status.PAUSED, 3 * contacts // 10), (Status.SCHEDULED, 0)]
    large += [(Status.DRAFT, 0)] * 3
    middle = [(Status.SENT, 3 * contacts // 10)] * 2 + [(Status.CANCELLED, contacts // 50)]
    many = number - len(large) - len(middle)
    left = 5 * contacts - sum(size for _status, size in large + middle)
    return [(Status.SENT, left // many)] * many + middle + large


class Post:
    """Writes the messages of one campaign after the other, then what was fetched of each."""

    def __init__(self, into: Pouring, crowd: Crowd, events: int, messages: int, rng: random.Random) -> None:
        self.into, self.crowd, self._rng = into, crowd, rng
        sent = messages * 0.83  # as many as the gate lets through
        self._patterns = patterns(rng, events / sent)
        self.messages = self.hits = self.segments = 0
        self._activities: list[tuple[Any, ...]] = []
        self._fetched: list[tuple[int, int, int, Pattern]] = []  # message, contact, when sent, what

    def write(self, course: Course, activity: int) -> int:
        """Write one campaign; returns the number of the last activity."""
        self._fetched, first = [], self.messages + 1
        self.into.pour("message", MESSAGE, self._messages(course))
        counts: Counter[tuple[int, str, int, str]] = Counter()
        people: Counter[tuple[int, str, int, str]] = Counter()
        self.into.pour("hit", HIT, self._hits(course, counts, people))
        rows = (
            (
                course.id,
                self.into.at(hour * 3600),
                kind,
                position,
                label,
                number,
                people[hour, kind, position, label],
            )
            for (hour, kind, position, label), number in (counts | dict.fromkeys(people - counts, 0)).items()
        )
        self.into.pour("hit_count", "campaign_id, hour, kind, position, label, hits, people", rows)
        columns = "id, contact_id, kind, at, summary, detail, source, once, created_at"
        activity_rows = list(self._engagements(course, activity))
        self.into.pour("activity", columns, activity_rows)
        self._segment(course, first)
        return activity + len(activity_rows)

    def _messages(self, course: Course) -> Iterator[tuple[Any, ...]]:
        null, at, rng, crowd = self.into.null, self.into.at, self._rng.random, self.crowd
        pick, many = self._rng.randrange, len(self._patterns)
        step = crowd.number // course.size
        half = course.size // 2 if course.status in (Status.PAUSED, Status.CANCELLED) else course.size
        empty = (null,) * 7
        for place in range(course.size):
            contact, number = 1 + place * step, self.messages + 1
            self.messages = number
            head = (number, course.id, contact, crowd.email[contact])
            if reason := crowd.refused[contact]:
                yield *head, "skipped", reason, "", 0, 0, *empty
            elif place >= half and course.status == Status.CANCELLED:
                yield *head, "skipped", "cancelled", "", 0, 0, *empty
            elif place >= half:
                state = "deferred" if number % 50 == 0 else "planned"
                yield *head, state, "", "421 4.7.0 Later" if number % 50 == 0 else "", 0, 0, *empty
            elif (luck := rng()) < 0.01:
                why, said = (
                    ("no_such_address", "550 5.1.1 No such user") if luck < 0.007 else ("refused", "554 No")
                )
                yield *head, "failed", why, said, 1, 1, *empty
            elif luck < 0.0101 and course.status == Status.PAUSED:
                yield *head, "uncertain", "no_answer", "", 1, 1, at(course.start), *empty[1:]
            else:
                sent = course.start + 60 + place * 3000 // course.size
                pattern = self._patterns[pick(many)]
                if pattern.hits:
                    self._fetched.append((number, contact, sent, pattern))
                named = not crowd.unfollowed[contact]
                opened = at(sent + pattern.opened) if named and pattern.opened else null
                clicked = at(sent + pattern.clicked) if named and pattern.clicked else null
                yield (
                    *head,
                    "sent",
                    "",
                    "250 2.0.0 Ok",
                    1,
                    1,
                    at(sent),
                    at(sent),
                    opened,
                    clicked,
                    at(sent + DAY) if luck > 0.997 else null,
                    at(sent + 600) if 0.5 < luck < 0.504 else null,
                    at(sent + DAY) if 0.6 < luck < 0.6005 else null,
                )

    def _hits(self, course: Course, counts: Counter, people: Counter) -> Iterator[tuple[Any, ...]]:
        null, at, number = self.into.null, self.into.at, self.hits
        for message, contact, sent, pattern in self._fetched:
            named = not self.crowd.unfollowed[contact]
            who, place = (message, "192.0.2.0/24") if named else (null, "")
            for kind, delay, position, label, agent in pattern.hits:
                number += 1
                hour = (sent + delay) // 3600
                counts[hour, kind, 0, label] += 1
                if position:
                    counts[hour, kind, position, label] += 1
                yield (
                    number,
                    f"c{number:010}",
                    kind,
                    at(sent + delay),
                    course.id,
                    who,
                    position,
                    "GET",
                    place,
                    AGENTS[agent],
                    label,
                    1,
                )
            if named:
                for kind, position, label, delay in pattern.firsts:
                    people[(sent + delay) // 3600, kind, position, label] += 1
        self.hits = number

    def _engagements(self, course: Course, number: int) -> Iterator[tuple[Any, ...]]:
        """An activity for each first open or click by a person who may be followed."""
        links = {1: "See the cutter sets", 2: "Find a workshop near you"}
        for message, contact, sent, pattern in self._fetched:
            if self.crowd.unfollowed[contact]:
                continue
            for kind, delay in (("open", pattern.opened), ("click", pattern.clicked)):
                if delay:
                    number += 1
                    at = self.into.at(sent + delay)
                    self.crowd.touch(contact, sent + delay, kind)
                    detail = links[pattern.link] if kind == "click" else ""
                    yield (
                        number,
                        contact,
                        kind,
                        at,
                        f"News {course.id}",
                        detail,
                        f"campaign:{course.id}",
                        f"{kind}:{message}",
                        at,
                    )

    def _segment(self, course: Course, first: int) -> None:
        """Parts of 500 recipients; those of a paused campaign still have something to do."""
        step, null = self.crowd.number // course.size, self.into.null
        rows = []
        for place in range(0, course.size, 500):
            self.segments += 1
            last = min(place + 499, course.size - 1)
            due = last >= course.size // 2 and course.status == Status.PAUSED
            rows.append(
                (
                    self.segments,
                    course.id,
                    1 + place * step,
                    1 + last * step,
                    self.into.at(course.start) if due else null,
                    "",
                    1,
                )
            )
        self.into.pour(
            "segment", "id, campaign_id, first_contact_id, last_contact_id, due_at, owner, fence", rows
        )
