"""`campaigns pace`, as a script would use it."""

import json

import pytest
from click.testing import CliRunner

from campaigns.cli import verbs
from campaigns.database import transaction
from campaigns.delivery import buckets, destinations
from campaigns.errors import PersonError
from tests import factories


@pytest.fixture
def run(settings):
    with transaction() as session:
        factories.make_organisation(session)
        factories.make_sender(session)

    def call(*words, code=0):
        """What the verb printed; with another code: its sentence."""
        result = CliRunner().invoke(verbs, ["pace", *words])
        if isinstance(result.exception, PersonError):
            assert code == 1, result.exception.message
            return result.exception.message
        assert result.exit_code == code, result.output
        return result.output

    return call


@pytest.mark.both_databases
def test_limits_are_set_shown_and_hold(run, backend):
    assert run("list") == "Nothing is limited.\n"
    run("sender", "news@example.com", "--letters", "300", "--per", "hour", "--warm-up-from", "2027-03-01")
    run("domain", "gmail.com", "--letters", "20", "--at-once", "2")
    run("domain", "*", "--letters", "5", "--per", "second", "--burst", "7")

    assert run("list").splitlines() == [
        "news@example.com: 300 letters an hour, warmed up from 2027-03-01",
        "each other domain: 5 letters a second",
        "gmail.com: 20 letters a minute, 2 at once",
    ]
    told = json.loads(run("list", "--json"))
    assert told["senders"] == [
        {"address": "news@example.com", "letters": 300, "per": 3600, "burst": 1, "warm_from": "2027-03-01"}
    ]
    assert told["domains"][1] == {
        "domain": "gmail.com", "letters": 20, "per": 60, "burst": 4, "at_once": 2, "held_until": None,
    }  # fmt: skip
    run("sender", "news@example.com")
    with transaction() as session:
        wanted = {"gmail.com": 9, "other.example": 9}
        assert buckets.take(session, 1, wanted).of_domain == {"gmail.com": 4, "other.example": 7}


def test_a_domain_can_be_forgotten_and_let_go(run):
    run("domain", "gmail.com", "--letters", "20")
    run("forget", "GMAIL.com")
    assert run("list") == "Nothing is limited.\n"
    with transaction() as session:
        destinations.hold(session, "slow.example", "421 No")
    assert "slow.example" in run("list")
    run("go-on", "slow.example")
    assert run("list") == "Nothing is limited.\n"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("sender", "who@example.com", "--letters", "5"), 1, "no sender with the address who@example.com"),
        (("sender", "news@example.com", "--letters", "0"), 1, "a number from 1"),
        (("sender", "news@example.com", "--letters", "many"), 2, "not a valid integer"),
        (("sender", "news@example.com", "--per", "week"), 2, "'second', 'minute', 'hour', 'day'"),
        (("sender", "news@example.com", "--warm-up-from", "soon"), 2, "does not match the format"),
        (("domain", "nonsense", "--letters", "5"), 1, "Write a domain"),
        (("forget", "gmail.com"), 1, "Nothing is set"),
    ],
)
def test_mistakes_are_said(run, words, code, said):
    assert said in run(*words, code=code)
