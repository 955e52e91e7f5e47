"""A look at a form before it is opened: all its pages in all its languages, and nothing comes of it."""

import sqlalchemy as sa
from werkzeug.datastructures import MultiDict

from campaigns.accounts.models import AuditEntry, Role
from campaigns.contacts.models import Contact
from campaigns.database import reading
from campaigns.signup import building, rewards
from campaigns.signup.models import SignUp, SignUpLetter
from campaigns.signup.reward_models import Card, Coupon
from tests.signup.filling_in import GIVEN, firm, mailed


def make_closed(session, **given):
    """A form in two languages, in two steps, that nobody has opened yet."""
    firm(session)
    values = GIVEN | {"languages": ["en", "cs"], "title.cs": "Zůstaňme v kontaktu spolu"} | given
    form = building.create(session, MultiDict(values))
    session.commit()
    return form


def seen(client, form, **asked):
    answer = client.get(f"/forms/{form.id}/look/page", query_string=asked)
    assert answer.status_code == 200
    return answer.text


def test_its_address_stays_closed_and_who_builds_it_sees_it(app, session, client, sign_in):
    form = make_closed(session)

    assert "This form is closed" in client.get(f"/f/{form.key}").text
    assert client.get(f"/forms/{form.id}/look/page").status_code == 302
    assert sign_in(Role.SALESPERSON).get(f"/forms/{form.id}/look/page").status_code == 403
    assert sign_in(Role.SALESPERSON).post(f"/forms/{form.id}/look/page").status_code == 403

    marketer = sign_in(Role.MARKETER)
    around = marketer.get(f"/forms/{form.id}/look/").text
    assert "Nobody else sees it" in around
    assert 'sandbox="allow-forms allow-same-origin"' in around
    assert "Email address" in seen(marketer, form)


def test_each_step_is_seen_by_itself_and_in_each_language(app, session, marketer_client):
    form = make_closed(session)

    first, second = (seen(marketer_client, form, part=part) for part in "12")
    shown, hidden = "data-step>", "data-step hidden disabled>"
    assert first.index(shown) < first.index(hidden)
    assert second.index(hidden) < second.index(shown)
    assert "Sign up" not in first
    assert "Sign up" in second
    assert "Zůstaňme v kontaktu spolu" in seen(marketer_client, form, lang="cs")
    assert 'lang="cs"' in seen(marketer_client, form, part="sent", lang="cs")
    assert "Email address" in seen(marketer_client, form, part="17", lang="xx")


def test_what_comes_after_is_seen_and_no_coupon_is_used_up(app, session, marketer_client):
    pool = rewards.add_pool(session, "Autumn", "10 € off", days="30")
    form = make_closed(session, pool=str(pool.id), referral_pool=str(pool.id), card="1")

    assert "We have sent a letter" in seen(marketer_client, form, part="sent")
    asked, done = (seen(marketer_client, form, part=part) for part in ("confirm", "confirmed"))
    assert "Yes, confirm" in asked
    assert "twice a month" in asked
    assert "10 € off" in done
    assert "Your card" in done
    assert "Bring a friend" in done
    with reading() as other:
        for kind in (Coupon, Card, SignUp):
            assert other.scalar(sa.select(sa.func.count()).select_from(kind)) == 0


def test_sending_it_does_nothing_and_says_so(app, session, marketer_client):
    form = make_closed(session)

    answer = marketer_client.post(
        f"/forms/{form.id}/look/page", data={"email": "ann@example.com", "mail": "1", "lang": "cs"}
    )
    assert answer.status_code == 200
    assert "part=sent" in answer.text
    assert "ann@example.com" not in answer.text
    after = marketer_client.post(f"/forms/{form.id}/look/page", data={"part": "confirm"}).text
    assert "Nothing was sent" in after
    assert "part=confirmed" in after
    with reading() as other:
        for kind in (SignUp, SignUpLetter, Contact, AuditEntry):
            assert other.scalar(sa.select(sa.func.count()).select_from(kind)) == 0
    assert mailed() == []


def test_nothing_runs_in_the_frame(app, session, marketer_client):
    form = make_closed(session)
    policy = marketer_client.get(f"/forms/{form.id}/look/page").headers["Content-Security-Policy"]

    assert policy.startswith("default-src 'none'; script-src 'none';")
    assert "script-src 'none'" in policy
