"""`campaigns coupon`: load, look, redeem."""

import json

import pytest

from campaigns.cli.coupon import coupon
from campaigns.errors import Conflict, NotFound
from campaigns.signup import rewards
from tests import factories


def test_codes_are_loaded_looked_at_and_redeemed_once(app, session, tmp_path):
    pool = rewards.add_pool(session, "Shop", "5 EUR", "loaded")
    ann = factories.make_contact(session, "ann@example.com")
    session.commit()
    (tmp_path / "codes.txt").write_text("abc-1\nabc-2\n")
    run = app.test_cli_runner().invoke

    loaded = run(coupon, ["load", "Shop", str(tmp_path / "codes.txt"), "--json"])
    assert json.loads(loaded.output) == {"added": 2, "known": 0}
    rewards.give(session, pool, ann, "test")
    session.commit()
    assert run(coupon, ["look", "ABC1"]).output == "ann@example.com · 5 EUR\n"
    bought = run(coupon, ["redeem", "ABC1", "--product", "Saw", "--amount", "24.90", "--json"])
    assert list(json.loads(bought.output)) == ["purchase"]
    assert "redeemed already" in run(coupon, ["look", "ABC1"]).output
    again = run(coupon, ["redeem", "ABC1", "--product", "Saw"])
    assert isinstance(again.exception, Conflict)


@pytest.mark.parametrize("words", [["look", "ABC2"], ["load", "Nothing", "-"]])
def test_what_is_not_there_is_said(app, words):
    assert isinstance(app.test_cli_runner().invoke(coupon, words).exception, NotFound)
