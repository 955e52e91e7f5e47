"""Secrets that must stand in the database: encrypted with a key that does not."""

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken

from campaigns import settings
from campaigns.errors import PersonError


def seal(secret: str) -> str:
    """The secret as it may be stored; only this installation's secret key opens it."""
    return _box().encrypt(secret.encode()).decode()


def unseal(sealed: str) -> str:
    """The secret again; raises PersonError when it was sealed with another secret key."""
    try:
        return _box().decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise PersonError(
            "A stored secret can't be opened: CAMPAIGNS_SECRET_KEY is not the one it was sealed with."
        ) from error


def _box() -> Fernet:
    key = hmac.digest(settings.current().secret(), b"campaigns/sealing", hashlib.sha256)
    return Fernet(base64.urlsafe_b64encode(key))
