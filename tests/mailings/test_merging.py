"""What a template can say about a contact, from real rows."""

from campaigns.contacts import field_defining, fields
from campaigns.mailings import language, merging
from campaigns.mailings.gathering import Gatherer
from tests import factories


def test_everything_known_of_a_contact_can_be_said(session):
    factories.make_organisation(session, name="Example Tools", postal_address="1 Long Lane\nBrno")
    company = factories.make_company(session, "Example Mills")
    ann = factories.make_contact(
        session, "ann@example.com", first_name="Ann", last_name="Example", company_id=company.id, city="Brno",
        fields={"Shoe size": 41, "Vip since": "2020-01-02"}, categories=("Cutters",), tags=("vip", "basic"),
    )  # fmt: skip
    bob = factories.make_contact(session, "bob@example.com")

    found = merging.of_contacts(session, [ann.id, bob.id])
    links = {"unsubscribe_url": "https://example.com/u"}
    values = merging.values(found[ann.id], merging.of_firm(session), links)
    said = language.compile(
        "{{ contact.name }}|{{ contact.company }}|{{ contact.city }}|{{ contact.tags }}|"
        "{{ contact.categories }}|{{ contact.fields.shoe_size }}|{{ contact.fields['Shoe size'] }}|"
        "{{ contact.fields.vip_since|date('%Y') }}|"
        "{{ firm.name }}|{{ unsubscribe_url }}|{{ preferences_url }}",
        escape=False,
    ).render(values)

    assert said == (
        "Ann Example|Example Mills|Brno|basic, vip|Cutters|41|41|2020|Example Tools|https://example.com/u|"
    )
    assert found[bob.id]["company"] == ""
    assert found[bob.id]["name"] == ""


def test_only_what_a_letter_uses_is_looked_up(session):
    ann = factories.make_contact(session, "ann@example.com", first_name="Ann", tags=("vip",))
    found = merging.of_contacts(session, [ann.id], {"contact.first_name", "firm.name"})
    assert found[ann.id]["first_name"] == "Ann"
    assert found[ann.id]["tags"] == []


def test_every_field_on_offer_can_be_filled_in(session):
    field_defining.add(session, {"name": "Shoe size", "kind": "number"})
    offered = merging.fields(session)

    assert ("contact.fields.shoe_size", "Shoe size", "") in offered
    assert all(merging.known(name) for name, _label, _fallback in offered)


def test_a_field_is_told_by_key_and_by_name_its_choices_as_one_text(session):
    for name, kind in (("Likes", "choices"), ("Shoe size", "number"), ("VIP", "yes_no")):
        field_defining.add(session, {"name": name, "kind": kind, "options": "Tea\nMilk"})
    ann = factories.make_contact(session, fields={"Old column": "x", "shoe size": "about 40"})
    fields.write(session, ann, {"likes": ["Milk", "Tea"], "shoe_size": "41", "vip": "yes"})
    source = (
        "{{ contact.fields.likes }} {{ contact.fields['Shoe size'] }} "
        "{{ contact.fields.shoe_size|round + 1 }} "
        "{% if contact.fields.vip %}vip{% endif %} {{ contact.fields.old_column }}"
    )
    letter = language.compile(source, escape=False)

    for found in (Gatherer(letter.names).gather(session, [ann.id]), merging.of_contacts(session, [ann.id])):
        assert letter.render({"contact": found[ann.id]}) == "Tea, Milk 41 42 vip x"
    assert not merging.known("contact.frist_name")
    assert not merging.known("FirstName")
    assert merging.known("contact.fields.shoe_size")
    assert set(merging.sample()) >= {"first_name", "email", "company", "tags", "fields"}
