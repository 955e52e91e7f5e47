"""TLS, certificates and signing in, on real sockets."""

import socket
import threading
from contextlib import contextmanager, suppress

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from campaigns.mail.outcomes import TransportTrouble
from campaigns.mail.smtp import Relay, SmtpConnection
from campaigns.processes import free_port
from tests.mail.certificates import contexts
from tests.mail.handing_over import RAW, connection, send
from tests.mail.rude_server import rude_server


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """The server's and the client's context."""
    return contexts(tmp_path_factory.mktemp("tls"))


class Sink:
    def __init__(self) -> None:
        self.letters: list[bytes] = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.letters.append(envelope.original_content)
        return "250 2.0.0 Ok"


@contextmanager
def safe_server(**options):
    sink = Sink()

    def check(server, session, envelope, mechanism, data):
        return AuthResult(success=(data.login, data.password) == (b"ann", b"s3cret"), handled=False)

    controller = Controller(sink, hostname="localhost", port=free_port(), authenticator=check, **options)
    controller.start()
    try:
        sink.port = controller.port
        yield sink
    finally:
        controller.stop()


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_tls_and_signing_in(certificate, tls):
    serving, trust = certificate
    options = (
        {"ssl_context": serving, "auth_require_tls": False} if tls == "tls" else {"tls_context": serving}
    )
    with safe_server(auth_required=True, **options) as server:
        relay = Relay("localhost", server.port, "ann", "s3cret", tls, trust=trust)
        with SmtpConnection(relay) as smtp:
            assert send(smtp).code == 250
            assert send(smtp).code == 250
        with pytest.raises(TransportTrouble, match="user name or password"):
            send(SmtpConnection(Relay("localhost", server.port, "ann", "wrong", tls, trust=trust)))
        with pytest.raises(TransportTrouble, match="can't be trusted"):
            send(SmtpConnection(Relay("localhost", server.port, "ann", "s3cret", tls)))

    assert server.letters == [RAW, RAW]


def test_starttls_that_is_not_offered_stops_everything():
    with rude_server() as server, pytest.raises(TransportTrouble, match="does not offer"):
        send(connection(server, tls="starttls"))


def test_plain_text_smuggled_past_starttls_stops_everything(certificate):
    serving, trust = certificate

    def smuggle(listener: socket.socket) -> None:
        client, _address = listener.accept()
        client.sendall(b"220 hi\r\n")
        client.recv(1000)
        client.sendall(b"250-hi\r\n250 STARTTLS\r\n")
        client.recv(1000)
        client.sendall(b"220 go on\r\n250-hi\r\n250 AUTH PLAIN\r\n")
        with suppress(OSError), serving.wrap_socket(client, server_side=True) as safe:
            safe.recv(1000)

    with socket.create_server(("localhost", 0)) as listener:
        thread = threading.Thread(target=smuggle, args=(listener,))
        thread.start()
        relay = Relay("localhost", listener.getsockname()[1], "ann", "s3cret", "starttls", trust=trust)
        with pytest.raises(TransportTrouble, match="closed the connection"):
            send(SmtpConnection(relay))
        thread.join()


def test_signing_in_that_is_not_offered_is_said():
    with rude_server() as server, pytest.raises(TransportTrouble, match="does not offer"):
        send(connection(server, user="ann", password="x"))


def test_tls_to_a_plain_port_is_said():
    with rude_server() as server, pytest.raises(TransportTrouble, match="TLS"):
        send(connection(server, tls="tls"))


def test_the_password_does_not_show_itself():
    assert "s3cret" not in repr(Relay("localhost", 25, "ann", "s3cret"))
