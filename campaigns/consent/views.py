"""Pages of consent: a contact's panel and evidence, and the list of addresses never mailed."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, Flask, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import get_timezone
from flask_security import current_user

from campaigns.accounts import audit, people
from campaigns.accounts.models import Role
from campaigns.consent import asking, gate, ledger, proof, reasons, recording, restricting, suppression
from campaigns.consent import rhythm as rhythms
from campaigns.consent import topics as subjects
from campaigns.consent.models import AsOf, SuppressionReason
from campaigns.contacts import filters, origins, parts, visibility
from campaigns.database import now, reading, transaction
from campaigns.errors import BadInput
from campaigns.web import guards, paging, panels
from campaigns.words import LANGUAGES, _, language

pages = Blueprint("consent", __name__, url_prefix="/consent")


def register(app: Flask) -> None:
    """Offer the panel, a filter for lists of contacts, and a part of the form for a new one."""
    _offer("contact-head", "mailing", lambda: _("Letters"), 20)
    _offer("contact", "consent", lambda: _("Consent"), 40, side=True)
    filters.offer(asking.offered_filter())
    parts.offer("consent", parts.Part("pages/consent/_new.html", asking.keep, asking.check))
    app.jinja_env.globals.update(
        purpose_word=proof.purpose_word, refusal_words=reasons.words, restricted_words=restricting.words
    )


def _offer(page: str, key: str, title: Any, place: int, *, side: bool = False) -> None:
    def address(contact_id: int) -> str:
        return url_for("consent.panel" if page == "contact" else "consent.mailing", contact_id=contact_id)

    panels.register(panels.Panel(page=page, key=key, title=title, url=address, place=place, side=side))


@pages.get("/contacts/<int:contact_id>/mailing")
@guards.signed_in
def mailing(contact_id: int):
    """Whether this contact may be mailed now, in one line."""
    with reading() as session:
        contact = visibility.seen(session, current_user, contact_id)
        reason = gate.refusals(session, [contact_id]).get(contact_id)
        return render_template("pages/consent/_mailing.html", contact=contact, reason=reason)


@pages.get("/contacts/<int:contact_id>/panel")
@guards.signed_in
def panel(contact_id: int):
    return _panel(contact_id, {})


def _panel(contact_id: int, errors: dict[str, str]) -> str:
    with reading() as session:
        contact = visibility.seen(session, current_user, contact_id)
        paused = contact.paused_until
        wished = origins.of(contact).get("rhythm")
        return render_template(
            "pages/consent/_panel.html",
            contact=contact,
            states=proof.states(session, contact_id),
            topics=subjects.names(session, language()),
            may_ask=recording.purposes_open(session, contact_id),
            paused_until=paused if paused and paused > now() else None,
            rhythms=dict(rhythms.choices()),
            wished=wished,
            wished_by=origins.words(session, [wished.source])[wished.source] if wished else "",
            restricted_by=restricting.by(session, contact),
            whys=restricting.choices(),
            languages=list(LANGUAGES.items()),
            errors=errors,
            form=request.form if errors else {},
        )


@pages.post("/contacts/<int:contact_id>/<any(withdraw, agree, pause, restrict):act>")
@guards.signed_in
def change(contact_id: int, act: str):
    """Write down what the person said to a colleague: a no, a yes, a pause, or that nothing is to be used."""
    page_url = url_for("contacts.show", contact_id=contact_id)
    try:
        with transaction() as session:
            contact = visibility.seen(session, current_user, contact_id, lock=True)
            said = recording.ACTS[act](session, contact, request.form, current_user.id, _until)
            audit.note(session, f"consent.{act}", f"contact:{contact_id}", **recording.noted(request.form))
    except BadInput as error:
        problem = {error.field: error.message}
        return panels.refused("consent", page_url, lambda: _panel(contact_id, problem), error)
    return panels.kept("consent", page_url, lambda: _panel(contact_id, {}), said)


@pages.post("/contacts/<int:contact_id>/often")
@guards.signed_in
def often(contact_id: int):
    """Write down how often they want letters."""
    page_url = url_for("contacts.show", contact_id=contact_id)
    try:
        with transaction() as session:
            contact = visibility.seen(session, current_user, contact_id, lock=True)
            told = recording.often(contact, request.form, origins.of_user(current_user))
            if told:
                audit.note(session, "consent.rhythm", f"contact:{contact_id}", **told)
    except BadInput as error:
        problem = {error.field: error.message}
        return panels.refused("consent", page_url, lambda: _panel(contact_id, problem), error)
    said = _("Written down. It holds from this moment.")
    return panels.kept("consent", page_url, lambda: _panel(contact_id, {}), said)


@pages.post("/contacts/<int:contact_id>/release")
@guards.role(Role.MARKETER)
def release(contact_id: int):
    """Their data may be used again, once they were told."""
    page_url = url_for("contacts.show", contact_id=contact_id)
    try:
        with transaction() as session:
            contact = visibility.seen(session, current_user, contact_id, lock=True)
            told = restricting.release(session, contact, request.form)
            audit.note(session, "consent.release", f"contact:{contact_id}", told=told)
    except BadInput as error:
        problem = {error.field: error.message}
        return panels.refused("consent", page_url, lambda: _panel(contact_id, problem), error)
    said = _("Written down. Their data may be used again, as far as they agreed.")
    return panels.kept("consent", page_url, lambda: _panel(contact_id, {}), said)


def _until(given: str) -> datetime | None:
    """The end of that day where this person is."""
    day = _day(given, "until")
    if day is None:
        return None
    return datetime.combine(day + timedelta(days=1), time(), get_timezone()).astimezone(UTC)


def _day(given: str, field: str) -> date | None:
    try:
        return date.fromisoformat(given) if given else None
    except ValueError as error:
        raise BadInput(_("Choose a day."), field=field) from error


@pages.get("/contacts/<int:contact_id>")
@guards.signed_in
def evidence(contact_id: int):
    """Who agreed to what, in which words, when and how; as of today or of any day (`?on=`, `?by=`)."""
    at, by = _end_of(request.args.get("on", "")), _as_of()
    with reading() as session:
        contact = visibility.seen(session, current_user, contact_id)
        entries = ledger.evidence(session, contact_id, at, by)
        if request.args.get("as") == "json":
            answer = jsonify(proof.written(contact, entries, at, by))
            answer.headers["Content-Disposition"] = f'attachment; filename="consent-{contact_id}.json"'
            return answer
        return render_template(
            "pages/consent/evidence.html",
            contact=contact,
            entries=entries,
            states=proof.standings(entries),
            topics=subjects.names(session, language()),
            taken_back=proof.taken_back(entries),
            on=request.args.get("on", ""),
            by=by.value,
            firm=people.organisation(session),
            now=now(),
        )


def _end_of(given: str) -> datetime | None:
    """The last moment of that day where this person is."""
    day = _day(given, "on")
    return proof.end_of(day, get_timezone()) if day else None


def _as_of() -> AsOf:
    given = request.args.get("by", "")
    return AsOf(given) if given in set(AsOf) else AsOf.SAID


@pages.get("/suppression")
@guards.role(Role.MARKETER)
def suppressed():
    return _suppressed({})


def _suppressed(errors: dict[str, str]) -> str:
    after, reason = paging.after(int), request.args.get("reason", "")
    before = after[0] if after else None
    with reading() as session:
        rows = suppression.listed(session, reason if reason in set(SuppressionReason) else "", before)
        return render_template(
            "pages/consent/suppression.html",
            page=paging.page(rows, lambda row: [row[0].id]),
            reasons=[(each.value, reasons.words(each)) for each in SuppressionReason],
            reason=reason,
            liftable=suppression.LIFTABLE,
            errors=errors,
            email=request.form.get("email", ""),
        )


@pages.post("/suppression")
@guards.role(Role.MARKETER)
def suppress():
    """Put an address on the list by hand."""
    try:
        with transaction() as session:
            source = f"user:{current_user.id}"
            suppression.suppress(session, request.form.get("email", ""), SuppressionReason.MANUAL, source)
            audit.note(session, "suppression.add")
    except BadInput as error:
        return _suppressed({error.field: error.message}), error.status
    flash(_("This address is never mailed from now on."), "success")
    return redirect(url_for("consent.suppressed"))


@pages.post("/suppression/<int:suppression_id>/lift")
@guards.role(Role.ADMIN)
def lift(suppression_id: int):
    with transaction() as session:
        entry = suppression.lift(session, suppression_id)
        audit.note(session, "suppression.lift", f"suppression:{suppression_id}", reason=entry.reason)
    flash(_("The address may be mailed again, if its owner agreed to that."), "success")
    return redirect(url_for("consent.suppressed"))
