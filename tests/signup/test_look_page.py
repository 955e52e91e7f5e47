"""The look at a form in a browser: what is sent in the frame bears the session, and is not kept."""

import sqlalchemy as sa
from flask_security import hash_password

from campaigns.database import reading, transaction
from campaigns.signup.models import SignUp
from tests import factories
from tests.browser import sign_in
from tests.security import signup_world

PASSWORD = "four unrelated words"


def test_a_form_is_tried_out_in_the_frame(app, live_server, page):
    with app.app_context(), transaction() as session:
        factories.make_organisation(session)
        factories.make_user(session, email="ann@example.com", password=hash_password(PASSWORD))
        form = signup_world.form(session, "Fair in Brno")
        form.open = False
    sign_in(page, live_server, "ann@example.com", PASSWORD)
    page.goto(f"{live_server}/forms/{form.id}/look/")
    frame = page.frame_locator("iframe")

    frame.get_by_label("Email address").fill("somebody@example.com")
    frame.get_by_role("button", name="Fair in Brno").click()
    frame.get_by_text("This is only a look").wait_for()
    frame.get_by_role("link", name="What people see now").click()
    frame.get_by_text("Look into your mail").wait_for()

    page.emulate_media(media="print")
    page.goto(f"{live_server}/forms/{form.id}")
    assert page.get_by_alt_text("The address as a QR code").is_visible()
    assert not page.get_by_text("On your own site").is_visible()
    with reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(SignUp)) == 0
