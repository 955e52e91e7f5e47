"""Signing in: Flask-Security set up for this house, and its users kept in our database."""

import hashlib
import hmac
from datetime import timedelta
from typing import Any, cast

import sqlalchemy as sa
from flask import Flask
from flask.globals import app_ctx
from flask_security import MailUtil, RoleMixin, Security, SQLAlchemySessionUserDatastore, UserMixin
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from campaigns import database, settings
from campaigns.accounts.models import RoleRow, User
from campaigns.mail import notices

# Not in the models: Flask-Security takes 10 MB, of which a worker, that signs nobody in, has no use.
User.__bases__ += (UserMixin,)
RoleRow.__bases__ += (RoleMixin,)


class _UserStore(SQLAlchemySessionUserDatastore):
    """Looks users up in short reading sessions, so that no request holds SQLite's write lock."""

    def find_user(self, case_insensitive: bool = False, **wanted: Any) -> Any:
        with database.reading() as session:
            query = sa.select(User)
            for name, value in wanted.items():
                column = getattr(User, name)
                query = query.where(
                    sa.func.lower(column) == str(value).lower() if case_insensitive else column == value
                )
            user: User | None = session.scalar(query)
            if user is not None:
                session.expunge_all()
        if user is None:
            return None
        # In the request's own session it can be changed; nothing begins before something is.
        return self.db.session.merge(user, load=False)


class _NoticeMail(MailUtil):
    """Sends Flask-Security's letters the way all our own letters go."""

    def send_mail(
        self,
        template: str,
        subject: str,
        recipient: Any,
        sender: Any,
        body: str | None,
        html: str | None,
        **more: Any,
    ) -> None:
        notices.send_plain(str(subject), str(recipient), body or "", html or "")


def register(app: Flask) -> None:
    """Set sessions, passwords, two-step sign-in and throttled login up on the application."""
    app.config.update(_config())
    made = cast("sessionmaker[Session]", _session)  # asks for the engine anew: tests change it
    sessions = scoped_session(made, scopefunc=_scope)
    Security(app, _UserStore(sessions, cast(Any, User), cast(Any, RoleRow)), mail_util_cls=_NoticeMail)
    app.teardown_appcontext(lambda _error: sessions.remove())


def _scope() -> int:
    return id(app_ctx._get_current_object())  # type: ignore[attr-defined]


def _session() -> Session:
    return Session(bind=database.engine(), expire_on_commit=False)


def _derived(purpose: str) -> str:
    return hmac.digest(settings.current().secret(), f"campaigns/{purpose}".encode(), hashlib.sha256).hex()


def _config() -> dict[str, Any]:
    secure = settings.current().base_url.startswith("https://")
    return {
        "SECRET_KEY": _derived("sessions"),
        "SESSION_COOKIE_NAME": "campaigns",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": secure,
        "REMEMBER_COOKIE_HTTPONLY": True,
        "REMEMBER_COOKIE_SAMESITE": "Lax",
        "REMEMBER_COOKIE_SECURE": secure,
        "SECURITY_PASSWORD_SALT": _derived("passwords"),
        "SECURITY_PASSWORD_HASH": "argon2",
        "SECURITY_PASSWORD_LENGTH_MIN": 10,
        "SECURITY_EMAIL_VALIDATOR_ARGS": {"check_deliverability": False},
        "SECURITY_REGISTERABLE": False,
        "SECURITY_RECOVERABLE": True,
        "SECURITY_CHANGEABLE": True,
        "SECURITY_TRACKABLE": True,
        "SECURITY_DATETIME_FACTORY": database.now,
        "SECURITY_TWO_FACTOR": True,
        "SECURITY_TWO_FACTOR_ENABLED_METHODS": ["authenticator"],
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES": True,
        "SECURITY_TOTP_SECRETS": {1: _derived("totp")},
        "SECURITY_TOTP_ISSUER": "Campaigns",
        "SECURITY_POST_LOGIN_VIEW": "/",
        "SECURITY_POST_LOGOUT_VIEW": "/login",
        "SECURITY_UNAUTHORIZED_VIEW": None,
        "SECURITY_RETURN_GENERIC_RESPONSES": True,
        "SECURITY_SEND_PASSWORD_CHANGE_EMAIL": True,
        "SECURITY_FLASH_MESSAGES": True,
        "SECURITY_FRESHNESS_GRACE_PERIOD": timedelta(hours=1),
    }
