"""Makes the Flask application: settings → database → queue → rooms → error pages."""

from importlib import import_module
from pathlib import Path

from apiflask import APIFlask
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from campaigns import paths, settings, tables  # noqa: F401 - tables: every model is known
from campaigns.accounts import signing_in
from campaigns.setup import views as setup
from campaigns.web import headers, language, navigation, numbers, own_address, protection, refusals

# What each room shows. A module's `pages` is its blueprint; a `register(app)` in it does the rest
# (panels, layers ahead of Flask).
_ROOMS = (
    "web.health",
    "web.assets",
    "setup.views",
    "accounts.views",
    "mail.views",
    "contacts.views",
    "contacts.edit_views",
    "contacts.company_views",
    "contacts.label_views",
    "contacts.field_views",
    "contacts.verifying_views",
    "consent.views",
    "consent.topic_views",
    "imports.views",
    "imports.ahead_views",
    "crm.views",
    "audiences.views",
    "audiences.builder_views",
    "audiences.asking_views",
    "exports.views",
    "exports.printing_views",
    "exports.ad_views",
    "mailings.views",
    "mailings.templates_views",
    "mailings.senders_views",
    "delivery.views",
    "delivery.pace_views",
    "tracking.views",
    "preferences.views",
    "cleaning.views",
    "preferences.details_views",
    "preferences.asking_views",
    "preferences.asking_many_views",
    "signup.views",
    "signup.looking_views",
    "signup.public_views",
    "signup.reward_views",
    "rights.views",
    "rights.limits_views",
    "rights.silent_views",
    "rights.records_views",
    "rights.own_views",
    "analytics.views",
    "today.views",
    "accounts.key_views",
    "api.description",
    "api.counter_views",
)


def create_app(given: settings.Settings | None = None) -> APIFlask:
    """The whole application, ready to serve; `given` settings replace those of the environment."""
    if given is not None:
        settings.use(given)
    static = Path(__file__).parent / "static"
    # Its own description and pages of it are off: api/description.py answers in their place.
    app = APIFlask(
        "campaigns",
        static_folder=str(static),
        template_folder=str(paths.TEMPLATES),
        spec_path=None,
        docs_path=None,
        json_errors=False,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.url_map.converters["int"] = numbers.RowNumber
    own_address.register(app)
    signing_in.register(app)
    protection.register(app)
    language.register(app)
    headers.register(app)
    refusals.register(app)
    navigation.register(app)
    setup.lead_there(app)
    _open_rooms(app)
    hops = settings.current().trusted_proxies
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app


def _open_rooms(app: Flask) -> None:
    with app.app_context():
        for name in _ROOMS:
            room = import_module(f"campaigns.{name}")
            if hasattr(room, "pages"):
                app.register_blueprint(room.pages)
            if hasattr(room, "register"):
                room.register(app)
