"""A whole installation, and browsers of each of its people."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from campaigns.accounts.models import User
from campaigns.settings import Settings
from tests.fixtures.application import Browser, sign_in_as
from tests.security import world as worlds
from tests.security.world import Snapshot, World


@pytest.fixture
def world(app: Flask, session: Session) -> World:
    """Something of everything, owned by different people."""
    return worlds.fill(session)


@pytest.fixture
def snapshot(world: World, settings: Settings) -> Snapshot:
    """The database as the world was made."""
    return Snapshot(settings.data_dir / "campaigns.db")


@pytest.fixture
def browse(app: Flask) -> Callable[[User | None], Browser]:
    """`browse(user)` gives a browser signed in as that person; `browse(None)` one of nobody."""

    def make(user: User | None) -> Browser:
        client = app.test_client()
        return sign_in_as(client, user) if user else client

    return make
