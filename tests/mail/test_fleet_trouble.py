"""What becomes of letters when the server says no, says nothing, or hangs up, at each step."""

import time

import pytest

from campaigns.mail.outcomes import Deferred, NotSent, Refused, Step, TransportTrouble, Unknown
from campaigns.mail.smtp import Relay, SmtpConnection
from tests.mail.scripted_server import CLOSE, EVERYTHING, RESET, SILENT, scripted, steps
from tests.mail.sender import TEXT, fleet, parcel, parcels, sent

OFFERS = pytest.mark.parametrize("offers", [EVERYTHING, ("SIZE",)], ids=["pipelining", "one by one"])
TROUBLES = [
    ({"MAIL": "421 4.3.2 closing"}, TransportTrouble, Step.MAIL),
    ({"MAIL": "550 5.7.1 not from you"}, TransportTrouble, Step.MAIL),
    ({"MAIL": "451 4.3.0 later"}, Deferred, Step.MAIL),
    ({"MAIL": "552 5.3.4 too large"}, Refused, Step.MAIL),
    ({"MAIL": CLOSE}, TransportTrouble, Step.MAIL),
    ({"MAIL": SILENT}, TransportTrouble, Step.MAIL),
    ({"MAIL": "garbage"}, TransportTrouble, Step.MAIL),
    ({"MAIL": "354 what?"}, TransportTrouble, Step.MAIL),
    ({"MAIL": "250-" + "x" * 9000}, TransportTrouble, Step.MAIL),
    ({"MAIL": "250-more\r\n" * 200}, TransportTrouble, Step.MAIL),
    ({"RCPT": "421 4.3.2 closing"}, TransportTrouble, Step.RCPT),
    ({"RCPT": "450 4.2.1 greylisted"}, Deferred, Step.RCPT),
    ({"RCPT": "550-5.1.1 unknown\r\n550 5.1.1 really"}, Refused, Step.RCPT),
    ({"RCPT": RESET}, TransportTrouble, Step.RCPT),
    ({"RCPT": SILENT}, TransportTrouble, Step.RCPT),
    ({"DATA": "421 4.3.2 closing"}, TransportTrouble, Step.DATA),
    ({"DATA": "451 4.3.0 later"}, Deferred, Step.DATA),
    ({"DATA": "554 5.5.1 no valid recipients"}, Refused, Step.DATA),
    ({"DATA": "250 odd"}, TransportTrouble, Step.DATA),
    ({"DATA": CLOSE}, TransportTrouble, Step.DATA),
    ({"DATA": "354-go on\r\n354 now"}, None, None),
    ({"DATA": "354 go on\r\n550 5.7.1 no, don't"}, Refused, Step.BODY),
    ({"DATA": "354 go on\r\n421 4.3.2 closing"}, TransportTrouble, Step.BODY),
    ({"DOT": "421 4.3.2 closing"}, TransportTrouble, Step.DOT),
    ({"DOT": "451 4.7.1 later"}, Deferred, Step.DOT),
    ({"DOT": "550 5.7.1 spam"}, Refused, Step.DOT),
    ({"DOT": "552 5.3.4 too large"}, Refused, Step.DOT),
    ({"DOT": CLOSE}, Unknown, Step.DOT),
    ({"DOT": RESET}, Unknown, Step.DOT),
    ({"DOT": SILENT}, Unknown, Step.DOT),
    ({"DOT": "garbage"}, Unknown, Step.DOT),
    ({"DOT": "354 again?"}, Unknown, Step.DOT),
    ({"DOT": "kept close"}, Unknown, Step.DOT),
    ({"DOT": "250 ok close"}, None, None),
]


def told(outcome):
    """What an outcome says, as far as it can be compared."""
    if not isinstance(outcome, NotSent):
        return outcome.code
    return type(outcome), outcome.step, outcome.code, outcome.enhanced


def by_one_connection(server) -> object:
    """What the plain road, letter by letter, makes of it."""
    relay = Relay("127.0.0.1", server.port, tls="none", command_timeout=0.5, dot_timeout=0.7)
    with SmtpConnection(relay) as smtp:
        try:
            return told(smtp.send("b+1@example.com", "ann@example.org", TEXT))
        except NotSent as outcome:
            return told(outcome)


@OFFERS
@pytest.mark.parametrize(("script", "kind", "step"), TROUBLES, ids=lambda value: str(value)[:60])
def test_each_trouble_means_what_it_means_on_the_plain_road(script, kind, step, offers):
    with scripted(steps(**script), offers=offers, lingers=True) as server:
        plain = by_one_connection(server)
    with scripted(steps(**script), offers=offers, lingers=True) as server, fleet(server) as warm:
        done = sent(warm, [parcel(0)])
        server.script = steps()
        after = sent(warm, [parcel(1)])

    outcome = done.outcome(0)
    assert told(outcome) == plain
    assert (type(outcome), outcome.step) == (kind, step) if kind else outcome.code == 250
    assert bool(done.let) == (step in (None, Step.DOT))
    assert after.kinds == ["Reply"]
    assert server.addresses[-1] == "u1@example.org"


@OFFERS
@pytest.mark.parametrize(("script", "kind", "step"), TROUBLES, ids=lambda value: str(value)[:60])
def test_the_letters_before_and_after_are_told_apart(script, kind, step, offers):
    """The second of four letters meets the trouble, in the flight that carries the first one's dot."""
    once = {name: [None, act] for name, act in script.items()}
    with scripted(steps(**once), offers=offers) as server, fleet(server) as warm:
        done = sent(warm, parcels(4))

    hung_up_on = ["MAIL"] == list(script) and type(done.outcome(1)).__name__ == "Reply"  # asked anew
    in_flight = step == Step.DOT and kind in (Unknown, TransportTrouble) and offers == EVERYTHING
    expected = ["Reply", kind.__name__ if kind and not hung_up_on else "Reply", "Reply", "Reply"]
    if in_flight:  # the third was asked about in the same flight
        expected[2] = "TransportTrouble"
        assert done.outcome(2).step == Step.MAIL
    assert done.kinds == expected
    accepted = {f"u{key}@example.org" for key, kind in enumerate(done.kinds) if kind == "Reply"}
    kept = {"u1@example.org"} if script.get("DOT") == "kept close" else set()
    assert set(server.addresses) == accepted | kept
    assert len(server.addresses) == len(set(server.addresses))


