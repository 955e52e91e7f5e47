"""What a form's pages are filled with, for those who sign up and for colleagues who look at it before."""

from collections.abc import Iterable
from datetime import timedelta
from functools import cache
from typing import Any

from babel import Locale
from sqlalchemy.orm import Session

from campaigns import settings
from campaigns.accounts import people
from campaigns.consent import wordings
from campaigns.consent.models import Purpose
from campaigns.contacts import fields
from campaigns.database import now
from campaigns.signup import building, filling, guarding, rewards
from campaigns.signup.content import Content, Item, asked, labels
from campaigns.signup.models import Form, SignUp
from campaigns.signup.reward_models import Card, Coupon
from campaigns.signup.rewards import Promised
from campaigns.words import LANGUAGES

_CODE, _CARD = "ABCDEFGH23", "290000000000"  # of nobody


def questions(
    session: Session, form: Form, content: Content, spoken: str, known_of: Iterable[str] = ()
) -> dict[str, Any]:
    """What the form asks and says in that language; of whom we know only what is still open."""
    known = fields.known(session)
    items = asked(content, known_of)
    return {
        "key": form.key,
        "content": content,
        "said": content.said(spoken),
        "spoken": spoken,
        "languages": {code: LANGUAGES[code] for code in content.languages},
        "steps": _steps(items),
        "names": labels(known),
        "own": {f"fields.{key}": field for key, field in known.items()},
        "countries": _countries(spoken) if any(item.key == "country" for item in items) else [],
        "topics": [
            (one, one.called(spoken), one.told(spoken)) for one in filling.offered_topics(session, content)
        ],
        "tracking": wordings.tracking(),
        "trap": guarding.TRAP,
        "reward": rewards.offered(session, form),
        **firm(session),
    }


def firm(session: Session) -> dict[str, Any]:
    """Who stands above and below each page."""
    ours = people.organisation(session)
    return {"organisation_name": ours.name if ours else "", "organisation": ours}


def _steps(items: list[Item]) -> list[tuple[int, list[Item]]]:
    """The steps in order, each with its questions; the address stands in the first."""
    numbers = sorted({item.step for item in items} | {1})
    return [(number, [item for item in items if item.step == number]) for number in numbers]


@cache
def _countries(spoken: str) -> list[tuple[str, str]]:
    """Codes and names in that language, by name."""
    names = Locale(spoken).territories
    return sorted(
        (
            (code, name)
            for code, name in names.items()
            if len(code) == 2 and code not in ("EU", "EZ", "UN", "ZZ")
        ),
        key=lambda one: one[1],
    )


def number_of_steps(session: Session, form: Form) -> int:
    """How many steps somebody goes through who is not known yet."""
    return len(_steps(asked(building.content_of(building.current(session, form)))))


def as_if_filled_in(
    session: Session, form: Form, content: Content, spoken: str, confirmed: bool
) -> dict[str, Any]:
    """What the confirming page would say to somebody who ticked all boxes; nothing of it is kept."""
    boxes = [Purpose.MAIL.value] if content.letters else []
    boxes += [topic.purpose for topic in filling.offered_topics(session, content)]
    boxes += [Purpose.TRACKING.value] if content.tracking else []
    sign_up = SignUp(email="ann@example.com", language=spoken, confirmed_at=now() if confirmed else None)
    return {
        "sign_up": sign_up,
        "said": content.said(spoken),
        "agreed": [filling.said_yes_to(session, content, spoken, purpose) for purpose in boxes],
        "got": _as_if_given(session, form),
        "brings": f"{settings.current().base_url}/f/{form.key}?by=…" if form.referral_pool_id else "",
        **firm(session),
    }


def _as_if_given(session: Session, form: Form) -> Promised:
    of = rewards.pool(session, form.pool_id) if form.pool_id else None
    last = now().date() + timedelta(days=of.days) if of and of.days else None
    return Promised(
        of,
        Coupon(code=_CODE, good_until=last) if of else None,
        Card(number=_CARD + rewards.check_digit(_CARD)) if form.gives_card else None,
        rewards.pool(session, form.referral_pool_id).worth if form.referral_pool_id else "",
    )
