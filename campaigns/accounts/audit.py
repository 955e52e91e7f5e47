"""The audit log: who did what, when; append-only."""

from typing import Any

from flask import has_request_context, request
from sqlalchemy.orm import Session

from campaigns.accounts.models import AuditEntry


def note(session: Session, act: str, subject: str = "", **detail: Any) -> None:
    """Write down that the person of this request (or the command line) did `act` to `subject`.

    `act` is a noun and a verb, as "campaign.send"; `subject` names a row, as "campaign:12".
    """
    session.add(AuditEntry(act=act, subject=subject, detail=detail, **_who()))


def _who() -> dict[str, Any]:
    if not has_request_context():
        return {}
    from flask_security import current_user  # here, as no worker has it: see `signing_in`

    user_id = current_user.id if current_user and current_user.is_authenticated else None
    return {"user_id": user_id, "ip": request.remote_addr or ""}
