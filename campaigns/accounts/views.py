"""Settings: the organisation, its people, the road that mail takes, the audit log."""

from typing import Any
from zoneinfo import available_timezones

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_security import current_user
from sqlalchemy.orm import selectinload

from campaigns import settings
from campaigns.accounts import audit, organising, people
from campaigns.accounts.models import AuditEntry, Role, User
from campaigns.database import now, reading, transaction
from campaigns.errors import BadInput, NotFound
from campaigns.mail import notices
from campaigns.mail.transport import transport_name
from campaigns.web import guards, paging
from campaigns.words import LANGUAGES, _

pages = Blueprint("settings", __name__, url_prefix="/settings")


@pages.get("/")
@guards.role(Role.ADMIN)
def index() -> str:
    """The organisation's own data."""
    with reading() as session:
        ours = people.organisation(session)
        return _organisation_page(vars(ours) if ours else {}, {})


@pages.post("/")
@guards.role(Role.ADMIN)
def change_organisation() -> Any:
    """Keep what was changed; the page says what is wrong otherwise."""
    form = request.form.to_dict()
    try:
        with transaction() as session:
            organising.change(session, form)
    except BadInput as error:
        return _organisation_page(form, {error.field: error.message}), 422
    flash(_("Kept."), "success")
    return redirect(url_for("settings.index"))


def _organisation_page(form: dict[str, Any], errors: dict[str, str]) -> str:
    zones = sorted(
        zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc", "posix"))
    )
    return render_template(
        "pages/accounts/organisation.html",
        form=form,
        errors=errors,
        languages=list(LANGUAGES.items()),
        timezones=[("UTC", "UTC"), *((zone, zone.replace("_", " ")) for zone in zones)],
    )


@pages.get("/people")
@guards.role(Role.ADMIN)
def users() -> str:
    """Everybody who may sign in."""
    return _people_page({}, {})


def _people_page(form: dict[str, Any], errors: dict[str, str]) -> str:
    with reading() as session:
        listed = session.scalars(sa.select(User).order_by(User.active.desc(), User.name, User.id)).all()
        return render_template(
            "pages/accounts/people.html", users=listed, roles=_roles(), form=form, errors=errors
        )


def _roles() -> list[tuple[str, str]]:
    return [
        (Role.SALESPERSON, _("Salesperson – own contacts, next steps, no sending")),
        (Role.MARKETER, _("Marketer – contacts, audiences, campaigns")),
        (Role.ADMIN, _("Administrator – everything")),
    ]


@pages.post("/people")
@guards.role(Role.ADMIN)
def invite() -> Any:
    """A new account; the person gets a letter that tells how to choose a password."""
    form = request.form.to_dict()
    try:
        with transaction() as session:
            user = people.add(session, form.get("email", ""), form.get("name", ""), _role(form))
            audit.note(session, "user.invite", f"user:{user.id}", role=user.role)
            firm = people.organisation(session)
    except BadInput as error:
        return _people_page(form, {error.field: error.message}), 422
    notices.send(
        "invitation",
        user.email,
        to_name=user.name,
        firm=firm.name if firm else "",
        by=current_user.name or current_user.email,
        link=settings.current().base_url + url_for("security.forgot_password"),
    )
    flash(_("%(email)s has been invited by a letter.", email=user.email), "success")
    return redirect(url_for("settings.users"))


def _role(form: dict[str, str]) -> Role:
    try:
        return Role(form.get("role", ""))
    except ValueError as error:
        raise BadInput(_("Choose a role of the list."), field="role") from error


@pages.post("/people/<int:user_id>/role")
@guards.role(Role.ADMIN)
def change_role(user_id: int) -> Any:
    """Give somebody another role; they sign in again."""
    with transaction() as session:
        user = _user(session, user_id)
        people.change_role(session, user, _role(request.form.to_dict()))
        audit.note(session, "user.change_role", f"user:{user_id}", role=user.role)
    flash(_("%(name)s has the new role now.", name=user.name or user.email), "success")
    return redirect(url_for("settings.users"))


@pages.post("/people/<int:user_id>/active")
@guards.role(Role.ADMIN)
def change_active(user_id: int) -> Any:
    """Close an account, or open it again."""
    with transaction() as session:
        user = _user(session, user_id)
        (people.close if user.active else people.reopen)(session, user)
        audit.note(session, "user.open" if user.active else "user.close", f"user:{user_id}")
    return redirect(url_for("settings.users"))


def _user(session: Any, user_id: int) -> User:
    user = session.scalar(sa.select(User).where(User.id == user_id).options(selectinload(User.roles)))
    if user is None:
        raise NotFound(_("This person has no account."))
    return user


@pages.get("/mail")
@guards.role(Role.ADMIN)
def mail() -> str:
    """Which road letters take."""
    ours = settings.current()
    return render_template("pages/accounts/mail.html", road=transport_name(ours), smtp=ours.smtp)


@pages.post("/mail/test")
@guards.role(Role.ADMIN)
def send_test_mail() -> Any:
    """Send one letter to the person who asks."""
    moment = now().strftime("%H:%M:%S UTC")
    notices.send("test", current_user.email, to_name=current_user.name, moment=moment)
    flash(_("A letter has been handed over for %(email)s.", email=current_user.email), "success")
    return redirect(url_for("settings.mail"))


@pages.get("/audit")
@guards.role(Role.ADMIN)
def audit_log() -> str:
    """Who did what, newest first."""
    query = sa.select(AuditEntry, User).outerjoin(User, User.id == AuditEntry.user_id)
    after = paging.after(int)
    if after:
        query = query.where(AuditEntry.id < after[0])
    with reading() as session:
        rows = session.execute(query.order_by(AuditEntry.id.desc()).limit(paging.SIZE + 1)).all()
        page = paging.page(rows, lambda row: [row[0].id])
        return render_template("pages/accounts/audit.html", page=page)
