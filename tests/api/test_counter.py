"""A till asks by its key: whose a code is, and a sale that redeems the coupon, noted once."""

import threading
from decimal import Decimal

import pytest
import sqlalchemy as sa

from campaigns.accounts import keys
from campaigns.accounts.models import ApiKey, AuditEntry
from campaigns.crm.models import Product, Purchase
from campaigns.database import reading, transaction
from campaigns.signup import rewards
from campaigns.signup.reward_models import Codes, Coupon
from tests import factories

pytestmark = pytest.mark.both_databases
SALE = {"code": "blade1", "product": "Saw blade", "quantity": 2, "amount": "49.90", "reference": "17/1"}


@pytest.fixture
def till(app, session):
    """Asks as a program that has a key for the counter; Ann was given BLADE1, and has a card."""
    factories.make_organisation(session)
    factories.make_user(session)
    ann = factories.make_contact(session, "ann@example.com", first_name="Ann", last_name="Lee")
    pool = rewards.add_pool(session, "Blades", "10 EUR", Codes.LOADED)
    rewards.load(session, pool, ["BLADE1", "BLADE2"])
    session.execute(sa.update(Coupon).where(Coupon.code == "BLADE1").values(contact_id=ann.id))
    rewards.card(session, ann)
    _key, said = keys.make(session, "Till in Brno", ["counter"], None)
    session.commit()

    def ask(method, path, json=None, key=said):
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return app.test_client().open(f"/api/v1{path}", method=method, json=json, headers=headers)

    return ask


def card():
    with reading() as session:
        return rewards.card_of(session, 1).number


def bought():
    with reading() as session:
        return session.scalars(sa.select(Purchase).order_by(Purchase.id)).all()


def test_whose_a_code_is_and_what_they_spent(till):
    answer = till("GET", "/codes/blade-1")

    assert answer.status_code == 200
    assert answer.json["kind"] == "coupon"
    assert (answer.json["code"], answer.json["worth"], answer.json["problem"]) == ("BLADE1", "10 EUR", "")
    assert answer.json["contact"] == {"id": 1, "name": "Ann Lee", "spent": []}
    till("POST", "/purchases", SALE)
    assert "redeemed already" in till("GET", "/codes/BLADE1").json["problem"]
    [spent] = till("GET", f"/codes/{card()}").json["contact"]["spent"]
    assert (spent["currency"], spent["times"], Decimal(str(spent["amount"]))) == ("EUR", 1, Decimal("49.90"))


def test_a_sale_redeems_the_coupon_and_asked_again_it_is_noted_once(till):
    first, again = till("POST", "/purchases", SALE), till("POST", "/purchases", SALE)

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == again.json == {"id": 1, "contact_id": 1, "redeemed": True}
    [purchase] = bought()
    assert (purchase.quantity, purchase.amount, purchase.currency, purchase.reference) == (
        2, 4990, "EUR", "17/1",
    )  # fmt: skip
    with reading() as session:
        assert session.scalar(sa.select(Coupon.purchase_id).where(Coupon.code == "BLADE1")) == 1
        [entry] = session.scalars(sa.select(AuditEntry).where(AuditEntry.act == "coupon.redeem"))
        assert entry.detail == {"key": "Till in Brno"}


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"reference": "17/2"}, 409, "redeemed already"),
        ({"amount": "12"}, 409, "“17/1” before"),
        ({"product": "Glue"}, 409, "“17/1” before"),
        ({"code": "NOSUCH"}, 404, "NOSUCH"),
        ({"code": "BLADE2"}, 404, "BLADE2"),  # in stock: nobody's
        ({"currency": "XQZ", "reference": "18"}, 422, "no currency"),
        ({"amount": "-1"}, 422, "amount"),
        ({"amount": "1e400"}, 422, "amount"),
        ({"amount": "NaN"}, 422, "amount"),
        ({"quantity": 0}, 422, "quantity"),
        ({"quantity": "two"}, 422, "quantity"),
        ({"reference": ""}, 422, "reference"),
        ({"product": "  "}, 422, "product"),
        ({"product": "a\0b", "reference": "19", "code": None}, 422, "code"),
        ({"colour": "red"}, 422, "colour"),
    ],
)
def test_what_cannot_be_noted_says_why_and_changes_nothing(till, change, status, said):
    till("POST", "/purchases", SALE)
    answer = till("POST", "/purchases", SALE | change)

    assert answer.status_code == status
    assert said in answer.json["error"] + " ".join(answer.json["problems"])
    assert len(bought()) == 1
    with reading() as session:
        assert session.scalars(sa.select(Product.name)).all() == ["Saw blade"]


def test_a_sale_of_another_person_by_the_same_name_is_another(till):
    till("POST", "/purchases", SALE | {"code": card()})
    answer = till("POST", "/purchases", SALE)

    assert answer.status_code == 409
    assert len(bought()) == 1


def test_money_is_never_read_as_thousands(till):
    till("POST", "/purchases", SALE | {"amount": "1.250", "reference": "a"})
    till("POST", "/purchases", SALE | {"code": card(), "amount": 1250, "currency": "jpy", "reference": "b"})

    assert [(one.amount, one.currency) for one in bought()] == [(125, "EUR"), (1250, "JPY")]


def test_eight_tills_that_hear_no_answer_note_it_once(till):
    answers = []

    def sell():
        answers.append(till("POST", "/purchases", SALE | {"code": card()}).status_code)

    rush = [threading.Thread(target=sell) for _till in range(8)]
    for one in rush:
        one.start()
    for one in rush:
        one.join()

    assert sorted(answers) == [200] * 7 + [201]
    assert len(bought()) == 1


def test_without_a_good_key_nothing_is_said(till, session):
    other, said = keys.make(session, "Another", ["counter"], None)
    session.commit()
    assert till("GET", "/codes/BLADE1", key=said).status_code == 200
    with transaction() as writing:
        keys.revoke(writing, other.id)

    for key in ("", "ck_made-up", said, "\u00e9"):
        answer = till("POST", "/purchases", SALE, key)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert till("GET", "/codes/BLADE1", key=key).status_code == 401
        assert till("GET", "/codes/NOSUCH", key=key).status_code == 401
    assert not bought()


def test_a_key_for_other_things_is_refused(till, session):
    with transaction() as writing:
        writing.execute(sa.update(ApiKey).values(scopes=["other"]))

    assert till("GET", "/codes/BLADE1").status_code == 403
    assert till("POST", "/purchases", SALE).status_code == 403
    assert not bought()


def test_what_is_no_json_and_no_address_is_answered_in_json(till, app):
    key = {"Authorization": "Bearer ck_x"}
    assert app.test_client().get("/api/v1/nothing", headers=key).json["error"]
    answer = app.test_client().post("/api/v1/purchases", data="{", content_type="application/json")
    assert answer.status_code == 401
    for body in (None, [], "text", 7):
        assert till("POST", "/purchases", body).status_code in (400, 415, 422)


def test_the_description_names_every_address_and_what_each_answers(app, till):
    described = app.test_client().get("/api/openapi.json").json

    rules = {rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/v1/")}
    assert {path.replace("{", "<").replace("}", ">") for path in described["paths"]} == rules
    schemas = set(described["components"]["schemas"])
    for path in described["paths"].values():
        for said in path.values():
            assert said["security"] == [{"key": []}]
            for answer in said["responses"].values():
                named = answer["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
                assert named in schemas
