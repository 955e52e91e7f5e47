"""The settings choose the road."""

import pytest

from campaigns.mail.capture import CapturedMail
from campaigns.mail.smtp import SmtpConnection
from campaigns.mail.transport import open_transport, public_host, transport_name
from campaigns.settings import Settings


def test_letters_are_captured_until_a_server_is_set(tmp_path):
    settings = Settings(data_dir=tmp_path)

    assert transport_name(settings) == "capture"
    assert isinstance(open_transport(settings), CapturedMail)


def test_a_server_that_is_set_is_used_as_set(tmp_path):
    smtp = {"host": "mail.example.com", "port": 465, "user": "ann", "password": "s3cret", "tls": "tls"}
    settings = Settings(data_dir=tmp_path, smtp=smtp, base_url="https://news.example.com")
    transport = open_transport(settings, patience=5)

    assert transport_name(settings) == "smtp"
    assert isinstance(transport, SmtpConnection)
    relay = transport.relay
    assert (relay.host, relay.port, relay.user, relay.password, relay.tls) == (
        "mail.example.com", 465, "ann", "s3cret", "tls",
    )  # fmt: skip
    assert (relay.own_name, relay.command_timeout, relay.dot_timeout) == ("news.example.com", 5, 5)


@pytest.mark.parametrize(
    ("base_url", "host"),
    [("https://a.example.com/x", "a.example.com"), ("http://localhost:8000", ""), ("http://10.0.0.1", "")],
)
def test_only_a_public_name_is_given_to_servers(base_url, host):
    assert public_host(base_url) == host
