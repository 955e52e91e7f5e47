"""Looking changes nothing, whoever looks: scanners open every link, browsers fetch ahead."""

import sqlite3

import pytest
import sqlalchemy as sa

from campaigns import tokens
from campaigns.audiences.models import Audience
from campaigns.mail.capture import CapturedMail
from campaigns.tokens import Purpose
from campaigns.tracking import flushing
from tests.security.test_roles import SLOW
from tests.security.world import addresses

# The one exception: a list of people that leaves as a file is written down, in the audit log only.
NOTED = {"analytics.export_people": "audit_entry"}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_at_any_page_changes_nothing(app, browse, world, snapshot, settings, method):
    letters = [letter.key for letter in CapturedMail(settings.data_dir).newest(50, None, "")]
    for rule, address in addresses(app, "GET", world.values):
        if rule.endpoint in SLOW or rule.endpoint.startswith("tracking."):
            continue
        for query in ("", "?did=clicked&whose=mine&saved=1&view=dark"):
            browse(world.admin).open(address + query, method=method)
        changed = snapshot.changed()
        if rule.endpoint in NOTED:
            changed = [line for line in changed if f'"{NOTED[rule.endpoint]}"' not in line]
            snapshot.restore()

        assert not [line for line in changed if "sqlite_sequence" not in line], rule.endpoint

    assert [letter.key for letter in CapturedMail(settings.data_dir).newest(50, None, "")] == letters


def _fetch_all(app, world, browse, method: str) -> list[int]:
    """Open every address that stands in a letter, as a scanner does, and write down what was hit."""
    who = (world.own.id, world.message.id)
    links = [
        f"/u/{tokens.sign(Purpose.UNSUBSCRIBE, *who)}",
        f"/p/{tokens.sign(Purpose.PREFERENCES, *who)}",
        f"/o/{tokens.sign(Purpose.OPEN, world.message.id)}.gif",
        f"/a/o/{tokens.sign(Purpose.COUNT_OPEN, world.campaign.id)}.gif",
        f"/c/{tokens.sign(Purpose.CLICK, world.message.id, 1)}",
        f"/a/c/{tokens.sign(Purpose.COUNT_CLICK, world.campaign.id, 1)}",
    ]
    said = [browse(None).open(link, method=method).status_code for link in links]
    flushing.flush(flushing.start())
    return said


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_fetching_every_link_of_a_letter_decides_nothing(app, browse, world, snapshot, method):
    assert _fetch_all(app, world, browse, method) == [200, 200, 200, 200, 302, 302]

    hit = ("hit", "hit_count", "activity", "message", "contact", "sqlite_sequence")  # what tracking is for
    others = [
        line for line in snapshot.changed() if not line.startswith(tuple(f'INSERT INTO "{t}"' for t in hit))
    ]
    assert not others


def test_opens_and_clicks_never_unsubscribe_pause_or_agree(app, browse, world, settings):
    def decided() -> list:
        with sqlite3.connect(settings.data_dir / "campaigns.db") as live:
            return [
                live.execute("SELECT id, paused_until, language FROM contact").fetchall(),
                live.execute("SELECT id, unsubscribed_at FROM message").fetchall(),
                live.execute("SELECT * FROM consent_event").fetchall(),
            ]

    before = decided()
    _fetch_all(app, world, browse, "GET")

    assert decided() == before


def test_the_count_beside_an_audience_is_brought_up_to_date_by_work_not_by_looking(
    browse, world, queue, session
):
    browse(world.marketer).post(
        f"/audiences/{world.campaign.audience_id}/edit", data={"name": "Everybody", "rule": "", "note": ""}
    )
    browse(world.marketer).get(f"/audiences/{world.campaign.audience_id}")
    counted = sa.select(Audience.counted)
    assert session.scalar(counted) is None
    session.commit()

    queue.work()
    assert session.scalar(counted) is not None
