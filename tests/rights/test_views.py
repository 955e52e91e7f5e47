"""The pages about rights: a copy, an erasure that must be meant, and what is left of it."""

import io
import json
import zipfile

import pytest

from campaigns.accounts.models import AuditEntry, Role
from campaigns.contacts.models import Contact
from campaigns.database import reading, transaction
from campaigns.rights import finishing
from campaigns.rights.models import Erasure
from tests import factories
from tests.rights import people


@pytest.fixture
def number(app) -> int:
    with transaction() as session:
        factories.make_organisation(session)
        return people.busy(session).id


def _text(answer) -> str:
    assert answer.status_code == 200, answer.status
    return answer.get_data(as_text=True)


def test_who_may_hand_out_and_who_may_erase(sign_in, number):
    page = f"/rights/contacts/{number}"

    assert sign_in(Role.SALESPERSON).get(page).status_code == 403
    assert "Erase this person" not in _text(sign_in(Role.MARKETER).get(page))
    assert sign_in(Role.MARKETER).post(f"{page}/erase").status_code == 403
    shown = _text(sign_in(Role.ADMIN).get(page))
    assert "Erase this person" in shown
    assert "Purchases" in shown


def test_the_copy_is_a_file_and_handing_it_out_is_written_down(sign_in, number):
    answer = sign_in(Role.MARKETER).post(f"/rights/contacts/{number}/copy")

    assert answer.headers["Cache-Control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as pack:
        assert json.loads(pack.read("my-data.json"))["of"] == people.EMAIL
    with reading() as session:
        entries = session.query(AuditEntry).filter_by(act="contact.copy")
        assert [entry.subject for entry in entries] == [f"contact:{number}"]


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"why": "asked", "address": "someone@else.example"}, "Type the address of the person"),
        ({"why": "asked"}, "Type the address of the person"),
        ({"why": "restored", "address": people.EMAIL}, "Choose why they are erased"),
    ],
)
def test_an_erasure_must_be_meant(sign_in, number, form, said):
    answer = sign_in(Role.ADMIN).post(f"/rights/contacts/{number}/erase", data=form)

    assert answer.status_code == 422
    assert said in answer.get_data(as_text=True)
    with reading() as session:
        assert session.get(Contact, number).email == people.EMAIL


def test_what_is_left_of_an_erasure_names_nobody(sign_in, number):
    admin = sign_in(Role.ADMIN)
    form = {"why": "asked", "address": f" {people.EMAIL.upper()} "}
    answer = admin.post(f"/rights/contacts/{number}/erase", data=form)
    done = answer.headers["Location"]
    assert "still being gone through" in _text(admin.get(done))
    with reading() as session:
        one = session.query(Erasure).one()
    finishing.run(one.id)

    for page in (done, "/rights/erasures", "/settings/audit"):
        shown = _text(admin.get(page))
        assert people.EMAIL not in shown
        assert people.LAST not in shown
    assert "Uploaded files" not in shown
    assert "They asked for it" in _text(admin.get("/rights/erasures"))
    assert admin.get(f"/contacts/{number}").status_code == 404
    again = {"email": people.EMAIL, "first_name": "Z", "source": "Fair"}
    refused = admin.post("/contacts/new", data=again)
    assert refused.status_code == 422
    assert "erased at their own wish" in refused.get_data(as_text=True)
