"""The sending domain's records, asked of a real name server on a socket."""

import socket
import threading

import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest

from campaigns.mailings import dns_records, senders
from campaigns.mailings.models import Sender
from campaigns.mailings.preflight import Level


class NameServer:
    """Answers TXT questions from `records` over UDP; `silent` answers nothing."""

    def __init__(self):
        self.records, self.silent = {}, False
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                asked, client = self._socket.recvfrom(4096)
            except OSError:
                return
            if not self.silent:
                self._socket.sendto(self._answer(dns.message.from_wire(asked)).to_wire(), client)

    def _answer(self, asked):
        answer = dns.message.make_response(asked)
        answer.flags |= dns.flags.RA
        name = asked.question[0].name.to_text().rstrip(".")
        texts = self.records.get(name)
        if texts is None:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        else:
            quoted = [
                " ".join(f'"{text[at : at + 200]}"' for at in range(0, len(text), 200)) for text in texts
            ]
            answer.answer.append(dns.rrset.from_text(name + ".", 60, "IN", "TXT", *quoted))
        return answer

    @property
    def resolver(self):
        made = dns.resolver.Resolver(configure=False)
        made.nameservers = ["127.0.0.1"]
        made.port = self._socket.getsockname()[1]
        return made

    def close(self):
        self._socket.close()


@pytest.fixture
def server():
    made = NameServer()
    yield made
    made.close()


@pytest.fixture
def sender(session):
    return senders.create(session, senders.Identity("News", "news@mail.example.com"))


def test_a_bare_domain_is_told_each_record_to_add(server, sender):
    checks = dns_records.check(sender, server.resolver)
    assert [check.level for check in checks] == [Level.WARN] * 3
    advice = " | ".join(check.advice for check in checks)
    assert "Add a TXT record mail.example.com: v=spf1" in advice
    assert "Add the TXT record campaigns._domainkey.mail.example.com; its value stands" in advice
    assert "Add a TXT record _dmarc.mail.example.com: v=DMARC1" in advice


def test_a_complete_domain_is_fine(server, sender):
    for _kind, name, value in dns_records.wanted(sender):
        server.records[name] = [value, "something else"]
    assert {check.level for check in dns_records.check(sender, server.resolver)} == {Level.OK}


def test_a_parent_may_speak_on_dmarc(server, sender):
    server.records["_dmarc.example.com"] = ["v=DMARC1; p=reject"]
    assert dns_records.check(sender, server.resolver)[-1].level == Level.OK


def test_two_spf_records_and_a_foreign_key_are_noticed(server, sender):
    server.records["mail.example.com"] = ["v=spf1 mx -all", "v=spf1 a -all"]
    server.records["campaigns._domainkey.mail.example.com"] = ["v=DKIM1; k=rsa; p=AAAA"]
    spf, dkim, _dmarc = dns_records.check(sender, server.resolver)
    assert "2 SPF records" in spf.text
    assert "another one" in dkim.text


def test_a_second_key_has_a_record_of_its_own(server, sender, session):
    senders.new_second_key(session, sender)
    records = {kind: (name, value) for kind, name, value in dns_records.wanted(sender)}
    assert list(records) == ["SPF", "DKIM", "DKIM, Ed25519", "DMARC"]
    name, value = records["DKIM, Ed25519"]
    assert name == "campaigns-ed._domainkey.mail.example.com"
    assert value.startswith("v=DKIM1; k=ed25519; p=")

    first_name, first_value = records["DKIM"]
    server.records[first_name] = [first_value]
    _spf, first, second, _dmarc = dns_records.check(sender, server.resolver)
    assert (first.level, second.level) == (Level.OK, Level.WARN)
    assert "second DKIM key is not in DNS yet" in second.text
    assert f"Add a TXT record {name}: {value}" in second.advice

    server.records[name] = [first_value]
    assert "another one" in dns_records.check(sender, server.resolver)[2].text
    server.records[name] = [value]
    assert dns_records.check(sender, server.resolver)[2].level == Level.OK


def test_silence_is_one_warning_and_takes_two_seconds(server, sender):
    server.silent = True
    (check,) = dns_records.check(sender, server.resolver)
    assert check.level == Level.WARN
    assert "can't be asked" in check.text


def test_a_sender_without_a_key_is_asked_for_two_records_only(server):
    bare = Sender(name="x", address="x@exämple.com", dkim_key="")
    assert [kind for kind, _name, _value in dns_records.wanted(bare)] == ["SPF", "DMARC"]
    assert len(dns_records.check(bare, server.resolver)) == 2
