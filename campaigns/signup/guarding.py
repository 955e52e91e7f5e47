"""Keeping robots and floods out of forms: a signed token, a field that people don't see, and limits.

None of it depends on whether an address is known here, so nobody learns that.
"""

from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns import settings, tokens
from campaigns.database import now, transaction
from campaigns.errors import TooMany
from campaigns.signup.models import Form, SignUp
from campaigns.tokens import BadToken, Purpose
from campaigns.words import _

TRAP = "website"  # people don't see this field; robots fill it in
_QUICKEST = 2  # seconds; nobody fills in a form faster
_LONGEST = timedelta(days=1)
_MS = 1000
_COUNTED = timedelta(days=1)  # how far back forms of one network are counted
_AT_ONCE = 500


def token(form: Form) -> str:
    """To stand in the form that is shown now."""
    return tokens.sign(Purpose.FORM, form.id, int(now().timestamp() * _MS))


def is_fresh(form: Form, given: str) -> bool:
    """Whether the form was shown by us, to be filled in by a person: neither a moment nor a day ago."""
    try:
        form_id, shown = tokens.read(Purpose.FORM, given)
    except (BadToken, ValueError):
        return False
    passed = now().timestamp() - shown / _MS
    return form_id == form.id and _QUICKEST <= passed <= _LONGEST.total_seconds()


def network(ip: str) -> str:
    """A mark of who is counted together: one IPv4 address, or the /64 that an IPv6 line has for itself.

    It is no address: nobody without our key can tell which network it is of.
    """
    return tokens.network_hash(_line(ip))


def _line(ip: str) -> str:
    try:
        address = ip_address(ip)
    except ValueError:
        return ip[:64]
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ip_network((address, 64), strict=False))
    return str(address)


def check(session: Session, from_network: str) -> None:
    """Raise TooMany when this network has sent as many forms as one may."""
    chosen = settings.current().signup
    for back, most in ((timedelta(hours=1), chosen.an_hour), (_COUNTED, chosen.a_day)):
        theirs = sa.select(SignUp.id).where(SignUp.network == from_network, SignUp.at > now() - back)
        if session.scalar(sa.select(sa.func.count()).select_from(theirs.limit(most).subquery())) == most:
            raise TooMany(
                _("Many forms have come from your network just now. Please try again in some hours.")
            )


def forget_networks() -> int:
    """Take the marks of networks off that are not counted any more; returns how many. Safe to run twice.

    Of those confirmed also the address and the program they came by, which older versions left here.
    """
    gone = 0
    while True:
        with transaction() as session:
            old = sa.select(SignUp.id).where(SignUp.network > "", SignUp.at < now() - _COUNTED)
            numbers = session.scalars(old.limit(_AT_ONCE)).all()
            waits = SignUp.confirmed_at.is_(None)
            left = {name: sa.case((waits, getattr(SignUp, name)), else_="") for name in ("ip", "user_agent")}
            session.execute(sa.update(SignUp).where(SignUp.id.in_(numbers)).values(network="", **left))
        gone += len(numbers)
        if len(numbers) < _AT_ONCE:
            return gone
