"""The plant, on each database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from campaigns import broker
from campaigns.settings import Settings
from tests.faults.plant import Plant


@pytest.fixture
def plant(settings: Settings, tmp_path: Path) -> Iterator[Plant]:
    """A plant that is not started yet, on this test's database; ends with the test."""
    made = Plant(tmp_path, settings)
    yield made
    made.stop()
    broker.use(None)
