"""Handing letters over to good, bad and dead mail servers on real sockets."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.mail.outcomes import Deferred, NotSpoken, Refused, Step, TransportTrouble, Unknown
from campaigns.mail.smtp import Relay, SmtpConnection, stuffed
from tests.mail.handing_over import RAW, connection, send
from tests.mail.rude_server import CLOSE, RESET, SILENT, rude_server


class Stopped(Exception):
    pass


def test_a_letter_arrives_as_it_was_and_the_moment_before_the_dot_is_known(smtp_server):
    seen = []
    with connection(smtp_server) as smtp:
        reply = send(smtp, before_dot=lambda: seen.append(len(smtp_server.letters)))

    assert (reply.code, seen) == (250, [0])
    (received,) = smtp_server.letters
    assert (received.envelope_from, received.to, received.raw) == (
        "b+1@example.com",
        ["ann@example.org"],
        RAW,
    )


def test_a_connection_is_used_again(smtp_server):
    with connection(smtp_server) as smtp:
        for number in range(5):
            send(smtp, f"u{number}@example.org")

    assert smtp_server.addresses == [f"u{number}@example.org" for number in range(5)]
    assert smtp_server.connections == 1


def test_a_connection_is_used_again_after_each_refusal(smtp_server):
    smtp_server.at_rcpt = {"no@example.org": "550 5.1.1 nobody", "later@example.org": "450 4.2.1 busy"}
    smtp_server.at_data = {"spam@example.org": "554 5.7.1 spam", "full@example.org": "452 4.2.2 full"}
    outcomes = []
    with connection(smtp_server) as smtp:
        for name in ("no", "later", "spam", "full", "ann"):
            try:
                outcomes.append(send(smtp, f"{name}@example.org").code)
            except (Refused, Deferred) as said:
                outcomes.append((type(said), said.code, said.enhanced, said.step))

    assert outcomes == [
        (Refused, 550, "5.1.1", Step.RCPT), (Deferred, 450, "4.2.1", Step.RCPT),
        (Refused, 554, "5.7.1", Step.DOT), (Deferred, 452, "4.2.2", Step.DOT), 250,
    ]  # fmt: skip
    assert smtp_server.connections == 1
    assert smtp_server.addresses == ["ann@example.org"]


@pytest.mark.parametrize(
    ("script", "outcome", "step"),
    [
        ({"greeting": "421 4.3.2 not now"}, TransportTrouble, Step.CONNECT),
        ({"greeting": "554 5.7.1 no"}, TransportTrouble, Step.CONNECT),
        ({"greeting": CLOSE}, TransportTrouble, Step.CONNECT),
        ({"greeting": SILENT}, TransportTrouble, Step.CONNECT),
        ({"greeting": b"220 slowly slowly slowly"}, TransportTrouble, Step.CONNECT),
        ({"greeting": "HTTP/1.1 400 Bad Request"}, TransportTrouble, Step.CONNECT),
        ({"EHLO": "421 4.3.2 closing"}, TransportTrouble, Step.CONNECT),
        ({"EHLO": SILENT}, TransportTrouble, Step.CONNECT),
        ({"MAIL": "421 4.3.2 closing"}, TransportTrouble, Step.MAIL),
        ({"MAIL": "550 5.7.1 not from you"}, TransportTrouble, Step.MAIL),
        ({"MAIL": "530 5.7.0 sign in first"}, TransportTrouble, Step.MAIL),
        ({"MAIL": "451 4.3.0 later"}, Deferred, Step.MAIL),
        ({"MAIL": "552 5.3.4 too large"}, Refused, Step.MAIL),
        ({"MAIL": CLOSE}, TransportTrouble, Step.MAIL),
        ({"MAIL": SILENT}, TransportTrouble, Step.MAIL),
        ({"MAIL": "garbage"}, TransportTrouble, Step.MAIL),
        ({"MAIL": b"250 dripping one byte a second"}, TransportTrouble, Step.MAIL),
        ({"MAIL": "250-" + "x" * 9000}, TransportTrouble, Step.MAIL),
        ({"MAIL": "250-more\r\n" * 200}, TransportTrouble, Step.MAIL),
        ({"RCPT": "421 4.3.2 closing"}, TransportTrouble, Step.RCPT),
        ({"RCPT": "450 4.2.1 greylisted"}, Deferred, Step.RCPT),
        ({"RCPT": "550 5.1.1 unknown"}, Refused, Step.RCPT),
        ({"RCPT": RESET}, TransportTrouble, Step.RCPT),
        ({"RCPT": SILENT}, TransportTrouble, Step.RCPT),
        ({"DATA": "421 4.3.2 closing"}, TransportTrouble, Step.DATA),
        ({"DATA": "451 4.3.0 later"}, Deferred, Step.DATA),
        ({"DATA": "554 5.5.1 no valid recipients"}, Refused, Step.DATA),
        ({"DATA": "250 odd"}, TransportTrouble, Step.DATA),
        ({"DATA": CLOSE}, TransportTrouble, Step.DATA),
        ({"dot": "421 4.3.2 closing"}, TransportTrouble, Step.DOT),
        ({"dot": "451 4.7.1 later"}, Deferred, Step.DOT),
        ({"dot": "550 5.7.1 spam"}, Refused, Step.DOT),
        ({"dot": CLOSE}, Unknown, Step.DOT),
        ({"dot": RESET}, Unknown, Step.DOT),
        ({"dot": SILENT}, Unknown, Step.DOT),
        ({"dot": "garbage"}, Unknown, Step.DOT),
        ({"dot": "354 again?"}, Unknown, Step.DOT),
        ({"dot": b"250 dripping one byte a second"}, Unknown, Step.DOT),
    ],
    ids=str,
)
def test_each_trouble_at_each_step_is_told_apart(script, outcome, step):
    before_dot = []
    with rude_server(**script) as server, connection(server) as smtp:
        started = time.monotonic()
        with pytest.raises(outcome) as caught:
            send(smtp, before_dot=lambda: before_dot.append(True))

        assert type(caught.value) is outcome
        assert caught.value.step == step
        assert caught.value.text
        assert time.monotonic() - started < 2
        assert bool(before_dot) == (step == Step.DOT)

        server.script.clear()
        assert send(smtp).code == 250
        assert server.letters[-1] == RAW


@pytest.mark.parametrize("act", ["550 5.7.1 heard enough", "421 4.3.2 closing", CLOSE, RESET])
def test_a_no_in_the_middle_of_the_letter_is_heard_before_the_dot(act):
    large = RAW.replace(b"Hello", b"Hello" * 10) + b"x" * 76 * 50_000
    called = []
    with rude_server(body=act) as server, connection(server) as smtp:
        with pytest.raises((TransportTrouble, Refused)) as caught:
            smtp.send(
                "b@example.com", "ann@example.org", large, before_dot=lambda: called.append(time.sleep(0.2))
            )

        server.script.clear()
        assert send(smtp).code == 250

    assert isinstance(caught.value, Refused) == str(act).startswith("550")
    assert server.letters == [RAW]


def test_what_stops_the_work_before_the_dot_leaves_no_letter_behind():
    def stop():
        raise Stopped

    with rude_server() as server, connection(server) as smtp:
        with pytest.raises(Stopped):
            send(smtp, before_dot=stop)
        send(smtp)

    assert server.letters == [RAW]
    assert server.connections == 2


def test_a_kept_connection_that_died_is_replaced_without_a_word():
    with (
        rude_server(MAIL=[None, "421 4.4.2 idle too long", None, CLOSE, None]) as server,
        connection(server) as smtp,
    ):
        assert [send(smtp).code for _ in range(3)] == [250, 250, 250]

    assert len(server.letters) == 3
    assert server.connections == 3


def test_a_refused_transaction_is_reset_before_the_next():
    with rude_server(RCPT=["550 5.1.1 no", None]) as server, connection(server) as smtp:
        with pytest.raises(Refused):
            send(smtp)
        send(smtp)

    assert [line.split(" ")[0].upper() for line in server.said] == [
        "EHLO",
        "MAIL",
        "RCPT",
        "RSET",
        "MAIL",
        "RCPT",
        "DATA",
        "QUIT",
    ]


def test_the_envelope_says_what_the_server_offers():
    with rude_server() as server, connection(server) as smtp:
        send(smtp, to="ann@müller.example", envelope_id="7+ü 1")

    assert server.said[1] == f"MAIL FROM:<b+1@example.com> SIZE={len(RAW)} RET=HDRS ENVID=7+2B+C3+BC+201"
    assert server.said[2] == "RCPT TO:<ann@xn--mller-kva.example>"


def test_an_address_that_needs_smtputf8_goes_only_where_it_is_offered():
    with rude_server() as server, connection(server) as smtp, pytest.raises(NotSpoken) as caught:
        send(smtp, to="jörg@example.org")
    assert (caught.value.code, caught.value.enhanced) == (553, "5.6.7")

    ehlo = "250-rude.example\r\n250 SMTPUTF8"
    with rude_server(EHLO=ehlo) as server, connection(server) as smtp:
        send(smtp, to="jörg@example.org")
    assert server.said[1:3] == ["MAIL FROM:<b+1@example.com> SMTPUTF8", "RCPT TO:<jörg@example.org>"]


def test_what_is_no_address_is_refused_without_asking():
    with rude_server() as server, connection(server) as smtp, pytest.raises(Refused) as caught:
        send(smtp, to="ann@example.org>\r\nRSET")

    assert (caught.value.enhanced, server.said) == ("5.1.3", [])


def test_policy_is_told_apart_from_the_address():
    assert Refused("no", Step.RCPT, 554, "5.7.1").about_sender
    assert not Refused("no", Step.RCPT, 550, "5.1.1").about_sender


@pytest.mark.parametrize(
    ("host", "port", "words"),
    [("127.0.0.1", 1, "refuses connections"), ("nowhere.invalid", 25, "was not found")],
)
def test_a_server_that_is_not_there_is_named(host, port, words):
    with pytest.raises(TransportTrouble, match=words):
        send(SmtpConnection(Relay(host, port, tls="none", connect_timeout=2)))


@settings(max_examples=500, deadline=None)
@given(
    st.lists(
        st.sampled_from([b".", b"..", b"\r\n", b"\n", b"\r", b"a", b"\r\n.\r\n", b"\n.\n"]), max_size=12
    ).map(b"".join)
)
def test_no_letter_can_end_itself(body):
    wire = stuffed(body)

    assert wire.endswith(b"\r\n")
    assert b"\r\n.\r\n" not in b"\r\n" + wire
    assert wire.replace(b"\r\n", b"").count(b"\r") == wire.replace(b"\r\n", b"").count(b"\n") == 0
    unstuffed = b"\r\n".join(line[1:] if line.startswith(b".") else line for line in wire.split(b"\r\n"))
    tidied = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
    assert unstuffed in (tidied, tidied + b"\r\n")
