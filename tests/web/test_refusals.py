"""What is answered when the database itself is away."""

import pytest
import sqlalchemy as sa

from campaigns import database


@pytest.fixture
def without_database(app):
    database.use(sa.create_engine("sqlite:////nowhere/at/all.db"))
    yield app
    database.use(None)


def test_a_page_says_so_in_a_sentence(without_database, client):
    answer = client.get("/setup")

    assert answer.status_code == 503
    assert "The database does not answer" in answer.text


def test_a_signed_in_page_too(admin_client, app):
    database.use(sa.create_engine("sqlite:////nowhere/at/all.db"))

    answer = admin_client.get("/contacts/")

    database.use(None)
    assert answer.status_code == 503
    assert "The database does not answer" in answer.text


def test_the_process_says_that_it_lives_and_is_not_ready(without_database, client):
    assert client.get("/health").status_code == 200
    assert client.get("/ready").status_code == 503
