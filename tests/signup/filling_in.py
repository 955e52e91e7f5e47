"""Forms for tests: made, opened, filled in over HTTP, and the links of the letters that went."""

import re
from datetime import timedelta

import time_machine
from werkzeug.datastructures import MultiDict

from campaigns import settings
from campaigns.consent import topics
from campaigns.database import now
from campaigns.mail.capture import CapturedMail
from campaigns.signup import building, guarding, letters
from tests import factories

GIVEN = {
    "name": "Fair", "languages": "en", "letters": "1", "tracking": "1",
    "step.first_name": "1", "step.city": "2", "tags": "fair", "categories": "Cutters",
    "letters.en": "Example Tools may write to me about tools, twice a month.",
}  # fmt: skip


def firm(session):
    """A firm that can send, with one topic."""
    factories.make_organisation(session, language="en")
    factories.make_user(session)
    factories.make_sender(session)
    topics.create(session, "Offers", "What is cheaper this month")
    session.commit()


def make_form(session, **given):
    """An open form; `given` replaces what the builder is given."""
    values = MultiDict(GIVEN | {"topics": [str(one.id) for one in topics.listed(session)]} | given)
    form = building.create(session, values)
    building.open_(session, form)
    session.commit()
    return form


def token(form, seconds=10):
    """The token of a form that was shown some seconds ago."""
    with time_machine.travel(now() - timedelta(seconds=seconds), tick=False):
        return guarding.token(form)


def fill_in(client, form, email="ann@example.com", ip="192.0.2.7", **answers):
    """Send the form as a person would."""
    data = {"email": email, "token": token(form), "lang": "en"} | answers
    return client.post(f"/f/{form.key}", data=data, environ_base={"REMOTE_ADDR": ip}, csrf=False)


def mailed():
    """Whom letters went to, with their bodies, oldest first."""
    letters.send_waiting()
    mail = CapturedMail(settings.current().data_dir)
    return [(letter.envelope_to, mail.read(letter.key)) for letter in reversed(list(mail.newest(1000)))]


def link(raw):
    """The confirming page that the letter leads to."""
    text = raw.decode().replace("=\r\n", "").replace("=3D", "=")
    return re.search(r"(/s/[\w-]+)", text)[1]
