"""Pre-flight: what stands between a campaign and its send, and what is merely worth a look."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask_babel import format_timedelta
from sqlalchemy.orm import Session

from campaigns import settings
from campaigns.accounts import people
from campaigns.audiences import building, expanding, previewing, rules, sampling
from campaigns.consent import gate, reasons
from campaigns.consent.models import Purpose
from campaigns.contacts.models import Contact
from campaigns.database import now
from campaigns.errors import BadInput
from campaigns.mail import designs
from campaigns.mail.transport import transport_name
from campaigns.mailings import composing, holes, merging, preparing, rendering, slots
from campaigns.mailings.models import Campaign
from campaigns.mailings.rendering import Content
from campaigns.words import _, ngettext

_NAMED = 5  # of a kind; the rest is counted
# *|FNAME|* (Mailchimp), [[FirstName]] (Mailjet), {firstname}, %FIRSTNAME%
_FOREIGN = re.compile(r"\*\|[\w:.]+\|\*|\[\[[\w. ]+\]\]|(?<!\{)\{[A-Za-z_]+\}(?!\})|%[A-Z_]{3,}%")


class Level(StrEnum):
    """How much a check matters: `fail` stops the send."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Check:
    """One finding: what it is, and what to do about it."""

    level: Level
    text: str
    advice: str = ""


def run(session: Session, campaign: Campaign) -> list[Check]:
    """Everything but DNS, which answers slowly and is asked on its own; the worst first."""
    campaign = preparing.get(session, campaign.id)
    audience = list(_audience(session, campaign))
    found = [*_needs(session, campaign), *audience, *_road()]
    content = _content(session, campaign)
    if isinstance(content, Content):
        found += [*_letter(session, content), *_unknown(content)]
        if not any(check.level == Level.FAIL for check in audience):
            found += _holes(session, campaign, content)
    else:
        found.append(content)
    return sorted(found, key=lambda check: (Level.FAIL, Level.WARN, Level.OK).index(check.level))


def failures(session: Session, campaign: Campaign) -> list[str]:
    """What stops the send, each as one sentence; quick enough to ask inside the launching transaction."""
    campaign = preparing.get(session, campaign.id)
    content = _content(session, campaign)
    found = [*_needs(session, campaign), *([] if isinstance(content, Content) else [content])]
    if not found or all(check.level != Level.FAIL for check in found):
        found += _anybody(session, campaign)
    return [f"{check.text} {check.advice}".strip() for check in found if check.level == Level.FAIL]


def _content(session: Session, campaign: Campaign) -> Content | Check:
    try:
        return composing.compose(session, composing.of(campaign.template))
    except BadInput as problem:
        return Check(
            Level.FAIL,
            _(
                "The template “%(name)s” can't be used: %(why)s",
                name=campaign.template.name,
                why=problem.message,
            ),
        )


def _needs(session: Session, campaign: Campaign) -> Iterator[Check]:
    firm = people.organisation(session)
    if firm is None or not firm.postal_address.strip():
        yield Check(
            Level.FAIL,
            _("Your postal address is missing."),
            _("Write it in Settings; the law asks for it in every letter."),
        )
    if not campaign.template.subject.strip():
        yield Check(Level.FAIL, _("The letter has no subject."), _("Write one in the template."))
    if campaign.expires_at is not None and campaign.expires_at <= now():
        yield Check(Level.FAIL, _("The time to give up is over already."), _("Choose a later one."))
    if not campaign.sender.dkim_key:
        yield Check(
            Level.WARN,
            _("Letters of this sender are not signed (DKIM)."),
            _("Make a key on the sender's page; large mail providers refuse unsigned letters."),
        )


def _road() -> Iterator[Check]:
    if transport_name(settings.current()) == "capture":
        yield Check(
            Level.WARN,
            _("No mail server is set: letters go to Captured mail and reach nobody."),
            _("Set CAMPAIGNS_SMTP__HOST when you want to mail the world."),
        )


def _anybody(session: Session, campaign: Campaign) -> Iterator[Check]:
    try:
        fits = building.of_audience(session, campaign.audience)
    except rules.RuleProblem as problem:
        yield _bad_rule(campaign, problem)
        return
    somebody = sa.select(Contact.id).where(fits, gate.refusal(campaign.purpose).is_(None)).limit(1)
    if session.scalar(somebody) is None:
        yield _nobody(campaign)


def _audience(session: Session, campaign: Campaign) -> Iterator[Check]:
    try:
        found = _counted(session, campaign)
    except rules.RuleProblem as problem:
        yield _bad_rule(campaign, problem)
        return
    if not found.count:  # where it is only about nobody, somebody is looked for
        yield from _anybody(session, campaign) if found.about else [_nobody(campaign)]
    else:
        text = ngettext("%(num)s contact gets the letter.", "%(num)s contacts get the letter.", found.count)
        yield Check(Level.OK, f"{text} {_not_just_now(found)}".strip())
    if found.left_out:
        listed = "; ".join(f"{reasons.words(reason)}: {number}" for reason, number in found.left_out.items())
        number = found.fitting - found.count
        text = ngettext("%(num)s is left out.", "%(num)s are left out.", number)
        yield Check(Level.OK, f"{text} {listed}.")


