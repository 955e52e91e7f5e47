"""Asking DNS whether domains take mail; kept for a while, and silence is never held against anybody."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from enum import StrEnum
from functools import partial

import dns.exception
import dns.rdatatype
import dns.resolver
import sqlalchemy as sa
import structlog

from campaigns.bulk import among
from campaigns.cleaning.models import MailDomain
from campaigns.database import now, transaction
from campaigns.mail.addresses import ascii_domain

log = structlog.get_logger()
_AT_ONCE = 100  # domains in one round
_THREADS = 10
_PATIENCE = 3.0  # seconds for each question
_CLAIMED = timedelta(minutes=10)  # nobody else asks about the same domains meanwhile
_GOOD_FOR = timedelta(days=30)
_BAD_FOR = timedelta(days=3)  # a firm may have been between two providers
_LONGEST = 7 * 24  # hours until somebody silent is asked again


class Mail(StrEnum):
    """Whether a domain takes mail."""

    TAKES = "takes"
    NONE = "none"
    UNKNOWN = "unknown"


def ask(domain: str, resolver: dns.resolver.Resolver) -> Mail:
    """What DNS says: mail is taken by MX hosts, or else by the domain's own address (RFC 5321 5.1).

    A null MX takes none (RFC 7505). Without an answer nothing is known.
    """
    name = ascii_domain(domain)
    try:
        hosts = [str(row.exchange) for row in resolver.resolve(name, "MX", lifetime=_PATIENCE)]
        return Mail.NONE if hosts == ["."] else Mail.TAKES
    except dns.resolver.NXDOMAIN:
        return Mail.NONE
    except dns.resolver.NoAnswer:
        return _by_address(name, resolver)
    except (dns.exception.DNSException, OSError, UnicodeError):
        return Mail.UNKNOWN


def _by_address(name: str, resolver: dns.resolver.Resolver) -> Mail:
    for kind in (dns.rdatatype.A, dns.rdatatype.AAAA):
        try:
            resolver.resolve(name, kind, lifetime=_PATIENCE)
            return Mail.TAKES
        except dns.resolver.NoAnswer:
            continue
        except dns.resolver.NXDOMAIN:
            return Mail.NONE
        except (dns.exception.DNSException, OSError):
            return Mail.UNKNOWN
    return Mail.NONE


def ask_due(resolver: dns.resolver.Resolver | None = None) -> int:
    """Ask about the domains whose time has come, the oldest first; how many answered. May run twice."""
    try:
        resolver = resolver or dns.resolver.Resolver()
    except dns.resolver.NoResolverConfiguration:
        log.info("no DNS server is set")
        return 0
    domains = _claim()
    if not domains:
        return 0
    with ThreadPoolExecutor(_THREADS) as threads:
        answers = dict(zip(domains, threads.map(partial(ask, resolver=resolver), domains), strict=True))
    with transaction() as session:
        rows = session.scalars(
            sa.select(MailDomain)
            .where(among(session, MailDomain.domain, domains))
            .order_by(MailDomain.domain)
            .with_for_update()
        )
        for row in rows:
            _keep(row, answers[row.domain])
    return sum(answer != Mail.UNKNOWN for answer in answers.values())


def _claim() -> Sequence[str]:
    with transaction() as session:
        due = sa.select(MailDomain.domain).where(MailDomain.due_at <= now()).order_by(MailDomain.due_at)
        domains = session.scalars(due.limit(_AT_ONCE).with_for_update(skip_locked=True)).all()
        if domains:
            later = sa.update(MailDomain).where(among(session, MailDomain.domain, domains))
            session.execute(later.values(due_at=now() + _CLAIMED))
    return domains


def _keep(row: MailDomain, answer: Mail) -> None:
    if answer == Mail.UNKNOWN:  # what was known before still is
        row.failures = min(row.failures + 1, 100)
        row.due_at = now() + timedelta(hours=min(2 ** (row.failures - 1), _LONGEST))
        return
    row.mail, row.checked_at, row.failures = answer, now(), 0
    row.due_at = now() + (_GOOD_FOR if answer == Mail.TAKES else _BAD_FOR)
