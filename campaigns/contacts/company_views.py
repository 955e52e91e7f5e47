"""Pages of companies: the list, one company with its people, and the form."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_security import current_user
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from campaigns.accounts import audit
from campaigns.accounts.models import Role
from campaigns.contacts import companies, field_forms, fields, finding, listing, visibility
from campaigns.contacts.field_models import About
from campaigns.contacts.filters import Filters
from campaigns.contacts.mistakes import Mistakes
from campaigns.contacts.models import Company
from campaigns.database import reading, transaction
from campaigns.errors import BadInput, Conflict
from campaigns.web import guards, paging
from campaigns.words import _

pages = Blueprint("companies", __name__, url_prefix="/companies")


@pages.get("/")
@guards.signed_in
def index() -> str:
    """All companies by name."""
    q, after = request.args.get("q", "").strip(), paging.after()
    beyond = (
        (str(after[0]), int(after[1])) if after and len(after) == 2 and str(after[1]).isdecimal() else None
    )
    with reading() as session:
        rows = companies.find(session, q, beyond)
        page = paging.page(rows, lambda row: [row[0].key, row[0].id])
        return render_template("pages/contacts/companies.html", page=page, q=q)


@pages.get("/<int:company_id>")
@guards.signed_in
def show(company_id: int) -> str:
    """One company and its people."""
    with reading() as session:
        company = companies.one(session, company_id)
        asked = Filters(company=company_id)
        rows = finding.find(session, asked, visibility.limits(current_user), after=paging.after())
        page = paging.page(rows, lambda contact: finding.key(contact, "name"))
        return render_template(
            "pages/contacts/company.html",
            company=company,
            owners=companies.owners(session, company),
            daughters=companies.daughters(session, company),
            field_sections=_known_sections(session, company),
            page=page,
            query=listing.query(asked, "name"),
        )


@pages.get("/new")
@guards.signed_in
def new() -> str:
    """An empty form."""
    return _form_page(None, {}, {})


@pages.post("/new")
@guards.signed_in
def create() -> Any:
    """Keep a new company."""
    try:
        with transaction() as session:
            company = companies.add(session, request.form)
            audit.note(session, "company.create", f"company:{company.id}")
    except (BadInput, Conflict) as error:
        return _form_page(None, request.form, _errors(error)), 422
    return redirect(url_for("companies.show", company_id=company.id))


@pages.get("/<int:company_id>/edit")
@guards.signed_in
def edit(company_id: int) -> str:
    """The form with what is known."""
    with reading() as session:
        company = companies.one(session, company_id)
        above = companies.owners(session, company)
        known = fields.known(session, About.COMPANY)
        form = vars(company) | {"parent": above[0].name if above else ""}
        return _form_page(company, form | field_forms.shown(company.fields, known), {})


@pages.post("/<int:company_id>/edit")
@guards.signed_in
def change(company_id: int) -> Any:
    """Keep what was changed."""
    try:
        with transaction() as session:
            companies.change(session, companies.one(session, company_id), request.form)
            audit.note(session, "company.change", f"company:{company_id}")
    except (BadInput, Conflict) as error:
        with reading() as session:
            company = companies.one(session, company_id)
            return _form_page(company, request.form, _errors(error)), 422
    flash(_("Kept."), "success")
    return redirect(url_for("companies.show", company_id=company_id))


@pages.post("/<int:company_id>/delete")
@guards.role(Role.MARKETER)
def delete(company_id: int) -> Any:
    """Delete the company; its people stay."""
    with transaction() as session:
        companies.remove(session, companies.one(session, company_id))
        audit.note(session, "company.delete", f"company:{company_id}")
    flash(_("The company is gone; its people are still here."), "success")
    return redirect(url_for("companies.index"))


def _errors(error: BadInput | Conflict) -> dict[str, str]:
    return error.fields if isinstance(error, Mistakes) else {getattr(error, "field", "name"): error.message}


def _known_sections(session: Session, company: Company) -> list[field_forms.Section]:
    """The fields of which something is known, by section."""
    known = fields.known(session, About.COMPANY)
    return field_forms.sections(field for field in known.values() if field.key in company.fields)


def _form_page(company: Company | None, form: Any, errors: dict[str, str]) -> str:
    values = form if isinstance(form, MultiDict) else MultiDict(form)
    with reading() as session:
        return render_template(
            "pages/contacts/company_edit.html",
            company=company,
            form=values,
            errors=errors,
            countries=listing.countries(),
            company_names=listing.suggestions(session)["company_names"],
            sections=field_forms.sections(fields.known(session, About.COMPANY).values()),
        )