def _counted(session: Session, campaign: Campaign) -> previewing.Count:
    """The people of the campaign; of a large audience as the clock last counted it, else about."""
    known = sampling.known(session, campaign.audience) if campaign.purpose == Purpose.MAIL else None
    return known or sampling.count(session, expanding.whole(session, campaign.audience), campaign.purpose)


def _not_just_now(found: previewing.Count) -> str:
    if found.about:
        return _("This is about so many, worked out from some of the contacts.")
    if found.counted_at is None:
        return ""
    return _("They were counted %(ago)s ago.", ago=format_timedelta(now() - found.counted_at))


def _nobody(campaign: Campaign) -> Check:
    return Check(
        Level.FAIL,
        _("Nobody in the audience “%(name)s” may be mailed.", name=campaign.audience.name),
        _("Change its rule, or bring contacts who agreed."),
    )


def _bad_rule(campaign: Campaign, problem: Exception) -> Check:
    return Check(
        Level.FAIL,
        _(
            "The rule of the audience “%(name)s” can't be read: %(why)s",
            name=campaign.audience.name,
            why=problem,
        ),
    )


def _letter(session: Session, content: Content) -> Iterator[Check]:
    letterer = rendering.letterer(content.subject, content.html, content.text, content.links)
    values = merging.values(
        merging.sample(), merging.of_firm(session), dict.fromkeys(merging.LINKS, "https://x/")
    )
    try:
        subject, html, text = rendering.render(letterer, values)
    except BadInput as problem:
        yield Check(Level.FAIL, _("The letter can't be filled in: %(why)s", why=problem.message))
        return
    if not subject.strip():
        yield Check(Level.FAIL, _("The subject comes out empty."), _("Give its merge fields a fallback."))
    yield from _foreign(f"{subject} {text}")
    yield from _weight(html)
    yield from _images(html)
    yield from _links(html)
    if "unsubscribe_url" in content.names:
        yield Check(Level.OK, _("The letter says how to unsubscribe."))
    else:
        yield Check(Level.OK, _("Postal address and unsubscribe link are added at the foot where missing."))


def _foreign(text: str) -> Iterator[Check]:
    left = sorted(set(_FOREIGN.findall(text)))
    if left:
        yield Check(
            Level.WARN,
            _("The letter holds merge fields of another program."),
            _("Write ours instead, such as {{ contact.first_name }}: %(list)s", list=_some(left)),
        )


def _weight(html: str) -> Iterator[Check]:
    size = designs.weight(html)
    if size > designs.CLIPPED_AT:
        yield Check(
            Level.WARN,
            _("The letter weighs %(size)s KB; Gmail cuts it after 102.", size=size // 1024),
            _("Shorten it, or take styles out."),
        )


def _images(html: str) -> Iterator[Check]:
    silent = designs.images_without_alt(html)
    if silent:
        yield Check(
            Level.WARN,
            ngettext("%(num)s picture has no alt text.", "%(num)s pictures have no alt text.", len(silent)),
            _(
                'Say in alt="…" what it shows, or leave it empty for mere decoration: %(list)s',
                list=_some(silent),
            ),
        )


def _links(html: str) -> Iterator[Check]:
    bad = [url for url in slots.addresses(html) if not _leads_somewhere(url)]
    if bad:
        yield Check(
            Level.WARN,
            ngettext("%(num)s link leads nowhere.", "%(num)s links lead nowhere.", len(bad)),
            _("Write the whole address, with https://: %(list)s", list=_some(bad)),
        )


def _leads_somewhere(url: str) -> bool:
    if re.match(r"(mailto|tel|sms):\S", url, re.IGNORECASE) or (url.startswith("#") and len(url) > 1):
        return True
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and " " not in url
    except ValueError:
        return False


def _unknown(content: Content) -> Iterator[Check]:
    unknown = sorted(name for name in content.names if not merging.known(name))
    if unknown:
        yield Check(
            Level.WARN,
            ngettext("%(num)s merge field is unknown.", "%(num)s merge fields are unknown.", len(unknown)),
            _("It stays empty for everybody: %(list)s", list=_some(unknown)),
        )


def _holes(session: Session, campaign: Campaign, content: Content) -> Iterator[Check]:
    for name, number, sampled in holes.count(session, campaign, content.bare):
        where = _("%(num)s were looked at.", num=sampled) if sampled else ""
        yield Check(
            Level.WARN,
            f"{_field_sentence(name, number)} {where}".strip(),
            _('Write a fallback: {{ %(name)s|default("friend") }}', name=name),
        )


def _field_sentence(name: str, number: int) -> str:
    return ngettext(
        "“%(name)s” is empty for %(num)s contact.",
        "“%(name)s” is empty for %(num)s contacts.",
        number,
        name=name,
    )


def _some(things: list[str]) -> str:
    shown = ", ".join(dict.fromkeys(thing[:80] or "“”" for thing in things[:_NAMED]))
    return f"{shown} …" if len(things) > _NAMED else shown
