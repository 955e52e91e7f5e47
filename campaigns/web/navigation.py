"""The main menu: what stands in it, and for whom; items of rooms that are not there are left out."""

from typing import Any

from flask import Flask, current_app, url_for
from flask_security import current_user

from campaigns.words import lazy

_ALL: tuple[str, ...] = ()
_MAKERS = ("admin", "marketer")
_ADMIN = ("admin",)

# key, label, endpoint, icon, roles (empty: everybody)
_ITEMS: tuple[tuple[str, Any, str, str, tuple[str, ...]], ...] = (
    ("today", lazy("Today"), "today.index", "sun", _ALL),
    ("contacts", lazy("Contacts"), "contacts.index", "users", _ALL),
    ("companies", lazy("Companies"), "companies.index", "building", _ALL),
    ("imports", lazy("Imports"), "imports.index", "upload", _MAKERS),
    ("audiences", lazy("Audiences"), "audiences.index", "target", _MAKERS),
    ("campaigns", lazy("Campaigns"), "mailings.index", "send", _MAKERS),
    ("templates", lazy("Templates"), "templates.index", "template", _MAKERS),
    ("reports", lazy("Reports"), "analytics.index", "chart-bar", _ALL),
    ("mailbox", lazy("Captured mail"), "mailbox.index", "inbox", _MAKERS),
    ("settings", lazy("Settings"), "settings.index", "settings", _ADMIN),
)


# key, label, endpoint: the parts of Settings
_SETTINGS: tuple[tuple[str, Any, str], ...] = (
    ("organisation", lazy("Organisation"), "settings.index"),
    ("people", lazy("People"), "settings.users"),
    ("senders", lazy("Senders"), "senders.index"),
    ("labels", lazy("Categories and tags"), "labels.index"),
    ("suppression", lazy("Never mailed"), "consent.suppressed"),
    ("mail", lazy("Mail server"), "settings.mail"),
    ("audit", lazy("Audit log"), "settings.audit_log"),
)


def register(app: Flask) -> None:
    """Let every page draw the menu."""
    app.jinja_env.globals.update(
        nav_items=nav_items, account_items=account_items, settings_tabs=settings_tabs
    )


def nav_items() -> list[dict[str, str]]:
    """The menu of the person who asks: key, label, href, icon of each item."""
    if not current_user or not current_user.is_authenticated:
        return []
    return [
        {"key": key, "label": str(label), "href": url_for(endpoint), "icon": icon}
        for key, label, endpoint, icon, roles in _ITEMS
        if endpoint in current_app.view_functions and (not roles or current_user.may(*roles))
    ]


def account_items() -> list[dict[str, str]]:
    """What stands below the person's own name."""
    entries = (
        (lazy("Change password"), "security.change_password", "key"),
        (lazy("Two-step sign-in"), "security.two_factor_setup", "shield-lock"),
    )
    return [
        {"label": str(label), "href": url_for(endpoint), "icon": icon}
        for label, endpoint, icon in entries
        if endpoint in current_app.view_functions
    ]


def settings_tabs(active: str) -> list[tuple[str, str, bool]]:
    """The parts of Settings that are there, as `ui.tabs` wants them: address, label, whether it is open."""
    return [
        (url_for(endpoint), str(label), key == active)
        for key, label, endpoint in _SETTINGS
        if endpoint in current_app.view_functions
    ]
