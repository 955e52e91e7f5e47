"""A new version while a campaign is sent: the old one finishes what is in flight and gives the rest back."""

import shutil
import signal
import subprocess
import sys

import pytest
import sqlalchemy as sa

from campaigns import schema
from campaigns.database import reading
from campaigns.mailings.models import Status
from tests.delivery.launching import launch, segments
from tests.faults.invariant import fill, holds
from tests.faults.plant import ROOT

PEOPLE = 300
MIGRATION = '''\
"""One column more."""

import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{before}"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("message", sa.Column("weight", sa.Integer(), server_default="0"))
    op.create_index("ix_message_weight", "message", ["weight"])


def downgrade():
    op.drop_index("ix_message_weight", "message")
    op.drop_column("message", "weight")
'''


@pytest.fixture
def new_version(tmp_path):
    """A checkout of the next version: one migration more."""
    tree = tmp_path / "next"
    for name in ("campaigns", "workers", "templates", "migrations"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    written = MIGRATION.format(before=schema.head())
    (tree / "migrations" / "versions" / "9999_one_column_more.py").write_text(written)
    return tree


@pytest.mark.row(31)
@pytest.mark.quick("postgresql")
@pytest.mark.seeds(20)
def test_told_to_stop_and_started_as_a_new_version(session, plant, new_version, seed):
    eligible, ineligible = fill(session, PEOPLE, refused=30)
    plant.start()
    campaign = launch(session)
    plant.midway(PEOPLE, 0.15 + 0.03 * seed)

    for name in ("worker0", "worker1", "clock"):
        plant.signal(name, signal.SIGTERM)
    for name in ("worker0", "worker1", "clock"):
        assert plant.parts[name].wait(12) == 0, plant.logs()
    plant.in_the_middle(PEOPLE)
    assert plant.status(campaign) == Status.SENDING
    held = [segment for segment in segments(campaign) if segment.lease_until is not None]
    assert held == []  # given back, not left to run out

    plant.tree = new_version
    session.close()
    upgraded = subprocess.run(
        [sys.executable, "-m", "campaigns.cli", "upgrade"], cwd=new_version, env=plant.environment(),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert upgraded.returncode == 0, upgraded.stderr
    with reading() as look:
        assert look.scalar(sa.text("SELECT version_num FROM alembic_version")) == "9999"
    plant.start_clock()
    for number in (2, 3):
        plant.start_worker(f"worker{number}")
    plant.ended(campaign)

    assert holds(plant, campaign, eligible, ineligible)["uncertain"] == 0
