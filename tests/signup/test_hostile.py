"""Thousands of hostile posts: no address gets more than one letter a day; nobody learns who is known."""

import threading
from collections import Counter

import pytest
import sqlalchemy as sa

from campaigns.database import reading, transaction
from campaigns.signup import building
from campaigns.signup.models import SignUp, SignUpLetter
from tests import factories
from tests.signup.filling_in import fill_in, firm, mailed, make_form, token

VICTIMS = 100
many = pytest.mark.parametrize("posts", [500, pytest.param(10_000, marks=pytest.mark.long)])


@pytest.fixture
def form(app, session, settings):
    """An open form of a firm that knows half of the victims."""
    firm(session)
    for number in range(0, VICTIMS, 2):
        factories.make_contact(session, f"victim{number}@example.com")
    session.commit()
    return make_form(session)


@many
def test_posts_from_many_networks_bring_each_address_one_letter(form, client, posts):
    shown = token(form)
    answers = Counter()
    for number in range(posts):
        ip, victim = f"198.51.{number % 250}.{number // 250}", f"victim{number % VICTIMS}@example.com"
        answer = fill_in(client, form, victim, ip=ip, mail="1", token=shown)
        answers[answer.status_code, answer.location, answer.data, tuple(answer.headers.keys())] += 1

    assert list(answers.values()) == [posts]  # known or not, first or hundredth: the same
    letters = Counter(to for to, _raw in mailed())
    assert letters == dict.fromkeys((f"victim{number}@example.com" for number in range(VICTIMS)), 1)


@many
def test_posts_from_one_network_end_at_its_limit(form, client, settings, posts):
    shown = token(form)
    statuses = Counter(
        fill_in(client, form, f"somebody{number}@example.com", mail="1", token=shown).status_code
        for number in range(posts)
    )

    assert statuses == {303: settings.signup.an_hour, 429: posts - settings.signup.an_hour}
    assert len(mailed()) == settings.signup.an_hour


def test_one_line_counts_as_one_network_whatever_its_address(form, client, settings):
    settings.signup.an_hour = 3
    shown = token(form)
    statuses = [
        fill_in(
            client, form, f"p{number}@example.com", ip=f"2001:db8:1:2::{number:x}", token=shown
        ).status_code
        for number in range(5)
    ]
    other = fill_in(client, form, "p9@example.com", ip="2001:db8:1:3::1", token=shown)

    assert statuses == [303, 303, 303, 429, 429]
    assert other.status_code == 303


def test_letters_wait_when_more_are_asked_for_than_go_in_an_hour(form, client, settings):
    settings.signup.letters_an_hour = 4
    for number in range(10):
        fill_in(client, form, f"p{number}@example.com", ip=f"192.0.2.{number}")

    assert len(mailed()) == 4
    assert len(mailed()) == 4
    with reading() as session:
        waiting = sa.select(sa.func.count()).select_from(SignUpLetter).where(SignUpLetter.status == "waiting")
        assert session.scalar(waiting) == 6


@pytest.mark.both_databases
def test_the_same_address_at_the_same_moment_gets_one_letter(app, form, session):
    shown = token(form)

    def post(number):
        fill_in(app.test_client(), form, ip=f"192.0.2.{number}", token=shown)

    rush = [threading.Thread(target=post, args=(number,)) for number in range(8)]
    for one in rush:
        one.start()
    for one in rush:
        one.join()

    assert len(mailed()) == 1
    with reading() as other:
        assert other.scalar(sa.select(sa.func.count()).select_from(SignUp)) == 1


@pytest.mark.parametrize("seconds", [0, 90_000])
def test_too_quick_and_too_old_forms_are_shown_once_more(form, client, seconds):
    answer = client.post(f"/f/{form.key}", data={"email": "a@example.com", "token": token(form, seconds)})

    assert "once more" in answer.text
    assert mailed() == []


def test_a_robot_that_fills_in_all_fields_is_told_that_all_is_well(form, session, client):
    answer = fill_in(client, form, website="https://example.net", mail="1")

    assert answer.status_code == 303
    assert mailed() == []


def test_a_closed_form_takes_nothing(form, session, client):
    with transaction() as other:
        building.close(building.one(other, form.id))

    assert "closed" in client.get(f"/f/{form.key}").text
    fill_in(client, form)
    assert mailed() == []
