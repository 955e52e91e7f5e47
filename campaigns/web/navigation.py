"""The menu and the parts of Settings: what is there and what the person who asks may open, in order."""

from typing import Any

from flask import Flask, current_app, url_for
from flask_security import current_user

from campaigns.words import lazy

# key, label, endpoint: the parts of Settings
_SETTINGS: tuple[tuple[str, Any, str], ...] = (
    ("organisation", lazy("Organisation"), "settings.index"),
    ("people", lazy("People"), "settings.users"),
    ("senders", lazy("Senders"), "senders.index"),
    ("pace", lazy("Sending speed"), "pace.index"),
    ("labels", lazy("Categories and tags"), "labels.index"),
    ("fields", lazy("Fields"), "fields.index"),
    ("products", lazy("Products"), "products.index"),
    ("topics", lazy("Topics"), "topics.index"),
    ("suppression", lazy("Never mailed"), "consent.suppressed"),
    ("mail", lazy("Mail server"), "settings.mail"),
    ("keeping", lazy("How long we keep things"), "limits.show"),
    ("records", lazy("Records of processing"), "records.show"),
    ("erasures", lazy("Erasures"), "rights.erasures"),
    ("keys", lazy("Other programs"), "keys.index"),
    ("audit", lazy("Audit log"), "settings.audit_log"),
)

# key, label, icon, endpoints: the first that the person may open is where the item leads
_ITEMS: tuple[tuple[str, Any, str, tuple[str, ...]], ...] = (
    ("today", lazy("Today"), "sun", ("today.index",)),
    ("contacts", lazy("Contacts"), "users", ("contacts.index",)),
    ("companies", lazy("Companies"), "building", ("companies.index",)),
    ("imports", lazy("Imports"), "upload", ("imports.index",)),
    ("cleaning", lazy("Cleaning"), "sparkles", ("cleaning.index",)),
    ("audiences", lazy("Audiences"), "target", ("audiences.index",)),
    ("campaigns", lazy("Campaigns"), "send", ("mailings.index",)),
    ("templates", lazy("Templates"), "template", ("templates.index",)),
    ("forms", lazy("Forms"), "forms", ("forms.index",)),
    ("counter", lazy("At the counter"), "building-store", ("rewards.counter",)),
    ("reports", lazy("Reports"), "chart-bar", ("analytics.index",)),
    ("mailbox", lazy("Captured mail"), "inbox", ("mailbox.index",)),
    ("settings", lazy("Settings"), "settings", tuple(endpoint for _key, _label, endpoint in _SETTINGS)),
)

_ACCOUNT: tuple[tuple[Any, str, str], ...] = (
    (lazy("Change password"), "security.change_password", "key"),
    (lazy("Two-step sign-in"), "security.two_factor_setup", "shield-lock"),
)


def register(app: Flask) -> None:
    """Let every page draw the menu."""
    app.jinja_env.globals.update(
        nav_items=nav_items, account_items=account_items, settings_tabs=settings_tabs
    )


def _open(endpoint: str) -> bool:
    """Whether there is such a page and its guard lets the person in."""
    view = current_app.view_functions.get(endpoint)
    guard = getattr(view, "__guard__", "signed in")
    if view is None or not current_user or not current_user.is_authenticated:
        return False
    return guard in ("public", "signed in") or current_user.may(*guard.split(" or "))


def nav_items() -> list[dict[str, str]]:
    """The menu of the person who asks: key, label, href, icon of each item."""
    found = []
    for key, label, icon, endpoints in _ITEMS:
        first = next(filter(_open, endpoints), None)
        if first:
            found.append({"key": key, "label": str(label), "href": url_for(first), "icon": icon})
    return found


def account_items() -> list[dict[str, str]]:
    """What stands below the person's own name."""
    return [
        {"label": str(label), "href": url_for(endpoint), "icon": icon}
        for label, endpoint, icon in _ACCOUNT
        if endpoint in current_app.view_functions
    ]


def settings_tabs(active: str) -> list[tuple[str, str, bool]]:
    """The parts of Settings open to the person, as `ui.tabs` wants them: address, label, whether active."""
    return [
        (url_for(endpoint), str(label), key == active)
        for key, label, endpoint in _SETTINGS
        if _open(endpoint)
    ]
