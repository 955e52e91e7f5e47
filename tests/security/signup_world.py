"""A form with something in all its texts, and somebody who filled it in."""

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from campaigns import tokens
from campaigns.consent import topics
from campaigns.signup import building, rewards
from campaigns.signup.models import Form, SignUp
from campaigns.signup.reward_models import Codes
from campaigns.tokens import Purpose


def form(session: Session, text: str) -> Form:
    """An open form of which everything says `text`."""
    topic = topics.create(session, text, text)
    said = {f"{part}.en": text for part in ("title", "intro", "letters", "button", "thanks", "confirmed")}
    pool = rewards.add_pool(session, text, text, Codes.LOADED)
    rewards.load(session, pool, ["ABC-1", "ABC-2"])
    given = {
        "name": text, "languages": "en", "letters": "1", "topics": str(topic.id), "step.country": "1",
        "pool": str(pool.id), "referral_pool": str(pool.id), "card": "1",
    }  # fmt: skip
    made = building.create(session, MultiDict(given | said | {"headings.en": text}))
    made.open = True
    return made


def token(session: Session, of: Form, text: str) -> str:
    """The link of the letter to somebody who filled the form in."""
    filled = SignUp(
        form_id=of.id, revision_id=of.revision_id, email="new@example.com", address_hash="1" * 32,
        language="en", answers={"first_name": text}, chosen=["mail"], user_agent=text[:500],
    )  # fmt: skip
    session.add(filled)
    session.flush()
    return tokens.sign(Purpose.CONFIRM, filled.id)
