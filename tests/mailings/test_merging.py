"""What a template can say about a contact, from real rows."""

from campaigns.mailings import language, merging
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


def test_every_field_on_offer_can_be_filled_in():
    assert all(merging.known(name) for name, _label, _fallback in merging.fields())
    assert not merging.known("contact.frist_name")
    assert not merging.known("FirstName")
    assert merging.known("contact.fields.shoe_size")
    assert set(merging.sample()) >= {"first_name", "email", "company", "tags", "fields"}
