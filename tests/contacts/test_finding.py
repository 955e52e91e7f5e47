"""Finding: whatever is asked and however sorted, pages by key give each match once, in order."""

from datetime import timedelta

import pytest

from campaigns.accounts.models import Role
from campaigns.contacts import conditions, filters, finding, visibility
from campaigns.contacts.filters import Filters
from campaigns.database import now
from campaigns.errors import BadInput, NotFound
from tests import factories

EVERYBODY = Filters()


@pytest.fixture
def garden(session):
    """Five people and what is known of them."""
    today = now().date()
    mills = factories.make_company(session, "Novák Mills")
    seller = factories.make_user(session, Role.SALESPERSON)
    other = factories.make_user(session, Role.SALESPERSON)
    people = {
        "anna": factories.make_contact(
            session, "anna@mills.example.com", first_name="Anna", last_name="Nováková", company_id=mills.id,
            phone="+420777123456", categories=("Cutters",), tags=("basic", "vip"), owner_id=seller.id,
            last_contact_at=now() - timedelta(days=1), next_step_on=today - timedelta(days=2),
        ),
        "petr": factories.make_contact(
            session, "petr@example.org", first_name="Petr", last_name="Svoboda", categories=("Cutters",),
            tags=("basic",), last_contact_at=now() - timedelta(days=200), next_step_on=today,
        ),
        "zofie": factories.make_contact(
            session, "z@mills.example.com", first_name="Žofie", last_name="Annasová", owner_id=other.id,
            company_id=mills.id, next_step_on=today + timedelta(days=40),
        ),
        "nobody": factories.make_contact(session, "info@example.net"),
        "olga": factories.make_contact(session, "olga@example.net", first_name="Ольга", last_name="Novotná"),
    }  # fmt: skip
    session.flush()
    return people | {"seller": seller, "mills": mills}


def found(session, garden, asked=EVERYBODY, visible=None, sort="name", size=50):
    """Names of all matches, gathered page by page."""
    names = {value.id: name for name, value in garden.items() if hasattr(value, "email") and name != "seller"}
    gathered, after = [], None
    while True:
        rows = finding.find(session, asked, visible, sort, after, size + 1)
        gathered += [names[contact.id] for contact in rows[:size]]
        if len(rows) <= size:
            return gathered
        after = [value if value is None or isinstance(value, int) else str(value)
                 for value in finding.key(rows[size - 1], sort)]  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("nov", {"anna", "olga", "zofie"}),  # last names, and a company
        ("novák", {"anna", "zofie"}),
        ("anna", {"zofie", "anna"}),
        ("ANNA NOVAKOVA", {"anna"}),
        ("nováková anna", {"anna"}),
        ("zofie", {"zofie"}),
        ("оль", {"olga"}),
        ("anna@mills", {"anna"}),
        ("info@example.net", {"nobody"}),
        ("example.net", {"nobody", "olga"}),
        ("@mills.example.com", {"anna", "zofie"}),
        ("+420 777 12", {"anna"}),
        ("00420777", {"anna"}),
        ("novák mills", {"anna", "zofie"}),
        ("anna xyz", set()),
        ("%", set()),
        ("_", set()),
    ],
)
def test_a_search_finds_what_begins_with_the_words(session, garden, typed, names):
    for sort in finding.SORTS:
        assert set(found(session, garden, Filters(q=typed), sort=sort, size=1)) == names, sort


def test_names_in_the_list_come_before_other_matches(session, garden):
    assert found(session, garden, Filters(q="anna")) == ["zofie", "anna"]
    assert found(session, garden, Filters(q="nov")) == ["anna", "olga", "zofie"]
    assert found(session, garden, Filters(q="nov"), sort="-name") == ["olga", "anna", "zofie"]


@pytest.mark.parametrize("size", [1, 2, 50])
@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("name", ["zofie", "nobody", "anna", "olga", "petr"]),
        ("-name", ["petr", "olga", "anna", "nobody", "zofie"]),
        ("last", ["anna", "petr", "zofie", "nobody", "olga"]),
        ("-last", ["petr", "anna", "zofie", "nobody", "olga"]),
        ("step", ["anna", "petr", "zofie", "nobody", "olga"]),
        ("-step", ["zofie", "petr", "anna", "nobody", "olga"]),
        ("new", ["olga", "nobody", "zofie", "petr", "anna"]),
    ],
)
def test_every_sort_pages_through_everybody_once(session, garden, sort, order, size):
    assert found(session, garden, sort=sort, size=size) == order


