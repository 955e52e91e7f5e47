"""How connections are opened, kept, given up and opened again."""

import socket
import threading
import time

import pytest

from campaigns.mail.outcomes import Reply, Step, TransportTrouble
from tests.mail.scripted_server import SILENT, STUCK, scripted, steps
from tests.mail.sender import Sender, eventually, fleet, parcels, sent


def test_connections_stay_warm_between_two_sends():
    with scripted() as server, fleet(server, 3) as warm:
        sent(warm, parcels(30))
        opened = server.connections
        sent(warm, parcels(30, first=100))

    assert opened == server.connections
    assert len(server.letters) == 60


def test_as_many_as_there_is_work_for_and_no_more_than_allowed():
    with scripted(late=0.02) as server, fleet(server, 4) as warm:
        sent(warm, parcels(1))
        assert server.connections == 1
        sent(warm, parcels(60, first=100))
        assert server.connections == 4


def test_nothing_to_send_connects_nowhere():
    with scripted() as server, fleet(server) as warm:
        sent(warm, [0.01])

    assert server.connections == 0


def test_while_none_works_only_one_is_tried_and_who_sends_says_how_long_to_wait():
    with scripted(steps(GREETING="421 4.3.2 not now")) as server, fleet(server, 10) as warm:
        sender = Sender(list(parcels(20)), after_trouble=0.6)
        thread = threading.Thread(target=sender.send, args=(warm,))
        began = time.monotonic()
        thread.start()
        eventually(lambda: server.connections >= 3)
        assert time.monotonic() - began > 1.2
        assert server.connections <= len(sender.troubles) + 1
        server.script = steps()
        thread.join(10)

    assert set(sender.kinds) == {"Reply"}
    assert all("not now" in trouble for trouble in sender.troubles)
    assert server.times["EHLO"] <= 10


def test_who_sends_may_give_up_then():
    with scripted(steps(GREETING="554 5.7.1 no")) as server, fleet(server, 10) as warm:
        done = sent(warm, parcels(20))

    assert (server.connections, len(done.troubles)) == (1, 1)
    assert done.kinds == ["TransportTrouble"]
    assert done.outcome(0).step == Step.CONNECT


def test_waking_ends_a_long_wait_for_a_server_that_is_away():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    class Server:
        pass

    server = Server()
    server.port = port
    with fleet(server, 10) as warm:
        sender = Sender(list(parcels(3)), after_trouble=3600)
        thread = threading.Thread(target=sender.send, args=(warm,))
        thread.start()
        eventually(lambda: bool(sender.troubles))
        sender.work.clear()
        warm.wake()
        thread.join(10)

    assert not thread.is_alive()
    assert "refuses connections" in sender.troubles[0]
    assert set(sender.kinds) == {"TransportTrouble"}


@pytest.mark.parametrize("most", [1, 2])
def test_one_more_that_is_refused_is_no_trouble_while_others_work(most):
    with scripted(most=most, late=0.005) as server, fleet(server, 6) as warm:
        done = sent(warm, parcels(60))

    assert done.kinds == ["Reply"] * 60
    assert done.troubles == []
    assert server.connections <= most + 5


def test_one_more_that_is_told_to_go_at_mail_is_no_trouble_either():
    def script(moment):
        return "421 4.7.0 too many" if moment.connection > 2 and moment.step == "MAIL" else None

    with scripted(script, late=0.005) as server, fleet(server, 6) as warm:
        done = sent(warm, parcels(60))

    assert done.kinds == ["Reply"] * 60
    assert server.connections <= 6


def test_a_slow_server_at_the_door_holds_up_nobody():
    def script(moment):
        return SILENT if moment.step == "GREETING" and moment.connection > 1 else None

    with scripted(script, late=0.002) as server, fleet(server, 6, command_timeout=5) as warm:
        began = time.monotonic()
        done = sent(warm, parcels(60))
        took = time.monotonic() - began

    assert done.kinds == ["Reply"] * 60
    assert took < 5
    assert server.connections <= 6


