"""The pages as a signed-in person meets them, asked of the plant's own web process."""

import requests
from sqlalchemy.orm import Session

from campaigns.accounts.models import Role
from campaigns.app import create_app
from campaigns.mailings.models import Campaign
from tests import factories
from tests.delivery.launching import fresh
from tests.faults import sockets
from tests.faults.plant import Plant, wait_for
from tests.fixtures.application import Browser, sign_in_as


class Pages:
    """An administrator's browser."""

    def __init__(self, plant: Plant, session: Session) -> None:
        factories.make_organisation(session)
        user = factories.make_user(session, Role.ADMIN)
        session.commit()
        app = create_app()
        app.test_client_class = Browser
        client = sign_in_as(app.test_client(), user)
        token = client.token()
        cookie = client.get_cookie(app.config["SESSION_COOKIE_NAME"])
        self._headers = {"Cookie": f"{cookie.key}={cookie.value}", "X-CSRFToken": token}
        self._base = f"http://127.0.0.1:{plant.web_port}"
        plant.start_web()
        wait_for(lambda: sockets.listens("127.0.0.1", plant.web_port), 60, "web server", plant.logs)

    def get(self, path: str) -> requests.Response:
        """Look at a page."""
        return requests.get(self._base + path, headers=self._headers, timeout=60, allow_redirects=False)

    def post(self, path: str, **form: str) -> requests.Response:
        """Press a button."""
        return requests.post(
            self._base + path, form, headers=self._headers, timeout=60, allow_redirects=False
        )

    def upload(self, path: str, name: str, content: bytes) -> requests.Response:
        """Hand in a file."""
        return requests.post(
            self._base + path, files={"file": (name, content)}, headers=self._headers, timeout=60,
            allow_redirects=False,
        )  # fmt: skip

    def draft(self, session: Session) -> int:
        """A campaign to everybody, ready to be sent."""
        factories.make_organisation(session)
        campaign = factories.make_campaign(session)
        session.commit()
        return campaign.id

    def campaign(self, campaign_id: int) -> Campaign:
        """As it is in the database now."""
        return fresh(Campaign(id=campaign_id))
