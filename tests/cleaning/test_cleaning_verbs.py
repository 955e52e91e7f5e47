"""`campaigns contact duplicates | merge | unmerge | check`."""

import json

import sqlalchemy as sa
from click.testing import CliRunner

from campaigns.cli import verbs
from campaigns.contacts.models import Contact
from campaigns.database import reading
from tests import factories


def ask(*words):
    return CliRunner().invoke(verbs, ["contact", *words])


def test_found_merged_and_taken_back(session):
    factories.make_contact(session, "anna@gmail.com", first_name="Anna")
    factories.make_contact(session, "a.nna@gmail.com", first_name="Anne", city="Brno")
    factories.make_contact(session, "x@firma.cz")
    session.commit()

    found = ask("duplicates", "--look", "--json")
    [pair] = [json.loads(line) for line in found.stdout.splitlines()]
    assert (pair["one"], pair["other"], pair["reasons"]) == ("anna@gmail.com", "a.nna@gmail.com", ["mailbox"])
    assert "Same mailbox" in ask("duplicates").stdout

    merged = json.loads(ask("merge", "a.nna@gmail.com", "anna@gmail.com", "--keep", "--json").stdout)
    assert merged["email"] == "a.nna@gmail.com"
    with reading() as fresh:
        kept = fresh.get_one(Contact, merged["contact"])
        assert (kept.first_name, kept.city) == ("Anne", "Brno")

    assert "two contacts again" in ask("unmerge", str(merged["merge"])).stdout
    with reading() as fresh:
        assert len(fresh.scalars(sa.select(Contact)).all()) == 3
    assert ask("unmerge", str(merged["merge"])).exit_code != 0
    assert ask("merge", "nobody@gmail.com", "anna@gmail.com").exit_code != 0


def test_the_sure_ones_at_once(session):
    for email in ("anna@gmail.com", "a.nna@gmail.com", "x@firma.cz"):
        factories.make_contact(session, email)
    session.commit()

    said = ask("duplicates", "--look", "--merge-sure").stdout

    assert "1 new pair was found." in said
    assert "1 pair merged" in said
    with reading() as fresh:
        assert len(fresh.scalars(sa.select(Contact)).all()) == 2


def test_what_is_the_matter_with_addresses(session):
    factories.make_contact(session, "info@gmial.com")
    session.commit()
    assert ask("check").exit_code != 0  # nobody has looked yet
    ask("duplicates", "--look")

    one = json.loads(ask("check", "INFO@gmial.com", "--json").stdout)
    assert one["likely_meant"] == "info@gmail.com"
    assert {"typo", "role"} <= set(one["flaws"])
    assert json.loads(ask("check", "--json").stdout)["typo"] == 1
    assert "likely meant" in ask("check", "info@gmial.com").stdout
