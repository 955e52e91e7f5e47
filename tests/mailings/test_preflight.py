"""What pre-flight finds, and what stops a send."""

import pytest
import sqlalchemy as sa

from campaigns.accounts.models import Organisation
from campaigns.audiences.models import Audience
from campaigns.consent.models import SuppressionReason
from campaigns.mailings import preflight, senders
from campaigns.mailings.models import Template
from campaigns.mailings.preflight import Level
from tests import factories


@pytest.fixture
def campaign(session):
    factories.make_organisation(session)
    company = factories.make_company(session)
    factories.make_contact(session, "ann@example.com", first_name="Ann", company_id=company.id, tags=("vip",))
    factories.make_contact(session, "bob@example.com", fields={"Shoe size": 41})
    factories.make_contact(session, "cyd@example.com", consented=False)
    factories.make_contact(session, "dan@example.com", first_name="Dan")
    factories.suppress(session, "dan@example.com", SuppressionReason.UNSUBSCRIBED)
    made = factories.make_campaign(session)
    senders.new_key(session, made.sender)
    session.commit()
    return made


def write(session, **values):
    session.execute(sa.update(Template).values(**values))
    session.commit()
    session.expire_all()


def found(session, campaign, level):
    checks = [check for check in preflight.run(session, campaign) if check.level == level]
    return [f"{check.text} {check.advice}" for check in checks]


def test_a_sound_campaign_fails_nothing_and_says_who_gets_it(session, campaign):
    assert found(session, campaign, Level.FAIL) == []
    assert preflight.failures(session, campaign) == []
    fine = " ".join(found(session, campaign, Level.OK))
    assert "2 contacts get the letter." in fine
    assert "2 are left out." in fine
    assert "Unsubscribed: 1" in fine
    assert "Never agreed: 1" in fine
    warned = found(session, campaign, Level.WARN)
    assert len(warned) == 1
    assert "Captured mail" in warned[0]


def test_missing_merge_values_are_counted_among_those_who_are_mailed(session, campaign):
    write(
        session,
        subject="{{ contact.first_name }} of {{ contact.company }}",
        source="<p>{{ contact.name }} {{ contact.tags }} {{ contact.fields.shoe_size }} {{ FirstName }}"
        "{{ contact.city|d('x') }}</p>",
    )
    warned = " | ".join(found(session, campaign, Level.WARN))
    assert "“contact.first_name” is empty for 1 contact." in warned
    assert "“contact.company” is empty for 1 contact." in warned
    assert "“contact.name” is empty for 1 contact." in warned
    assert "“contact.tags” is empty for 1 contact." in warned
    assert "“contact.fields.shoe_size” is empty for 1 contact. 2 were looked at." in warned
    assert '{{ contact.first_name|default("friend") }}' in warned
    assert "contact.city" not in warned
    assert "1 merge field is unknown. It stays empty for everybody: FirstName" in warned


def test_a_heavy_letter_with_silent_pictures_and_dead_links_is_warned_about(session, campaign):
    write(
        session,
        source='<p><img src="https://example.com/a.png"><img src="b.png" alt=""></p>'
        '<a href="example.com">x</a><a href="https://">y</a><a href="#">z</a>'
        '<a href="javascript:alert(1)">j</a><a href="mailto:a@example.com">m</a><a href="#part">p</a>'
        '<a href="https://example.com/{{ contact.id }}">q</a>' + "<p>long</p>" * 12_000,
    )
    warned = " | ".join(found(session, campaign, Level.WARN))
    assert "Gmail cuts it" in warned
    assert "1 picture has no alt text." in warned
    assert "a.png" in warned
    assert "b.png" not in warned
    assert "4 links lead nowhere." in warned
    assert preflight.failures(session, campaign) == []


def test_merge_fields_of_other_programs_are_noticed(session, campaign):
    write(
        session, subject="*|FNAME|*", source="<p>[[FirstName]] {firstname} %NAME% 5 % off {{ '{' }} a[1]</p>"
    )
    warned = " | ".join(found(session, campaign, Level.WARN))
    assert "*|FNAME|*, [[FirstName]], {firstname}" in warned
    assert "%NAME%" in warned
    assert "a[1]" not in warned


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"subject": ""}, "no subject"),
        ({"source": "a\nb {{ c"}, "Line 2"),
        ({"source": "{{ ''.__class__ }}"}, "Line 1"),
        ({"kind": "mjml", "source": "<mjml><mj-body>\n<mj-nonsense/></mj-body></mjml>"}, "mj-nonsense"),
    ],
)
def test_what_stops_a_send(session, campaign, values, said):
    write(session, **values)
    assert said in " ".join(preflight.failures(session, campaign))
    assert said in " ".join(found(session, campaign, Level.FAIL))


def test_a_subject_that_comes_out_empty_fails(session, campaign):
    write(session, subject="{{ contact.fields.nothing }}")
    assert "The subject comes out empty." in " ".join(found(session, campaign, Level.FAIL))


def test_a_rule_that_can_not_be_read_is_said(session, campaign):
    session.execute(sa.update(Audience).values(rule="category:("))
    session.commit()
    session.expire_all()
    assert "can't be read" in preflight.failures(session, campaign)[0]
    assert "can't be read" in found(session, campaign, Level.FAIL)[0]


def test_firm_and_key_are_asked_for(session, campaign):
    session.execute(sa.update(Organisation).values(postal_address=" "))
    campaign.sender.dkim_key = ""
    session.commit()
    assert "postal address" in preflight.failures(session, campaign)[0]
    assert any("not signed" in text for text in found(session, campaign, Level.WARN))
