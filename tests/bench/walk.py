"""Every address that an administrator's browser fetches: pages, their next pages, their fragments."""

import html
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from campaigns import settings, tokens
from campaigns.app import create_app
from campaigns.contacts.models import Company, Contact
from campaigns.crm.models import Activity
from campaigns.database import reading, transaction
from campaigns.delivery.models import Message
from campaigns.mail.capture import CapturedMail
from campaigns.mailings import starters
from campaigns.mailings.models import Campaign, Status
from campaigns.tokens import Purpose
from tests.bench import works
from tests.stories.installation import Visitor

# No pages: what is fetched by machines, taken home as a file, or ends the visit.
_NO_PAGES = ("static", "health.", "assets.", "tracking.", "security.", "setup.", "api_")
_FILES = (
    "analytics.export",
    "analytics.export_people",
    "mailbox.download",
    "imports.refused",
    "exports.fetch",
    "ads.fetch_removal",
)
# Waits for DNS, not for the database.
_ELSEWHERE = ("mailings.checks_dns", "senders.checks")
_ASKED_FOR = ("analytics.people",)  # answers only what the report asks; see _reports
_SORTS = ("name", "-name", "last", "-last", "step", "-step", "new")
_SORTED = 3  # narrowings that are looked at in every order; the others in two
_LATER = re.compile(r'href="([^"]*[?&](?:amp;)?after=[^"]*)"')
_FRAGMENT = re.compile(r'hx-get="([^"]+)"')


@dataclass(frozen=True)
class Address:
    """What is asked for, and the form that goes with it, for fragments fetched by POST."""

    path: str
    form: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        said = f" {dict(self.form)}" if self.form else ""
        return f"{self.path}{said}"


def addresses(visitor: Visitor) -> dict[Address, float | None]:
    """All of them, with the milliseconds of the very first answer where it was waited for here.

    Raises LookupError for a rule of the map whose argument nobody fills in.
    """
    found: dict[Address, float | None] = {Address(path): None for path in beginnings(create_app())}
    kept = visitor.session.cookies.copy()
    for address in list(found):
        began, visitor.session.cookies = time.perf_counter(), kept.copy()
        answer = visitor.session.get(visitor.url + address.path, timeout=60, allow_redirects=False)
        found[address] = (time.perf_counter() - began) * 1000
        if answer.status_code in (302, 303) or "text/html" not in answer.headers.get("content-type", ""):
            del found[address]  # leads elsewhere, or is no page
            continue
        assert answer.status_code in (200, 404), f"{address}: {answer.status_code}"
        for link in [*_LATER.findall(answer.text)[-1:], *_FRAGMENT.findall(answer.text)]:
            path = _here(address.path, html.unescape(link))
            if path and not any(word in path for word in ("preflight/dns", "/senders/")):
                found.setdefault(Address(path))
    visitor.session.cookies = kept
    return found | dict.fromkeys(_posted())


def beginnings(app: Flask) -> list[str]:
    """The addresses that the application's map, its lists and its reports have; others are linked there."""
    with transaction() as session:
        made = works.one_of_each(session)
    with reading() as session:
        return [*_mapped(app, _values(session) | made), *_searches(session), *_reports(session)]


def _here(path: str, link: str) -> str:
    """The link as a path of this installation; the table of contents of a list gives bare queries."""
    parts = urlsplit(link)
    return (
        ""
        if parts.netloc or not (parts.path or parts.query)
        else link
        if parts.path
        else urlsplit(path).path + link
    )


def _mapped(app: Flask, values: dict[str, Any]) -> Iterator[str]:
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint.startswith(_NO_PAGES):
            continue
        if rule.endpoint in (*_FILES, *_ELSEWHERE, *_ASKED_FOR):
            continue
        for some in _combined(rule.endpoint, sorted(rule.arguments), values):
            built = rule.build(some, append_unknown=False)
            if built is None:
                raise LookupError(f"{rule.rule} can't be filled in with {some}")
            yield built[1]


