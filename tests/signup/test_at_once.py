"""Two confirmations of one new address at the same instant: both succeed, and it is one person."""

import threading

import pytest
import sqlalchemy as sa

from campaigns.consent import ledger
from campaigns.contacts.models import Contact
from campaigns.crm.models import Activity, Kind
from campaigns.database import engine, now, reading, transaction
from campaigns.signup import confirming, rewards
from campaigns.signup.entering import Visit
from campaigns.signup.models import SignUp
from campaigns.signup.reward_models import Coupon
from tests.signup.filling_in import firm, make_form

EMAIL = "ann@example.com"


@pytest.fixture
def sign_ups(app, session):
    """Two forms, each filled in by the same new person, who said something else in each."""
    firm(session)
    pool = rewards.add_pool(session, "Welcome", "10 € off")
    forms = [make_form(session, name=name, pool=str(pool.id)) for name in ("Fair", "Shop")]
    for form in forms:
        form.pool_id = pool.id
    said = [({"first_name": "Ann"}, ["mail"]), ({"city": "Brno"}, ["mail", "tracking"])]
    made = [_made(form, *given) for form, given in zip(forms, said, strict=True)]
    session.add_all(made)
    session.commit()
    return [one.id for one in made]


def _made(form, answers, chosen):
    return SignUp(
        form_id=form.id, revision_id=form.revision_id, email=EMAIL, address_hash="0" * 32, language="en",
        answers=answers, chosen=chosen, at=now(),
    )  # fmt: skip


def confirm(session, number):
    return confirming.confirm(session, session.get_one(SignUp, number), Visit("192.0.2.9", "Mail"))


def is_one_person():
    with reading() as session:
        ann = session.scalars(sa.select(Contact)).one()
        assert (ann.email, ann.first_name, ann.city) == (EMAIL, "Ann", "Brno")
        assert {one.contact_id for one in session.scalars(sa.select(SignUp))} == {ann.id}
        assert session.scalar(sa.select(sa.func.count()).select_from(SignUp)) == 2
        assert {purpose: one.state for purpose, one in ledger.states(session, ann.id).items()} == {
            "mail": "confirmed", "tracking": "confirmed"
        }  # fmt: skip
        assert session.scalars(sa.select(Activity.kind)).all() == [Kind.SIGN_UP] * 2
        assert len(session.scalars(sa.select(Coupon.id)).all()) == 1


def in_threads(*work):
    problems = []

    def guarded(one):
        try:
            one()
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=guarded, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    return threads, problems


@pytest.mark.both_databases
def test_two_forms_are_confirmed_at_the_same_instant(sign_ups):
    ready = threading.Barrier(2)

    def work(number):
        ready.wait(10)
        with transaction() as session:
            assert confirm(session, number)

    threads, problems = in_threads(*(lambda number=number: work(number) for number in sign_ups))
    for thread in threads:
        thread.join(30)

    assert problems == []
    is_one_person()


@pytest.mark.postgresql_only
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_second_waits_for_the_first_and_goes_on_as_the_same_person(sign_ups, order):
    first, second = (sign_ups[place] for place in order)

    def follow():
        with transaction() as session:
            assert confirm(session, second)

    with transaction() as session:
        confirm(session, first)
        [thread], problems = in_threads(follow)
        wait_until_somebody_waits()
    thread.join(30)

    assert problems == []
    is_one_person()


@pytest.mark.postgresql_only
def test_the_second_makes_the_contact_when_the_first_comes_to_nothing(sign_ups):
    def follow():
        with transaction() as session:
            assert confirm(session, sign_ups[1])

    with transaction() as session:
        confirm(session, sign_ups[0])
        [thread], problems = in_threads(follow)
        wait_until_somebody_waits()
        session.rollback()
    thread.join(30)

    assert problems == []
    with transaction() as session:
        assert confirm(session, sign_ups[0])
    is_one_person()


@pytest.mark.both_databases
def test_one_after_the_other(sign_ups):
    for number in sign_ups:
        with transaction() as session:
            assert confirm(session, number)
            assert not confirm(session, number)

    is_one_person()


@pytest.mark.both_databases
def test_the_same_link_from_two_machines_counts_once(sign_ups):
    ready, done = threading.Barrier(2), []

    def work():
        ready.wait(10)
        with transaction() as session:
            done.append(confirm(session, sign_ups[0]))

    threads, problems = in_threads(work, work)
    for thread in threads:
        thread.join(30)

    assert problems == []
    assert sorted(done) == [False, True]
    with reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Contact)) == 1


def wait_until_somebody_waits():
    asked = sa.text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    for _try in range(200):
        with engine().connect() as connection:
            if connection.scalar(asked):
                return
        threading.Event().wait(0.05)
    raise AssertionError("nobody waits")
