"""Many letters at once: what arrives, what is said on the wire, and in how many flights."""

import threading
import time
from contextlib import closing

import pytest

from campaigns.mail.capture import CapturedMail
from campaigns.mail.fleet import Parcel, SmtpFleet, open_fleet
from campaigns.mail.outcomes import HeldBack, NotSpoken, Refused, Reply, Step
from campaigns.settings import Settings
from tests.mail.scripted_server import scripted
from tests.mail.sender import TEXT, Sender, fleet, parcel, parcels, sent


def test_all_letters_arrive_as_they_were(smtp_server):
    work = parcels(200)
    with fleet(smtp_server, 5) as warm:
        done = sent(warm, work)

    assert set(done.kinds) == {"Reply"}
    assert {(r.envelope_from, r.to[0], r.raw) for r in smtp_server.letters} == {
        (p.envelope_from, p.to, p.raw) for p in work
    }
    assert len(smtp_server.letters) == 200
    assert smtp_server.connections <= 5


def test_a_letter_takes_one_flight_where_the_server_offers_pipelining():
    with scripted() as server, fleet(server) as warm:
        sent(warm, parcels(50))

    # Greeting, EHLO, the first envelope, then one wait for each letter, and the goodbye.
    assert server.rounds == 3 + 50 + 1
    assert [said for _connection, said in server.said][1:7] == [
        f"MAIL FROM:<b+0@example.com> SIZE={len(TEXT) + 3} RET=HDRS", "RCPT TO:<u0@example.org>", "DATA",
        f"MAIL FROM:<b+1@example.com> SIZE={len(TEXT) + 3} RET=HDRS", "RCPT TO:<u1@example.org>", "DATA",
    ]  # fmt: skip


def test_what_can_be_done_meanwhile_is_done_before_the_server_has_answered():
    done = Sender(parcels(1), ahead=20)
    left = []
    with scripted() as server, fleet(server) as warm:
        done.lets = lambda _parcel: left.append(done.ahead) or True
        done.send(warm)

    assert done.kinds == ["Reply"]
    assert left[0] < 20  # its envelope was on the way, or the connection not open yet
    assert done.ahead <= 0


@pytest.mark.parametrize("how", [{"offers": ("SIZE",)}, {"helo_only": True}], ids=str)
def test_one_command_waits_for_the_other_where_it_does_not(how):
    with scripted(**how) as server, fleet(server) as warm:
        done = sent(warm, parcels(5))

    assert done.kinds == ["Reply"] * 5
    assert server.addresses == [f"u{number}@example.org" for number in range(5)]
    assert server.rounds == 2 + ("helo_only" in how) + 4 * 5 + 1


@pytest.mark.parametrize("offers", [("PIPELINING",), ()])
def test_replies_may_come_a_byte_at_a_time_and_in_many_lines(offers):
    def script(moment):
        return "250-2.0.0 taken\r\n250-and\r\n250 2.0.0 queued" if moment.step in ("RCPT", "DOT") else None

    with scripted(script, offers=offers, drip=True) as server, fleet(server) as warm:
        done = sent(warm, parcels(3))

    assert done.outcome(2) == Reply(250, "2.0.0 taken and 2.0.0 queued")
    assert len(server.letters) == 3


def test_a_large_letter_goes_in_pieces_and_whole():
    large = parcel(1, raw=b"Subject: x\r\n\r\n" + (b"x" * 998 + b"\r\n") * 8000)
    with scripted() as server, fleet(server, command_timeout=20) as warm:
        done = sent(warm, [parcel(0), large, parcel(2)])

    assert done.kinds == ["Reply"] * 3
    assert server.letters[1] == (large.to, large.raw)


def test_the_dot_goes_only_after_a_yes_and_in_the_order_of_the_letters():
    with scripted() as server, fleet(server) as warm:
        done = sent(warm, parcels(6), lets=lambda parcel: parcel.key != 2)

    assert done.let == [0, 1, 3, 4, 5]
    assert isinstance(done.outcome(2), HeldBack)
    assert server.addresses == [f"u{key}@example.org" for key in (0, 1, 3, 4, 5)]
    assert server.connections == 2


