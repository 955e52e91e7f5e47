"""What things are called on the pages about rights."""

from campaigns.rights.models import Why
from campaigns.rights.registry import HELD
from campaigns.words import _

_TITLES = {held.table.name: held.title for held in HELD if held.title is not None}


def why(reason: str) -> str:
    """Why somebody was erased."""
    return {
        Why.ASKED: _("They asked for it"),
        Why.OWN_PAGE: _("They did it themselves"),
        Why.MISTAKE: _("It was a mistake that they were here"),
        Why.SILENT: _("Nothing was heard of them for long"),
        Why.RESTORED: _("A backup from before their erasure was put back"),
    }.get(reason, reason)  # type: ignore[call-overload]


def kind(name: str) -> str:
    """What of a person lies in a table, or a kind of file."""
    title = _TITLES.get(name)
    if title is not None:
        return title()
    others = {
        "upload": _("Uploaded files and refused rows"),
        "export": _("Files for download"),
        "captured_mail": _("Captured mail"),
        "company": _("Notes about firms"),
        "audience": _("Rules of audiences"),
        "audience_taking": _("Rules of audiences"),
        "campaign": _("Rules of campaigns"),
        "audit_entry": _("The audit log"),
        "change_set": _("What was changed lately"),
        "bulk_edit": _("What was changed lately"),
        "import": _("Reports of imports"),
        "contact_merge": _("Merges of others"),
        "field_adoption": _("Reports of fields"),
    }
    return others.get(name, name)
