"""How somebody who was given to an ad platform is remembered: by a mark under this installation's own key.

The mark is the platform's own hash, encrypted so that the same hash gives the same mark (AES-SIV, RFC
5297). Without the secret key it says nothing about anybody; with it we know whom we gave, and can name
the hash again, once, in the file that takes them back, also after the person was erased here.
"""

import base64
import hashlib
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from campaigns import settings
from campaigns.errors import Conflict
from campaigns.words import _


class Marks:
    """Makes and reads marks."""

    def __init__(self) -> None:
        key = hmac.digest(settings.current().secret(), b"campaigns/ads", hashlib.sha256)
        self._cipher = AESSIV(key)

    def mark(self, hashed: str) -> str:
        """The mark of a SHA-256 in hexadecimal; empty for nothing."""
        return base64.b64encode(self._cipher.encrypt(bytes.fromhex(hashed), None)).decode() if hashed else ""

    def hashed(self, mark: str) -> str:
        """The SHA-256 again; empty for nothing. Raises Conflict for a mark under another key."""
        try:
            return self._cipher.decrypt(base64.b64decode(mark), None).hex() if mark else ""
        except InvalidTag as error:
            raise Conflict(
                _(
                    "Whom this platform was given earlier was remembered under another secret key. Set that "
                    "one again as CAMPAIGNS_SECRET_KEY, or give the platform a whole new list."
                )
            ) from error