def _combined(endpoint: str, names: list[str], values: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The arguments filled in each way that there is a value for; those of one address vary together."""
    given = {name: values.get(f"{endpoint}.{name}", values.get(name)) for name in names}
    missing = [name for name, some in given.items() if not some]
    if missing:
        raise LookupError(f"Nothing to fill in for {', '.join(missing)} of {endpoint}")
    longest = max(map(len, given.values()), default=1)
    for place in range(longest):
        yield {name: some[place % len(some)] for name, some in given.items()}


def _values(session: Session) -> dict[str, Any]:
    """Values for the arguments of addresses: the largest there are, and one of each kind."""
    busiest = session.scalars(
        sa.select(Activity.contact_id)
        .where(Activity.contact_id < 5000)
        .group_by(Activity.contact_id)
        .order_by(sa.func.count().desc())
        .limit(1)
    ).one()
    status = {one: number for number, one in session.execute(sa.select(Campaign.id, Campaign.status))}
    large = max(
        number
        for number, one in session.execute(sa.select(Campaign.id, Campaign.status))
        if one == Status.SENT
    )
    launched = [large, status[Status.PAUSED], status[Status.CANCELLED]]
    message = session.scalars(sa.select(Message.id).where(Message.campaign_id == large).limit(1)).one()
    who = (busiest, message)
    return {
        "contact_id": [busiest, 2],
        "company_id": [session.scalars(sa.select(sa.func.min(Company.id))).one()],
        "campaign_id": [*launched, status[Status.DRAFT], status[Status.SCHEDULED]],
        **{f"analytics.{name}.campaign_id": launched for name in ("show", "coverage", "domains")},
        **{f"delivery.{name}.campaign_id": launched for name in ("progress", "messages")},
        "template_id": [1],
        "sender_id": [1],
        "import_id": [1, 60],
        "other_id": [2, 3, 1],
        "part": ["both", "only"],
        "audience_id": [1, 2, 3, 4, 5, 6, 7, 8],
        "kind": ["category", "tag"],
        "label_id": [1, 5],
        "product_id": [1],
        "templates.starter_letter.key": [starters.listed()[0].key],
        "key": [CapturedMail(settings.current().data_dir).newest(1, None, "")[0].key],
        "preferences.leave_page.token": [tokens.sign(Purpose.UNSUBSCRIBE, *who)],
        "preferences.show.token": [tokens.sign(Purpose.PREFERENCES, *who)],
    }


def _searches(session: Session) -> Iterator[str]:
    """What people type and choose in lists."""
    someone = session.get_one(Contact, 1234 if session.get(Contact, 1234) else 1)
    firm = session.scalars(sa.select(Company).order_by(Company.id).limit(1)).one()
    typed = (
        someone.email,
        someone.email[:7],
        someone.name,
        someone.last_name,
        "an",
        "a",
        "jan",
        "s",
        "gmail.com",
        "@gmail.com",
        "+42060",
        firm.name,
        firm.name.split()[0],
        "anna san",
        "an an an",
        "zzzz",
        "ov a",
    )
    for text in typed:
        yield f"/contacts/?{urlencode({'q': text})}"
        yield f"/companies/?{urlencode({'q': text})}"
    for place, narrowed in enumerate(
        (
            "",
            "category=1",
            "q=an",
            "category=30",
            "tag=1&tag=2",
            "tag=480",
            "owner=none",
            "step=overdue",
            "quiet=90",
            f"company={firm.id}",
            "consent=may",
            "consent=refused",
            "consent=suppressed",
            "consent=never",
            "category=1&tag=3&owner=1&step=none",
        )
    ):
        for sort in _SORTS if place < _SORTED else ("name", "last"):
            yield f"/contacts/?{narrowed}&sort={sort}".replace("?&", "?")
    yield from (
        "/contacts/all?category=1",
        "/contacts/all?q=an",
        "/contacts/all?consent=may",
        "/contacts/new?company=x",
    )
    yield from (
        "/campaigns/?q=News",
        "/campaigns/?status=sent",
        "/campaigns/?q=nothing+like+it",
        "/today/?whose=mine",
    )
    yield from (
        "/today/?whose=all",
        "/today/due?whose=mine",
        "/today/engaged?whose=mine",
        "/mailbox/?q=letter",
    )
    yield from (f"/consent/suppression?reason={reason}" for reason in ("bounced", "complained", "erased"))
    yield from (
        f"/audiences/{one}/people?reason={reason}"
        for one in (1, 4, 5)
        for reason in ("in", "withdrawn", "bounced")
    )
    yield f"/audiences/1/why?{urlencode({'email': someone.email})}"


def _reports(session: Session) -> Iterator[str]:
    """The people behind each number of the largest and of a moving campaign."""
    newest = dict(
        session.execute(sa.select(Campaign.status, sa.func.max(Campaign.id)).group_by(Campaign.status)).all()
    )
    for number in (newest[Status.SENT], newest[Status.PAUSED]):
        for did in (
            "clicked",
            "opened",
            "unsubscribed",
            "bounced",
            "complained",
            "sent",
            "failed",
            "skipped",
            "uncertain",
            "open",
        ):
            yield f"/reports/{number}/people?did={did}"
        yield f"/reports/{number}/people?did=clicked&link=2"
        yield f"/reports/{number}/people?did=failed&reason=refused"
        yield f"/reports/{number}/people?did=skipped&reason=complained"
        for group in ("sent", "open", "deferred", "failed", "skipped", "uncertain"):
            yield f"/delivery/campaigns/{number}/messages?status={group}"
        yield f"/delivery/campaigns/{number}/messages?status=skipped&reason=complained"
        yield f"/delivery/campaigns/{number}/progress?was=sending"
        yield f"/campaigns/{number}/content?as=an"


def _posted() -> list[Address]:
    """Fragments that pages fetch by POST because a rule may be long."""
    rules = (
        "all",
        'category:"Group 1"',
        'tag:"Kind 480"',
        '(category:"Group 2" or tag:"Kind 3") and not tag:"Kind 5"',
        "last_contact < -90d",
        'company ~ "Saw"',
        'first_name ~ "an" and language:en',
    )
    return [
        Address(path, (("rule", rule),))
        for rule in rules
        for path in ("/audiences/preview", "/audiences/shares")
    ]
