"""Processes killed with -9: at each step of a letter, and at random moments of a campaign."""

import random
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
import redis
import sqlalchemy as sa

from campaigns.delivery.models import Segment
from tests.delivery.launching import launch, segments
from tests.faults.invariant import fill, holds
from tests.faults.plant import Plant, wait_for

PEOPLE = 300
SEVERAL = 1_000  # so many that there are claims to come however quickly letters go
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
# Bigger than what fits between the client and a server that does not read.
LONG = "<p>Dear {{ contact.first_name }},</p>" + "<p>All about pliers, and more of it.</p>" * 8_000


@contextmanager
def claims_blocked(plant: Plant, url: str) -> Iterator[Callable[[], object]]:
    """No claim can be committed; gives a question: whether somebody waits to do it."""
    if url.startswith("sqlite"):
        other = sqlite3.connect(sa.make_url(url).database or "", isolation_level=None, timeout=10)
        other.execute("BEGIN IMMEDIATE")
        since = time.monotonic()
        yield lambda: time.monotonic() > since + 1.5
        other.execute("ROLLBACK")
        other.close()
        return
    free = sa.select(Segment.id).where(Segment.lease_until.is_(None)).with_for_update()
    with psycopg.connect(url.replace("+psycopg", "")) as other:
        other.execute(str(free.compile(dialect=sa.dialects.postgresql.dialect())))
        with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as look:
            yield lambda: look.execute(WAITING).fetchone()[0]
        other.rollback()


@pytest.mark.row(1)
@pytest.mark.seeds(20)
def test_before_the_claim_is_committed(session, plant, settings, seed):
    eligible, ineligible = fill(session, SEVERAL, refused=30)
    plant.start()
    campaign = launch(session)
    plant.midway(SEVERAL, 0.2 + 0.02 * seed)

    with claims_blocked(plant, settings.database_url) as somebody_waits:
        wait_for(somebody_waits, 30, "claim that waits", plant.logs)
        plant.in_the_middle(SEVERAL)
        for name in plant.workers():
            plant.kill(name)
    for number in (2, 3):
        plant.start_worker(f"worker{number}")
    plant.ended(campaign)

    holds(plant, campaign, eligible, ineligible)


@pytest.mark.parametrize(
    "step",
    [
        pytest.param("rcpt", marks=pytest.mark.row(2)),
        pytest.param("body", marks=pytest.mark.row(3)),
        pytest.param("dot", marks=pytest.mark.row(5)),
        pytest.param("kept", marks=pytest.mark.row(5)),
        pytest.param("done", marks=pytest.mark.row(6)),
    ],
)
@pytest.mark.seeds(20)
def test_at_a_step_of_a_letter(session, plant, step, seed):
    chance = random.Random(f"{step} {seed} {plant.settings.database_url[:6]}")
    eligible, ineligible = fill(session, PEOPLE, refused=30)
    plant.start()
    campaign = launch(session)
    plant.midway(PEOPLE, chance.uniform(0.15, 0.6))

    plant.trap(step)
    plant.trapped()
    time.sleep(chance.random() / 20)
    plant.in_the_middle(PEOPLE)
    for name in plant.workers():  # the letter that is held is one of theirs
        plant.kill(name)
    plant.let_go()
    for number in (2, 3):
        plant.start_worker(f"worker{number}")
    plant.ended(campaign)

    assert plant.cut >= 1
    holds(plant, campaign, eligible, ineligible)


@pytest.mark.row(2, 3, 5, 6)
@pytest.mark.quick("sqlite")
@pytest.mark.seeds(2)
def test_at_each_step_one_after_the_other(session, plant, seed):
    eligible, ineligible = fill(session, PEOPLE, refused=30)
    plant.start(workers=1)
    campaign = launch(session)
    plant.accepted(30)

    for number, step in enumerate(("rcpt", "body", "dot", "kept", "done")):
        plant.trap(step)
        plant.trapped()
        plant.in_the_middle(PEOPLE)
        plant.kill(f"worker{number}")
        plant.let_go()
        plant.start_worker(f"worker{number + 1}")
        plant.accepted(len(plant.journal()) + 5)
    plant.ended(campaign)

    holds(plant, campaign, eligible, ineligible)


