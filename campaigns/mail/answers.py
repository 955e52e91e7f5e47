"""What a mail server's answer other than yes means for a letter, at each step of the talk."""

import re

from campaigns.mail import troubles
from campaigns.mail.outcomes import Deferred, NotSent, Refused, Step, TransportTrouble, Unknown
from campaigns.words import _

_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")
_CLOSING = 421
_TOO_LARGE = 552


def ends(code: int) -> bool:
    """Whether the talk is over: the server hangs up, or talks something else than SMTP."""
    return code == _CLOSING or code // 100 not in (4, 5)


def meaning(where: str, step: Step, code: int, text: bytes) -> NotSent:
    """What becomes of the letter; `where` names the server, `code` is -1 for what is no reply of SMTP."""
    said = troubles.readable(text)
    found = _ENHANCED.match(said)
    details = (step, code, found[0] if found else "")
    if code // 100 == 4 and code != _CLOSING:
        return Deferred(said, *details)
    if code // 100 == 5 and (step != Step.MAIL or code == _TOO_LARGE):
        return Refused(said, *details)
    if step == Step.DOT and code != _CLOSING:
        return Unknown(_("The mail server's answer can't be understood: %(said)s", said=said), *details)
    says = f"{code} {said}" if code > 0 else said
    return TransportTrouble(_("The mail server %(where)s says: %(says)s", where=where, says=says), *details)


def unreachable(error: OSError, host: str, port: int, step: Step) -> TransportTrouble:
    """What an error of the network, of TLS or of signing in means: no fault of the letter's."""
    code = getattr(error, "smtp_code", 0)
    return TransportTrouble(troubles.sentence(error, host, port), step, max(code, 0))
