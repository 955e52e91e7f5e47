"""What the tests of this room share: a mail server that is set, and looking at messages."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.database import reading
from campaigns.delivery import roads
from campaigns.delivery.models import Message
from campaigns.mailings.models import Campaign
from campaigns.settings import Settings
from tests import servers
from tests.delivery import misbehaving


@pytest.fixture
def mail(settings: Settings, smtp_server: servers.SmtpServer):
    """A mail server that campaigns are handed to."""
    smtp = settings.smtp
    smtp.host, smtp.port, smtp.tls = smtp_server.host, smtp_server.port, "none"
    settings.sending.ask_again = 6  # and a tenth of a second between two tries
    yield smtp_server
    roads.close_all()


@pytest.fixture
def messages(session: Session) -> Callable[[Campaign], dict[str, Message]]:
    """`messages(campaign)` gives them as they are in the database now, by address."""

    def look(campaign: Campaign) -> dict[str, Message]:
        with reading() as fresh:
            found = fresh.scalars(sa.select(Message).where(Message.campaign_id == campaign.id))
            return {message.address: message for message in found}

    return look


@pytest.fixture
def states(messages: Callable[[Campaign], dict[str, Message]]) -> Callable[[Campaign], dict[str, str]]:
    """`states(campaign)` gives each address its status, with the reason after a colon where there is one."""

    def look(campaign: Campaign) -> dict[str, str]:
        return {
            address: f"{message.status}:{message.reason}".rstrip(":")
            for address, message in messages(campaign).items()
        }

    return look


@pytest.fixture
def odd(settings):
    """A mail server of few words that campaigns are handed to."""
    with misbehaving.server() as made:
        smtp = settings.smtp
        smtp.host, smtp.port, smtp.tls = "127.0.0.1", made.port, "none"
        settings.sending.ask_again = 6
        yield made
        roads.close_all()