@pytest.mark.row(4)
@pytest.mark.seeds(20)
def test_after_the_hand_over_is_on_record_and_before_the_dot(session, plant, seed):
    """The mail server stops reading within a letter that is longer than what fits on the way."""
    eligible, ineligible = fill(session, 60, refused=6)
    plant.narrow, plant.pace = True, 20
    plant.start()
    campaign = launch(session, html=LONG)
    plant.midway(60, 0.15 + 0.03 * seed)

    plant.trap("body")
    plant.trapped()
    time.sleep(0.2)
    plant.in_the_middle(60)
    for name in plant.workers():
        plant.kill(name)
    plant.let_go()
    for number in (2, 3):
        plant.start_worker(f"worker{number}")
    plant.ended(campaign)

    holds(plant, campaign, eligible, ineligible)


@pytest.mark.row(7)
@pytest.mark.seeds(20)
def test_before_the_queue_hears_that_the_job_is_done(session, plant, seed):
    chance = random.Random(f"7 {seed} {plant.settings.database_url[:6]}")
    eligible, ineligible = fill(session, PEOPLE, refused=30)
    plant.start(workers=1)
    campaign = launch(session)
    plant.midway(PEOPLE, chance.uniform(0.15, 0.6))

    # The queue stands still: what ends from here on is done in the database, and not acknowledged.
    plant.signal("queue", signal.SIGSTOP)
    over = sum(segment.due_at is None for segment in segments(campaign))
    wait_for(
        lambda: sum(segment.due_at is None for segment in segments(campaign)) > over,
        30, "segment that is done", plant.logs,
    )  # fmt: skip
    plant.in_the_middle(PEOPLE)
    plant.kill("worker0")
    plant.signal("queue", signal.SIGCONT)
    with redis.Redis(port=plant.queue_port) as queue:
        unheard = [key for key in queue.scan_iter() if b"__acks__" in key and b"sending" in key]
    assert unheard, "everything was acknowledged: this run shows nothing"
    plant.start_worker("worker1")
    plant.ended(campaign)

    holds(plant, campaign, eligible, ineligible)


@pytest.mark.row(8)
@pytest.mark.seeds(40)
def test_every_role_at_random(session, plant, seed):
    chance = random.Random(f"8 {seed} {plant.settings.database_url[:6]}")
    eligible, ineligible = fill(session, PEOPLE, refused=30)
    plant.pace = 40
    plant.start()
    plant.start_web()
    campaign = launch(session)
    plant.midway(PEOPLE, 0.1)

    hits, until = 0, time.monotonic() + 90  # a busy machine takes longer to start a part than it lives
    while len(plant.journal()) < PEOPLE * 0.8 and time.monotonic() < until:
        time.sleep(chance.uniform(0.1, 1.5))
        hits += 0.1 <= len(plant.journal()) / PEOPLE <= 0.9
        plant.kill_one(chance, "worker", "worker", "clock", "queue", "sink", "web")
    plant.ended(campaign, 180)

    assert hits >= 2
    holds(plant, campaign, eligible, ineligible)


@pytest.mark.row(8)
@pytest.mark.quick("postgresql")
@pytest.mark.seeds(2)
def test_workers_again_and_again(session, plant, seed):
    chance = random.Random(7 + seed)
    eligible, ineligible = fill(session, 800, refused=80)
    plant.pace = 100
    plant.start(workers=3)
    campaign = launch(session)

    for number in range(5):
        plant.accepted(100 + 120 * number)
        plant.in_the_middle(800)
        plant.kill_one(chance, "worker")
    plant.ended(campaign, 180)

    holds(plant, campaign, eligible, ineligible)