def test_nothing_of_a_letter_comes_to_the_server_before_it_may_go():
    began = []

    def script(moment):
        if moment.step == "TEXT":
            began.append(moment.to)

    def lets(parcel):
        time.sleep(0.02)
        assert parcel.to not in began
        return True

    with scripted(script) as server, fleet(server, 2) as warm:
        sent(warm, parcels(8), lets=lets)

    assert sorted(began) == sorted(server.addresses) == [f"u{key}@example.org" for key in range(8)]


def test_while_there_is_nothing_to_send_the_last_letter_does_not_wait():
    with scripted() as server, fleet(server) as warm:
        done = sent(warm, [parcel(0), 0.05, parcel(1), 0.05, 0.05, parcel(2)])

    assert done.kinds == ["Reply"] * 3
    assert server.rounds == 2 + 2 * 3 + 1


def test_who_sends_is_asked_again_at_once_when_woken():
    class Waiting(Sender):
        def pull(self):
            given = super().pull()
            asked.set()
            return given

    asked = threading.Event()
    with scripted() as server, fleet(server) as warm:
        sender = Waiting([parcel(0), 3600.0, 3600.0])
        thread = threading.Thread(target=sender.send, args=(warm,))
        thread.start()
        assert asked.wait(5)
        while thread.is_alive():
            warm.wake()
            thread.join(0.02)

    assert sender.kinds == ["Reply"]


def test_the_envelope_says_what_the_server_offers():
    accents = parcel(1, raw="Subject: x\r\n\r\nÜ\r\n".encode())
    with scripted() as server, fleet(server) as warm:
        sent(warm, [parcel(0, to="ann@müller.example", envelope_id="7+ü 1"), accents])

    mails = [said for _connection, said in server.said if said.startswith("MAIL")]
    assert mails == [
        f"MAIL FROM:<b+0@example.com> SIZE={len(TEXT) + 3} RET=HDRS ENVID=7+2B+C3+BC+201",
        f"MAIL FROM:<b+1@example.com> SIZE={len(accents.raw)} BODY=8BITMIME RET=HDRS",
    ]
    assert server.addresses[0] == "ann@xn--mller-kva.example"


def test_what_can_not_be_asked_about_is_told_without_asking():
    odd = [parcel(0, to="jörg@example.org"), parcel(1, to="a b"), parcel(2)]
    with scripted(offers=("PIPELINING",)) as server, fleet(server) as warm:
        done = sent(warm, odd)

    assert isinstance(done.outcome(0), NotSpoken)
    assert (type(done.outcome(1)), done.outcome(1).step) == (Refused, Step.RCPT)
    assert server.addresses == ["u2@example.org"]


def test_an_error_of_who_sends_comes_through_and_leaves_the_fleet_usable():
    class Broken(Exception):
        pass

    def breaks(parcel):
        raise Broken

    with scripted() as server, fleet(server, 2) as warm:
        with pytest.raises(Broken):
            sent(warm, parcels(3), lets=breaks)
        done = sent(warm, parcels(3, first=10))

    assert done.kinds == ["Reply"] * 3
    assert sorted(server.addresses) == [f"u{key}@example.org" for key in (10, 11, 12)]


def test_the_settings_choose_the_road(tmp_path):
    smtp = {"host": "mail.example.com", "port": 25, "tls": "none"}
    with closing(open_fleet(Settings(data_dir=tmp_path, smtp=smtp), 5)) as chosen:
        assert isinstance(chosen, SmtpFleet)
        assert chosen.relay.host == "mail.example.com"


def test_captured_mail_takes_one_letter_after_the_other(tmp_path):
    captured = open_fleet(Settings(data_dir=tmp_path), 5)
    work: list[Parcel | float] = [parcel(0), 0.01, parcel(1), parcel(2, to="ü@example.org")]
    done = sent(captured, work, lets=lambda parcel: parcel.key != 1)
    captured.rest()
    captured.close()

    assert done.kinds == ["Reply", "HeldBack", "Reply"]
    kept = CapturedMail(tmp_path).newest(10)
    assert [letter.envelope_to for letter in kept] == ["ü@example.org", "u0@example.org"]


def test_captured_mail_is_woken_too(tmp_path):
    captured = open_fleet(Settings(data_dir=tmp_path), 5)
    sender = Sender([3600.0, parcel(0)])
    thread = threading.Thread(target=sender.send, args=(captured,))
    thread.start()
    captured.wake()
    thread.join(10)

    assert not thread.is_alive()
    assert sender.kinds == ["Reply"]
