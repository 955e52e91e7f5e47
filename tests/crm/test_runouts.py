"""When what was bought is used up, and that it follows whatever changes it."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from campaigns.cleaning import merging, unmerging
from campaigns.cli.product import product
from campaigns.crm import products, purchases, runouts
from campaigns.crm.models import Product, RunOut
from campaigns.errors import BadInput, Conflict
from tests import factories

MAY = datetime(2026, 5, 1, 22, tzinfo=UTC)


def _day(session, contact_id, product) -> date | None:
    return session.scalar(
        sa.select(RunOut.day).where(RunOut.contact_id == contact_id, RunOut.product_id == product.id)
    )


def _serum(session, days=30) -> Product:
    return products.add(session, {"name": "Serum", "lasts": str(days or "")})


def _finish(session) -> None:
    while runouts.renew_some(session):
        pass


def test_what_is_bought_before_the_last_is_used_up_comes_on_top():
    bought = [(MAY, 2), (MAY + timedelta(days=10), 1), (MAY + timedelta(days=200), 1)]
    assert runouts.day(bought[:1], 30) == date(2026, 6, 30)
    assert runouts.day(bought[:2], 30) == date(2026, 7, 30)
    assert runouts.day(bought, 30) == MAY.date() + timedelta(days=230)
    assert runouts.day([(MAY, 1_000_000)] * 3, runouts.MOST_DAYS) == date(9999, 1, 1)


def test_a_purchase_says_when_it_runs_out(session):
    anna, bo = factories.make_contact(session), factories.make_contact(session)
    serum, saw = _serum(session), purchases.product(session, "Saw")
    purchases.add(session, anna.id, serum, MAY, quantity=2)
    purchases.add(session, anna.id, saw, MAY)

    assert [(one.product.name, one.day) for one in runouts.of(session, anna.id)] == [
        ("Serum", date(2026, 6, 30))
    ]
    assert not runouts.of(session, bo.id)
    purchases.add(session, anna.id, serum, MAY - timedelta(days=1))
    assert _day(session, anna.id, serum) == date(2026, 7, 29)


def test_the_days_follow_the_product(session, monkeypatch):
    monkeypatch.setattr(runouts, "_BATCH", 3)
    people = [factories.make_contact(session) for _one in range(9)]
    serum = _serum(session, None)
    for place, one in enumerate(people):
        for _time in range(place % 4):
            purchases.add(session, one.id, serum, MAY)
    _finish(session)
    assert not session.scalars(sa.select(RunOut)).all()

    for days in (10, 20, None):
        products.change(session, serum, {"name": "Serum", "lasts": str(days or "")})
        assert runouts.renew_some(session)  # a part
        assert serum.renewed_to is not None
        _finish(session)
        assert serum.renewed_to is None
        expected = [
            MAY.date() + timedelta(days=days * (place % 4)) if days and place % 4 else None
            for place in range(9)
        ]
        assert [_day(session, one.id, serum) for one in people] == expected


def test_the_days_follow_a_merge_and_come_back(session):
    serum = _serum(session)
    anna, ann = (factories.make_contact(session, email=f"{name}@example.com") for name in ("anna", "ann"))
    for one in (anna, ann):
        purchases.add(session, one.id, serum, MAY)

    merge = merging.merge(session, anna.id, ann.id)
    kept_id, gone_id = merge.contact_id, merge.gone_id
    assert _day(session, kept_id, serum) == date(2026, 6, 30)
    assert _day(session, gone_id, serum) is None

    unmerging.unmerge(session, merge.id)
    assert _day(session, kept_id, serum) == _day(session, gone_id, serum) == date(2026, 5, 31)


@pytest.mark.parametrize("days", ["0", "-1", "many", "3651", "1.5", "²", "9" * 30])
def test_days_that_make_no_sense_are_refused(session, days):
    with pytest.raises(BadInput) as refused:
        products.add(session, {"name": "Serum", "lasts": days})
    assert refused.value.field == "lasts"


def test_no_two_products_have_one_name(session):
    serum = _serum(session)
    other = products.add(session, {"name": "Oil", "category": "Care"})
    with pytest.raises(Conflict):
        products.change(session, other, {"name": " Serum "})
    products.change(session, serum, {"name": "Serum", "lasts": "9"})
    assert [(one.name, group) for one, group in products.listed(session)] == [
        ("Oil", "Care"),
        ("Serum", None),
    ]


def test_the_pages_keep_how_long_a_piece_lasts(app, admin_client):
    answer = admin_client.post("/products/new", data={"name": "Serum", "category": "Care", "lasts": "x"})
    assert answer.status_code == 422
    assert "Write whole days" in answer.text
    assert admin_client.post("/products/new", data={"name": "Serum", "lasts": "30"}).status_code == 302
    shown = admin_client.get("/products/")
    assert "Serum" in shown.text
    assert "30 days" in shown.text
    number = 1
    answer = admin_client.post(f"/products/{number}", data={"name": "Serum", "category": "Care", "lasts": ""})
    assert answer.status_code == 302
    assert "30 days" not in admin_client.get("/products/").text
    assert 'value="Care"' in admin_client.get(f"/products/{number}").text
    assert admin_client.get("/products/77").status_code == 404


def test_the_command_line_says_how_long_a_piece_lasts(app):
    def run(*words: str):
        return CliRunner().invoke(product, words)

    assert run("set", "Serum", "--category", "Care", "--lasts", "30").exit_code == 0
    assert run("set", "Serum", "--lasts", "20").exit_code == 0
    told = json.loads(run("list", "--json").output)
    assert (told["name"], told["category"], told["lasts_days"]) == ("Serum", "Care", 20)
    assert "Write whole days" in str(run("set", "Serum", "--lasts", "soon").exception)
