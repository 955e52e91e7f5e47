"""Verdicts on addresses: hints that throw nothing away; DNS is asked at times, and silence is no fault."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from campaigns.cleaning import asking, correcting, running, typos, verdicts
from campaigns.cleaning.asking import Mail
from campaigns.cleaning.models import Looked, MailDomain, Scope
from campaigns.cleaning.verdicts import Flaw
from campaigns.consent import gate, ledger, suppression
from campaigns.consent.models import SuppressionReason
from campaigns.contacts import editing, identity
from campaigns.contacts.models import Contact, FurtherAddress
from campaigns.database import now, reading, transaction
from campaigns.errors import Conflict, NotFound
from tests import factories
from tests.cleaning.name_server import name_server
from tests.imports.files import bring


@pytest.fixture
def dns():
    with name_server() as made:
        yield made


def look(session):
    """Commit and search, so that domains are known."""
    session.commit()
    with transaction() as fresh:
        run = running.start(fresh, Scope.ALL)
    running.run(run.id)
    with reading() as fresh:
        return running.one(fresh, run.id)


def domains():
    with reading() as fresh:
        return {known.domain: known for known in fresh.scalars(sa.select(MailDomain))}


def make_due(**values):
    with transaction() as session:
        session.execute(sa.update(MailDomain).values(due_at=now(), **values))


def test_what_a_domain_says_of_mail(session, dns):
    dns.records |= {
        "takes.cz": {"MX": ["10 mail.takes.cz."]},
        "host.cz": {"A": ["192.0.2.1"]},
        "six.cz": {"AAAA": ["2001:db8::1"]},
        "null.cz": {"MX": ["0 ."]},
        "bare.cz": {"TXT": ['"hello"']},
        "xn--hkyrky-ptac70bc.cz": {"MX": ["10 mail.takes.cz."]},
    }
    dns.silent.add("silent.cz")
    dns.broken.add("broken.cz")
    for number, name in enumerate(
        (
            "takes.cz",
            "host.cz",
            "six.cz",
            "null.cz",
            "bare.cz",
            "háčkyčárky.cz",
            "gone.cz",
            "silent.cz",
            "broken.cz",
        )
    ):
        factories.make_contact(session, f"a{number}@{name}")
    look(session)

    assert asking.ask_due(dns.resolver) == 7

    said = {name: known.mail for name, known in domains().items()}
    assert said == {
        "takes.cz": Mail.TAKES, "host.cz": Mail.TAKES, "six.cz": Mail.TAKES, "null.cz": Mail.NONE,
        "bare.cz": Mail.NONE, "háčkyčárky.cz": Mail.TAKES, "gone.cz": Mail.NONE,
        "silent.cz": Mail.UNKNOWN, "broken.cz": Mail.UNKNOWN,
    }  # fmt: skip


def test_answers_are_kept_and_asked_for_again_when_their_time_is_over(session, dns):
    dns.records["takes.cz"] = {"MX": ["10 mail.takes.cz."]}
    factories.make_contact(session, "anna@takes.cz")
    factories.make_contact(session, "anna@gone.cz")
    look(session)
    asking.ask_due(dns.resolver)
    asked = len(dns.asked)

    assert asking.ask_due(dns.resolver) == 0
    assert len(dns.asked) == asked
    known = domains()
    assert known["takes.cz"].due_at > now() + timedelta(days=29)
    assert now() + timedelta(days=2) < known["gone.cz"].due_at < now() + timedelta(days=4)

    make_due()
    assert asking.ask_due(dns.resolver) == 2


def test_without_a_network_nothing_is_held_against_anybody(session, dns):
    dns.records["takes.cz"] = {"MX": ["10 mail.takes.cz."]}
    factories.make_contact(session, "anna@takes.cz")
    factories.make_contact(session, "anna@other.cz")
    look(session)
    asking.ask_due(dns.resolver)
    dns.silent |= {"takes.cz", "other.cz"}
    make_due(mail=Mail.TAKES)

    for _time in range(3):
        assert asking.ask_due(dns.resolver) == 0
        assert {known.mail for known in domains().values()} == {Mail.TAKES}
        waits = [known.due_at for known in domains().values()]
        make_due()

    assert min(waits) > now() + timedelta(hours=3)  # twice as long each time
    assert look(session).counts[Flaw.NO_MAIL] == 0


def test_each_flaw_is_counted_and_opens_its_contacts(session, dns):
    emails = "anna@gmail.com eva@gmial.com jan@gmial.com info@firma.cz x@mailinator.com karel@gone.cz"
    for email in emails.split():
        factories.make_contact(session, email)
    odd = factories.make_contact(session, "odd@firma.cz")
    odd.email = "odd..dots@firma.cz"
    look(session)
    dns.records |= {
        name: {"MX": ["5 mx.cz."]} for name in ("gmail.com", "gmial.com", "firma.cz", "mailinator.com")
    }
    asking.ask_due(dns.resolver)

    counts = look(session).counts

    expected = {
        Flaw.NO_MAIL: {"karel@gone.cz"},
        Flaw.TYPO: {"eva@gmial.com", "jan@gmial.com"},
        Flaw.FAULT: {"odd..dots@firma.cz"},
        Flaw.ROLE: {"info@firma.cz"},
        Flaw.UNKNOWN: set(),
    }
    for flaw, behind in expected.items():
        assert set(session.scalars(sa.select(Contact.email).where(verdicts.where(flaw)))) == behind
        assert counts[flaw] == len(behind)
        listed = sa.select(Contact.email).where(Contact.id.in_(verdicts.among(flaw)))
        assert set(session.scalars(listed)) == behind
    thrown_away = set(session.scalars(sa.select(Contact.email).where(verdicts.where(Flaw.DISPOSABLE))))
    assert "x@mailinator.com" in thrown_away
    assert session.scalar(sa.select(sa.func.count()).select_from(Contact)) == 7
    assert not gate.refusals(session, list(session.scalars(sa.select(Contact.id))))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("gmial.com", "gmail.com"), ("gmai.com", "gmail.com"), ("gmail.con", "gmail.com"),
        ("gmail.cz", "gmail.com"), ("hotmial.com", "hotmail.com"), ("seznan.cz", "seznam.cz"),
        ("protonmial.com", "protonmail.com"), ("t-onlie.de", "t-online.de"), ("yaho.com", "yahoo.com"),
        ("gmail.com", ""), ("mail.com", ""), ("email.com", ""), ("yahoo.ca", ""), ("hotmail.be", ""),
        ("live.co.uk", ""), ("firma.cz", ""), ("seznam.com", ""), ("a.b", ""),
    ],
)  # fmt: skip
def test_slips_of_the_pen(written, meant):
    assert typos.meant(written, typos.Frequent(typos.FREQUENT, {})) == meant


def test_a_domain_frequent_here_is_a_measure_too_unless_its_neighbour_works(session):
    known = typos.Frequent(typos.FREQUENT, {"stavby-novak.cz": 900, "school12.cz": 900})

    assert typos.meant("stavby-nowak.cz", known, 3) == "stavby-novak.cz"
    assert typos.meant("stavby-nowak.cz", known, 3, takes_mail=True) == ""
    assert typos.meant("stavby-nowak.cz", known, 400) == ""
    assert typos.meant("stavby-novak.cz", known, 900) == ""
    assert typos.meant("school13.cz", known, 1) == ""


def test_the_person_stays_when_their_address_is_corrected(session):
    eva = factories.make_contact(session, "eva@gmial.com", tags=("vip",))
    suppression.suppress(session, "eva@gmial.com", SuppressionReason.BOUNCED, "campaign:1")
    look(session)
    states = ledger.states(session, eva.id)

    correcting.correct(session, eva.id)

    assert (eva.email, eva.domain) == ("eva@gmail.com", "gmail.com")
    assert ledger.states(session, eva.id) == states
    assert gate.refusals(session, [eva.id]) == {}  # the bounce was the other address's
    assert identity.addresses(session, eva.id) == ["eva@gmial.com"]


def test_whoever_left_is_not_mailed_at_the_corrected_address_either(session):
    eva = factories.make_contact(session, "eva@gmial.com")
    suppression.suppress(session, "eva@gmial.com", SuppressionReason.COMPLAINED, "campaign:1")
    look(session)

    correcting.correct(session, eva.id)

    assert suppression.is_suppressed(session, "eva@gmail.com") == SuppressionReason.COMPLAINED


def test_an_address_that_is_somebodys_or_never_mailed_is_not_taken(session):
    eva = factories.make_contact(session, "eva@gmial.com")
    jan = factories.make_contact(session, "jan@gmial.com")
    fine = factories.make_contact(session, "eva@gmail.com")
    suppression.suppress(session, "jan@gmail.com", SuppressionReason.ERASED, "erasure")
    look(session)

    with pytest.raises(Conflict, match="Merge the two"):
        correcting.correct(session, eva.id)
    with pytest.raises(Conflict, match="never mailed"):
        correcting.correct(session, jan.id)
    with pytest.raises(Conflict, match="Nothing better"):
        correcting.correct(session, fine.id)
    with pytest.raises(NotFound):
        correcting.correct(session, 999_999)


def test_a_domain_that_is_right_is_not_spoken_of_again(session):
    factories.make_contact(session, "eva@gmial.com")
    look(session)
    correcting.dismiss(session, "gmial.com")

    assert look(session).counts[Flaw.TYPO] == 0
    assert correcting.mistyped(session) == []


def test_whoever_comes_with_a_further_address_is_that_contact(session):
    factories.make_organisation(session)
    eva = factories.make_contact(session, "eva@gmail.com")
    identity.add_address(session, eva.id, "eva@gmial.com")
    session.commit()

    bring("email,first_name,city\neva@gmial.com,Eva,Brno\neva@gmail.com,Eva,\nnew@gmial.com,,\n")

    session.expire_all()
    found = {contact.email: contact.city for contact in session.scalars(sa.select(Contact))}
    assert found == {"eva@gmail.com": "Brno", "new@gmial.com": ""}
    with pytest.raises(editing.Mistakes) as refused:
        editing.create(session, {"email": "eva@gmial.com", "source": "Fair"})
    assert "another address" in refused.value.fields["email"]
    session.get_one(Contact, eva.id)
    assert session.scalars(sa.select(FurtherAddress.email)).all() == ["eva@gmial.com"]


def test_domains_that_nobody_has_any_more_are_forgotten(session):
    one = factories.make_contact(session, "anna@gone.cz")
    factories.make_contact(session, "eva@there.cz")
    look(session)
    session.delete(session.get_one(Contact, one.id))

    look(session)

    assert set(domains()) == {"there.cz"}
    assert len(session.scalars(sa.select(Looked.contact_id)).all()) == 1