def test_one_silent_connection_holds_up_no_other():
    def script(moment):
        return SILENT if moment.connection == 2 and moment.step == "DOT" else None

    with scripted(script, late=0.002) as server, fleet(server, 4) as warm:
        done = sent(warm, parcels(60))

    assert [type(said).__name__ for _key, said in done.told][58:] == ["Unknown", "TransportTrouble"]
    assert done.kinds.count("Reply") == 58


def test_a_server_that_was_restarted_is_found_again_without_a_word():
    with scripted(late=0.002) as server, fleet(server, 4) as warm:
        sent(warm, parcels(40))
        server.hang_up()
        eventually(lambda: server.open_now == 0)
        done = sent(warm, parcels(40, first=100))

    assert done.kinds == ["Reply"] * 40
    assert done.troubles == []


def test_a_server_that_goes_away_for_a_while_loses_only_what_was_on_the_wire():
    with scripted(late=0.002) as server, fleet(server, 3) as warm:
        sender = Sender(list(parcels(400)), after_trouble=0.05)
        thread = threading.Thread(target=sender.send, args=(warm,))
        thread.start()
        eventually(lambda: len(server.letters) > 100)
        server.script = steps(GREETING="421 4.3.2 restarting")
        server.hang_up()
        eventually(lambda: bool(sender.troubles))
        server.script = steps()
        thread.join(20)

    kinds = sender.kinds
    assert len(kinds) == 400
    assert kinds.count("Unknown") <= 3
    assert kinds.count("TransportTrouble") <= 3
    accepted = [int(address[1:].partition("@")[0]) for address in server.addresses]
    assert len(accepted) == len(set(accepted))
    assert all(kinds[key] in ("Reply", "Unknown") for key in accepted)


def test_idle_connections_are_told_goodbye_after_a_while():
    with scripted(late=0.002) as server, fleet(server, 3, warm=0.1) as warm:
        sent(warm, parcels(30))
        warm.rest()
        assert server.open_now > 0
        eventually(lambda: warm.rest() or server.open_now == 0)
        assert server.times["QUIT"] == server.connections
        done = sent(warm, parcels(1, first=100))

    assert done.kinds == ["Reply"]


def test_saying_goodbye_never_takes_longer_than_two_seconds():
    with scripted(steps(QUIT=STUCK), late=0.002) as server, fleet(server, 5) as warm:
        sent(warm, parcels(50))
        assert server.connections > 1
        began = time.monotonic()
        warm.close()
        assert time.monotonic() - began < 3


def test_a_closed_fleet_opens_again_where_it_is_asked_to():
    with scripted() as server, fleet(server, 2) as warm:
        sent(warm, parcels(2))
        warm.close()
        warm.wake()
        warm.rest()
        done = sent(warm, parcels(2, first=10))

    assert done.kinds == ["Reply"] * 2


def test_what_is_wrong_with_the_settings_comes_through():
    with (
        scripted(offers=("PIPELINING", "AUTH PLAIN LOGIN")) as server,
        fleet(server, user="ann", password="pä\udc80ss") as warm,
        pytest.raises(UnicodeError),
    ):
        sent(warm, parcels(1))


def test_the_answer_is_what_the_server_said(smtp_server):
    smtp_server.at_rcpt = {"u1@example.org": "550 5.1.1 nobody"}
    smtp_server.at_data = {"u2@example.org": "554 5.7.1 spam"}
    with fleet(smtp_server) as warm:
        done = sent(warm, parcels(4))

    assert done.outcome(0) == Reply(250, "2.0.0 Ok")
    assert [done.outcome(key).enhanced for key in (1, 2)] == ["5.1.1", "5.7.1"]
    assert smtp_server.addresses == ["u0@example.org", "u3@example.org"]
    assert not any(isinstance(said, TransportTrouble) for _key, said in done.told)
