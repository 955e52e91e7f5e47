"""What a sending domain says of itself in DNS (SPF, DKIM, DMARC), and the records it lacks."""

import re
from collections.abc import Iterator

import dns.exception
import dns.resolver

from campaigns import sealing, settings
from campaigns.mail import dkim
from campaigns.mail.addresses import ascii_domain
from campaigns.mailings.models import Sender
from campaigns.mailings.preflight import Check, Level
from campaigns.words import _

_LONG = 120  # characters; a key is no reading matter
_SIGNATURES = ("DKIM", "DKIM, Ed25519")
_PATIENCE = 2.0  # seconds for each question


class Away(Exception):
    """DNS can't be asked just now."""


def wanted(sender: Sender) -> list[tuple[str, str, str]]:
    """The records that the sender's domain needs: what for, the name, the TXT value."""
    domain = domain_of(sender)
    host = settings.current().smtp.host
    records = [("SPF", domain, f"v=spf1 a:{host} ~all" if host else "v=spf1 include:YOUR-MAIL-PROVIDER ~all")]
    for kind, key in zip(_SIGNATURES, keys_of(sender), strict=False):
        records.append((kind, dkim.dns_name(key), dkim.dns_value(key.private_key)))
    records.append(("DMARC", f"_dmarc.{domain}", f"v=DMARC1; p=none; rua=mailto:{sender.address}"))
    return records


def domain_of(sender: Sender) -> str:
    """The sender's domain as DNS knows it."""
    return ascii_domain(sender.domain)


def keys_of(sender: Sender) -> list[dkim.DkimKey]:
    """The keys that sign this sender's letters: none, the RSA key, or that and the Ed25519 key."""
    sealed = [(sender.dkim_selector, sender.dkim_key), (sender.second_selector, sender.second_key)]
    return [
        dkim.DkimKey(domain_of(sender), selector, sealing.unseal(key))
        for selector, key in (sealed if sender.dkim_key else [])
        if key
    ]


def check(sender: Sender, resolver: dns.resolver.Resolver | None = None) -> list[Check]:
    """What DNS says of the sender's domain; warnings only, and one of them when it can't be asked."""
    try:
        resolver = resolver or dns.resolver.Resolver()
        advice = {kind: (name, value) for kind, name, value in wanted(sender)}
        return [
            *_spf(resolver, *advice["SPF"]),
            *(found for kind in _SIGNATURES if kind in advice for found in _dkim(resolver, *advice[kind])),
            *_dmarc(resolver, *advice["DMARC"]),
        ]
    except (Away, dns.resolver.NoResolverConfiguration):
        return [
            Check(
                Level.WARN,
                _(
                    "DNS can't be asked from here, so the records of %(domain)s were not checked.",
                    domain=sender.domain,
                ),
                _("Look again when this machine is online."),
            )
        ]


def _texts(resolver: dns.resolver.Resolver, name: str) -> list[str]:
    try:
        answer = resolver.resolve(name, "TXT", lifetime=_PATIENCE)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, OSError) as error:
        raise Away from error
    return [b"".join(row.strings).decode("utf-8", "replace") for row in answer]


def _spf(resolver: dns.resolver.Resolver, domain: str, value: str) -> Iterator[Check]:
    found = [text for text in _texts(resolver, domain) if re.match(r"v=spf1(\s|$)", text, re.IGNORECASE)]
    if len(found) == 1:
        yield Check(Level.OK, _("SPF of %(domain)s: %(said)s", domain=domain, said=found[0]))
    elif found:
        yield Check(
            Level.WARN,
            _(
                "%(domain)s has %(count)s SPF records; receivers then heed none.",
                domain=domain,
                count=len(found),
            ),
            _("Join them into one."),
        )
    else:
        yield Check(Level.WARN, _("%(domain)s has no SPF record.", domain=domain), _record(domain, value))


def _dkim(resolver: dns.resolver.Resolver, name: str, value: str) -> Iterator[Check]:
    found = _texts(resolver, name)
    second = "k=ed25519" in value
    if not found:
        said = _("The second DKIM key is not in DNS yet.") if second else _("The DKIM key is not in DNS yet.")
        yield Check(Level.WARN, said, _record(name, value))
    elif _public_key(value) in {_public_key(text) for text in found}:
        same = _("The second DKIM key in DNS is the one that signs.")
        yield Check(Level.OK, same if second else _("The DKIM key in DNS is the one that signs."))
    else:
        other = _("The second DKIM key in DNS is another one.")
        yield Check(
            Level.WARN, other if second else _("The DKIM key in DNS is another one."), _record(name, value)
        )


def _dmarc(resolver: dns.resolver.Resolver, name: str, value: str) -> Iterator[Check]:
    # RFC 9989: the domain itself, then its parents, speak for it.
    labels = name.removeprefix("_dmarc.").split(".")
    for start in range(max(1, len(labels) - 1)):
        at = ".".join(["_dmarc", *labels[start:]])
        found = [text for text in _texts(resolver, at) if re.match(r"v=DMARC1\s*(;|$)", text)]
        if found:
            yield Check(Level.OK, _("DMARC at %(name)s: %(said)s", name=at, said=found[0]))
            return
    yield Check(Level.WARN, _("There is no DMARC record."), _record(name, value))


def _record(name: str, value: str) -> str:
    if len(value) > _LONG:
        return _("Add the TXT record %(name)s; its value stands on the sender's page.", name=name)
    return _("Add a TXT record %(name)s: %(value)s", name=name, value=value)


def _public_key(record: str) -> str:
    found = re.search(r"(?:^|;)\s*p=([^;]*)", record)
    return "".join(found[1].split()) if found else ""