@pytest.mark.parametrize(("few", "held"), [(0, 0), (2, 2), (0, 2), (0, 5000), (5000, 5000)])
def test_filters_narrow_in_each_form(session, garden, few, held, monkeypatch):
    monkeypatch.setattr(conditions, "FEW", few)
    monkeypatch.setattr(conditions, "HELD", held)
    cutters = factories.make_category(session, "Cutters").id
    basic, vip = factories.make_tag(session, "basic").id, factories.make_tag(session, "vip").id
    cases = [
        (Filters(category=(cutters,)), ["anna", "petr"]),
        (Filters(category=(cutters,), tag=(vip,)), ["anna"]),
        (Filters(tag=(basic, vip)), ["anna"]),
        (Filters(tag=(4711,)), []),
        (Filters(company=garden["mills"].id), ["zofie", "anna"]),
        (Filters(owner="none"), ["nobody", "olga", "petr"]),
        (Filters(owner=str(garden["seller"].id)), ["anna"]),
        (Filters(step="none"), ["nobody", "olga"]),
        (Filters(step="overdue"), ["anna"]),
        (Filters(step="week"), ["petr"]),
        (Filters(step="planned"), ["zofie", "anna", "petr"]),
        (Filters(quiet=90), ["zofie", "nobody", "olga", "petr"]),
        (Filters(q="anna", category=(cutters,)), ["anna"]),
    ]
    for asked, names in cases:
        for size in (1, 50):
            assert found(session, garden, asked, size=size) == names, asked
        chosen = finding.matching(session, asked)
        assert conditions.count_up_to(session, chosen, 100) == len(names)


def test_a_salesperson_sees_their_own_and_nobodys(session, garden):
    visible = visibility.limits(garden["seller"])

    assert found(session, garden, visible=visible) == ["nobody", "anna", "olga", "petr"]
    assert found(session, garden, Filters(q="anna"), visible) == ["anna"]
    assert visibility.seen(session, garden["seller"], garden["petr"].id).id == garden["petr"].id
    with pytest.raises(NotFound):
        visibility.seen(session, garden["seller"], garden["zofie"].id)
    assert visibility.limits(factories.make_user(session, Role.MARKETER)) is None


@pytest.mark.parametrize("after", [["x"], [], ["x", "y"], [{}, 1, 2], "ab", [None]])
def test_a_made_up_page_is_refused(session, garden, after):
    with pytest.raises(BadInput):
        finding.find(session, Filters(), sort="last", after=after)


def test_filters_survive_their_query_string():
    asked = Filters("anna", (1, 2), (3,), 4, "none", "overdue", 90)
    given = {}
    for name, value in filters.written(asked):
        given.setdefault(name, []).append(value)

    assert filters.read(given) == asked
    assert filters.written(Filters()) == []
    assert not Filters()


@pytest.mark.parametrize("bad", ["x", "-1", "9" * 30, "1.5", "²", ""])
def test_nonsense_in_a_query_string_is_left_out(bad):
    names = ("category", "tag", "company", "owner", "step", "quiet", "consent")

    assert filters.read({name: [bad] for name in names}) == Filters()


def test_rows_say_who_they_are_without_asking_again(session, garden):
    row = finding.find(session, Filters(q="anna@mills"))[0]

    assert row.company.name == "Novák Mills"
    assert [tag.name for tag in row.tags] == ["basic", "vip"]
    assert row.owner.id == garden["seller"].id


@pytest.mark.both_databases
def test_those_quiet_for_long_come_in_the_order_of_their_last_contact(session):
    for days in (400, 10, 95, 200, 89):
        contact = factories.make_contact(session, f"d{days}@example.com", last_name=f"D{days}")
        contact.last_contact_at = now() - timedelta(days=days)
    factories.make_contact(session, "never@example.com", last_name="Never")
    session.flush()

    asked = Filters(quiet=90)
    assert [c.last_name for c in finding.find(session, asked, sort="last")] == [
        "D95",
        "D200",
        "D400",
        "Never",
    ]
    assert [c.last_name for c in finding.find(session, asked, sort="-last")] == [
        "D400",
        "D200",
        "D95",
        "Never",
    ]


def test_a_word_typed_twice_is_asked_once():
    assert len(conditions.words("an an an")) == 1
