"""Which domains contacts have addresses in, and how many addresses each verdict is about; kept for pages."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.bulk import among, insert_many
from campaigns.cleaning import typos, verdicts
from campaigns.cleaning.asking import Mail
from campaigns.cleaning.domains import is_disposable
from campaigns.cleaning.models import CleaningRun, MailDomain
from campaigns.contacts.models import Contact
from campaigns.database import now

_PAGE = 1_000  # domains


def count_domains(session: Session, run: CleaningRun) -> bool:
    """Count the addresses of the next domains, and judge each domain by its name."""
    after = run.after[0] if run.after else ""
    number = sa.func.count()
    found = session.execute(
        sa.select(Contact.domain, number)
        .where(Contact.domain > after)
        .group_by(Contact.domain)
        .order_by(Contact.domain)
        .limit(_PAGE)
    ).all()
    _keep(session, {row[0]: row[1] for row in found})
    run.looked_at += sum(row[1] for row in found)
    run.after = [found[-1][0]] if len(found) == _PAGE else []
    if not run.after:
        _forget(session)
    return bool(run.after)


def _keep(session: Session, counts: dict[str, int]) -> None:
    domains = sorted(counts)
    working = sa.select(MailDomain.domain).where(
        among(session, MailDomain.domain, domains), MailDomain.mail == Mail.TAKES
    )
    takes = set(session.scalars(working))
    frequent = typos.frequent(session)
    rows = [
        {
            "domain": domain,
            "contacts": counts[domain],
            "disposable": is_disposable(domain),
            "meant": typos.meant(domain, frequent, counts[domain], domain in takes),
            "mail": Mail.UNKNOWN,
            "due_at": now(),
            "failures": 0,
            "dismissed": False,
        }
        for domain in domains
    ]
    insert_many(session, MailDomain, rows, conflict=["domain"], update=["contacts", "disposable", "meant"])


def _forget(session: Session) -> None:
    """Drop the domains that nobody has an address in any more."""
    there = sa.exists().where(Contact.domain == MailDomain.domain)
    session.execute(sa.delete(MailDomain).where(~there).execution_options(synchronize_session=False))


def count_verdicts(session: Session, run: CleaningRun) -> bool:
    """Count what is the matter with addresses, for the page whose figures open the list."""
    run.counts = {verdict: verdicts.count(session, verdict) for verdict in verdicts.ALL}
    return False
