"""Parting with connections whose answers are missing: they are waited for elsewhere, the others go on."""

import threading
from collections import Counter

import pytest

from campaigns.mail.capture import CapturedMail
from campaigns.mail.fleet import LetterByLetter
from tests.mail.scripted_server import scripted
from tests.mail.sender import Sender, fleet, parcels, sent


@pytest.fixture
def slow():
    """`slow(*addresses)` is a script that answers their dots, or another step, when `slow.go` is set."""

    def script(*addresses, step="DOT", reply=None):
        def answer(moment):
            if moment.step == step and moment.to in addresses:
                script.go.wait(30)
                return reply
            return None

        return answer

    script.go = threading.Event()
    yield script
    script.go.set()


def patient(server):
    """A fleet that bears with slow servers."""
    return fleet(server, 4, command_timeout=30, dot_timeout=30)


def begun(fleet, count, patience=0.2):
    """So many letters over warm connections, not all of which were answered in time."""
    sent(fleet, parcels(40, first=100))
    sender = Sender(parcels(count))
    assert not fleet.send(sender.pull, sender.before_dot, sender.answered, patience=patience)
    return sender


@pytest.mark.parametrize("step", ["DOT", "RCPT", "DATA"])
def test_who_is_slow_is_waited_for_elsewhere_and_the_others_go_on(slow, step):
    script = slow("u0@example.org", step=step)
    with scripted(script, late=0.01) as server, patient(server) as warm:
        first = begun(warm, 4)
        assert sorted(key for key, _said in first.told) == [1, 2, 3]
        rest = warm.split()
        second = sent(warm, parcels(20, first=10))
        slow.go.set()
        assert rest.send(first.pull, first.before_dot, first.answered)
        rest.close()

    assert second.kinds == ["Reply"] * 20
    assert first.kinds == ["Reply"] * 4
    assert Counter(server.addresses) == Counter(
        f"u{number}@example.org" for number in (*range(4), *range(10, 30), *range(100, 140))
    )
    assert server.connections <= 4


def test_who_waits_on_may_go_on_waiting(slow):
    with scripted(slow("u0@example.org")) as server, patient(server) as warm:
        first = begun(warm, 3)
        assert not warm.send(first.pull, first.before_dot, first.answered, patience=0.1)
        slow.go.set()
        assert warm.send(first.pull, first.before_dot, first.answered, patience=5)

    assert first.kinds == ["Reply"] * 3


def test_as_long_as_they_last_no_others_are_opened_in_their_place(slow):
    script = slow("u0@example.org", "u1@example.org")
    with scripted(script, late=0.01, most=4) as server, patient(server) as warm:
        first = begun(warm, 4)
        rest = warm.split()
        sent(warm, parcels(40, first=10))
        assert server.open_now == 4
        slow.go.set()
        rest.send(first.pull, first.before_dot, first.answered)
        rest.close()
        sent(warm, parcels(40, first=50))
        assert server.open_now == 4

    assert server.connections <= 6


def test_at_least_half_of_the_connections_are_kept(slow):
    stuck = [f"u{number}@example.org" for number in range(3)]
    with scripted(slow(*stuck), late=0.01) as server, patient(server) as warm:
        first = begun(warm, 3)
        assert warm.split() is None
        slow.go.set()
        assert warm.send(first.pull, first.before_dot, first.answered)

    assert first.kinds == ["Reply"] * 3


def test_those_that_were_parted_with_before_count_too(slow):
    script = slow("u0@example.org", "u1@example.org", "u10@example.org")
    with scripted(script, late=0.01) as server, patient(server) as warm:
        first = begun(warm, 2)
        rest = warm.split()
        second = Sender(parcels(2, first=10))
        assert not warm.send(second.pull, second.before_dot, second.answered, patience=0.2)
        assert warm.split() is None
        slow.go.set()
        assert rest.send(first.pull, first.before_dot, first.answered)
        rest.close()
        assert warm.send(second.pull, second.before_dot, second.answered)

    assert first.kinds + second.kinds == ["Reply"] * 4


@pytest.mark.parametrize(("reply", "kind"), [("close", "Unknown"), ("550 5.1.1 no", "Refused")])
def test_whatever_comes_of_them_is_told(slow, reply, kind):
    with scripted(slow("u0@example.org", reply=reply), late=0.01) as server, patient(server) as warm:
        first = begun(warm, 4)
        rest = warm.split()
        slow.go.set()
        assert rest.send(first.pull, first.before_dot, first.answered)
        rest.close()

    assert first.kinds == [kind, "Reply", "Reply", "Reply"]


def test_their_time_is_up_when_it_would_have_been(slow):
    with scripted(slow("u0@example.org"), late=0.01) as server, fleet(server, 4, dot_timeout=0.7) as warm:
        first = begun(warm, 4)
        rest = warm.split()
        assert rest.send(first.pull, first.before_dot, first.answered)
        rest.close()

    assert first.kinds == ["Unknown", "Reply", "Reply", "Reply"]


def test_captured_mail_has_nothing_to_part_with(tmp_path):
    road = LetterByLetter(CapturedMail(tmp_path))
    done = Sender(parcels(2))

    assert road.send(done.pull, done.before_dot, done.answered, patience=0.1)
    assert road.split() is None