@pytest.mark.parametrize("reply", ["421 4.7.0 enough for one connection", CLOSE, RESET, SILENT, "garbage"])
@OFFERS
def test_a_warm_connection_that_is_dead_is_replaced_without_a_word(reply, offers):
    def script(moment):
        return reply if moment.step == "MAIL" and moment.time % 3 == 0 else None

    with scripted(script, offers=offers) as server, fleet(server) as warm:
        done = sent(warm, parcels(4))

    assert done.kinds == ["Reply"] * 4
    assert server.connections == 2


def test_a_letter_on_which_every_connection_closes_is_trouble_in_the_end():
    with scripted() as server, fleet(server, 3) as warm:
        sent(warm, parcels(30))
        server.script = steps(MAIL=CLOSE)
        done = sent(warm, parcels(1, first=9))

    assert done.kinds == ["TransportTrouble"]
    assert done.outcome(9).step == Step.MAIL


def test_one_letter_a_connection_is_slow_but_no_trouble():
    with scripted(steps(DOT="250 2.0.0 ok close")) as server, fleet(server, 3) as warm:
        done = sent(warm, parcels(12))

    assert done.kinds == ["Reply"] * 12
    assert len(server.letters) == 12


def test_a_refused_recipient_costs_the_others_nothing():
    refused = {f"u{key}@example.org" for key in (0, 3, 4, 9)}

    def script(moment):
        return "550 5.1.1 unknown" if moment.step == "RCPT" and moment.to in refused else None

    with scripted(script) as server, fleet(server) as warm:
        done = sent(warm, parcels(10))

    assert [key for key, kind in enumerate(done.kinds) if kind == "Refused"] == [0, 3, 4, 9]
    assert server.connections == 1
    assert set(server.addresses) == {f"u{key}@example.org" for key in range(10)} - refused


def test_data_that_is_agreed_to_for_nobody_is_ended_and_answered_before_going_on():
    """RFC 2920, section 3.1."""

    def script(moment):
        return "550 5.1.1 unknown" if moment.step == "RCPT" and moment.to == "u1@example.org" else None

    with scripted(script, trusting=True) as server, fleet(server) as warm:
        done = sent(warm, parcels(3))

    assert done.kinds == ["Reply", "Refused", "Reply"]
    assert done.let == [0, 2]
    assert server.addresses == ["u0@example.org", "u2@example.org"]
    assert server.connections == 1


def test_a_refused_transaction_is_reset_in_the_flight_of_the_next():
    with scripted(steps(RCPT=["550 5.1.1 no", None])) as server, fleet(server) as warm:
        sent(warm, parcels(2))

    assert [said.split(" ")[0].upper() for _connection, said in server.said] == [
        "EHLO", "MAIL", "RCPT", "DATA", "RSET", "MAIL", "RCPT", "DATA", "QUIT",
    ]  # fmt: skip
    assert server.rounds == 2 + 1 + 1 + 1 + 1


def test_a_server_that_won_t_be_reset_is_left():
    with scripted(steps(RCPT=["550 5.1.1 no"], RSET="500 what?")) as server, fleet(server) as warm:
        done = sent(warm, parcels(2))

    assert done.kinds == ["Refused", "Reply"]
    assert server.connections == 2


@pytest.mark.parametrize("act", ["550 5.7.1 heard enough close", "421 4.3.2 closing", CLOSE, RESET])
def test_a_no_in_the_middle_of_the_letter_is_heard_before_the_dot(act):
    large = parcel(0, raw=b"Subject: x\r\n\r\n" + (b"x" * 998 + b"\r\n") * 30_000)
    with scripted(steps(TEXT=[act])) as server, fleet(server) as warm:
        done = sent(warm, [large, *parcels(2, first=1)])

    assert done.kinds == ["Refused" if act.startswith("550") else "TransportTrouble", "Reply", "Reply"]
    assert done.outcome(0).step == Step.BODY
    assert server.addresses == ["u1@example.org", "u2@example.org"]


def test_a_reply_that_drips_is_not_waited_for_longer_than_a_silent_one():
    def script(moment):
        if moment.step == "DOT":
            server.drip, server.slow_drip = True, 0.05
            return "250 " + "x" * 60
        return None

    with scripted(script) as server, fleet(server) as warm:
        done = sent(warm, parcels(1))

    assert done.kinds == ["Unknown"]


def test_a_server_that_does_not_read_is_left():
    large = parcel(0, raw=b"Subject: x\r\n\r\n" + (b"x" * 998 + b"\r\n") * 30_000)
    with scripted(steps(TEXT="stuck")) as server, fleet(server) as warm:
        done = sent(warm, [large])

    assert (done.kinds, done.outcome(0).step) == (["TransportTrouble"], Step.BODY)


def test_an_answer_that_was_there_in_time_counts_however_late_it_is_read():
    def lets(parcel):
        if parcel.key == 1:
            time.sleep(1)  # longer than any answer may take; that of the other connection is there by then
        return True

    with scripted() as server, fleet(server, 2) as warm:
        done = sent(warm, parcels(6), lets=lets)

    assert done.kinds == ["Reply"] * 6
