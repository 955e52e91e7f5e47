"""The fast road over TLS, and signing in."""

import ssl

import pytest

from tests.mail.certificates import contexts
from tests.mail.scripted_server import CLOSE, RESET, scripted, steps
from tests.mail.sender import fleet, parcel, parcels, sent
from tests.mail.test_smtp_tls import safe_server


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """The server's and the client's context."""
    return contexts(tmp_path_factory.mktemp("tls"))


def over_tls(certificate, how):
    """What a server and a client must be told for TLS at once, or by STARTTLS."""
    serving, trust = certificate
    server = {"serving": serving, "starttls": how == "starttls"}
    return server, {"host": "localhost", "tls": how, "trust": trust, "command_timeout": 10, "dot_timeout": 10}


@pytest.mark.parametrize("how", ["starttls", "tls"])
def test_a_letter_takes_one_flight_over_tls_too(certificate, how):
    server_side, client_side = over_tls(certificate, how)
    large = parcel(100, raw=b"Subject: x\r\n\r\n" + (b"x" * 998 + b"\r\n") * 6000)
    with scripted(**server_side) as server, fleet(server, **client_side) as warm:
        done = sent(warm, [*parcels(20), large, parcel(101)])

    assert done.kinds == ["Reply"] * 22
    assert server.letters[20] == (large.to, large.raw)
    assert server.rounds == (4 if how == "starttls" else 2) + 1 + 22 + 1
    assert server.connections == 1


@pytest.mark.parametrize("drip", [True, False])
def test_many_connections_over_tls(certificate, drip):
    server_side, client_side = over_tls(certificate, "tls")
    with scripted(drip=drip, **server_side) as server, fleet(server, 4, **client_side) as warm:
        done = sent(warm, parcels(80))

    assert done.kinds == ["Reply"] * 80
    assert len(set(server.addresses)) == 80


@pytest.mark.parametrize(
    ("script", "kinds"),
    [
        ({"DOT": [None, CLOSE]}, ["Reply", "Unknown", "TransportTrouble", "Reply"]),
        ({"DOT": [None, RESET]}, ["Reply", "Unknown", "TransportTrouble", "Reply"]),
        ({"RCPT": [None, RESET]}, ["Reply", "TransportTrouble", "Reply", "Reply"]),
        ({"MAIL": [None, CLOSE]}, ["Reply"] * 4),
        ({"RCPT": [None, "550 5.1.1 no"]}, ["Reply", "Refused", "Reply", "Reply"]),
    ],
    ids=str,
)
def test_trouble_over_tls_means_the_same(certificate, script, kinds):
    server_side, client_side = over_tls(certificate, "tls")
    with scripted(steps(**script), **server_side) as server, fleet(server, **client_side) as warm:
        done = sent(warm, parcels(4))

    assert done.kinds == kinds
    told = [
        outcome.text
        for key, outcome in done.told
        if type(outcome).__name__ in ("Unknown", "TransportTrouble")
    ]
    assert all("closed the connection" in text for text in told)


@pytest.mark.parametrize("how", ["starttls", "tls"])
def test_signing_in(certificate, how):
    serving, _trust = certificate
    options = (
        {"ssl_context": serving, "auth_require_tls": False} if how == "tls" else {"tls_context": serving}
    )
    _server_side, client_side = over_tls(certificate, how)
    client_side["user"] = "ann"
    with safe_server(auth_required=True, **options) as server:
        with fleet(server, 3, password="s3cret", **client_side) as warm:
            assert sent(warm, parcels(10)).kinds == ["Reply"] * 10
        with fleet(server, 3, password="wrong", **client_side) as warm:
            done = sent(warm, parcels(10))
        untrusting = {**client_side, "trust": ssl.create_default_context()}
        with fleet(server, 3, password="s3cret", **untrusting) as warm:
            doubtful = sent(warm, parcels(10))

    assert "user name or password" in done.troubles[0]
    assert "can't be trusted" in doubtful.troubles[0]
    assert len(server.letters) == 10
