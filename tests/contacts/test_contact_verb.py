"""`campaigns contact`: one contact and the list, for people and for programs."""

import json

from click.testing import CliRunner

from campaigns.cli import verbs
from tests import factories


def ask(*words):
    return CliRunner().invoke(verbs, ["contact", *words])


def test_one_contact_is_shown_with_what_they_agreed_to(session):
    factories.make_contact(session, "anna@example.com", first_name="Anna", tags=("vip",), tracked=True)
    factories.suppress(session, "anna@example.com")
    session.commit()

    shown = ask("show", " ANNA@example.com", "--json")
    known = json.loads(shown.stdout)
    assert (known["name"], known["tags"], known["may_be_mailed"]) == ("Anna", ["vip"], False)
    assert (known["why_not"], known["consent"]) == (
        "Unsubscribed",
        {"mail": "granted", "tracking": "granted"},
    )
    assert "mail: granted, tracking: granted" in ask("show", "anna@example.com").stdout
    assert ask("show", "eva@example.com").exit_code != 0


def test_the_list_is_by_name_and_as_long_as_asked(session):
    for number in range(5):
        factories.make_contact(session, f"p{number}@example.com")
    session.commit()

    lines = ask("list", "--limit", "3", "--json").stdout.splitlines()
    assert [json.loads(line)["email"] for line in lines] == [f"p{n}@example.com" for n in range(3)]
    assert ask("list", "--search", "p4").stdout.split() == ["p4@example.com"]
