"""What a form asks and says, as its revision keeps it: languages, words, questions in steps, and boxes."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from campaigns.contacts.field_models import Field
from campaigns.words import _, speaking

BUILT_IN = ("first_name", "last_name", "phone", "company", "position", "city", "country", "born")
MOST_STEPS = 5


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of a form in one language; an empty one is ours."""

    title: str = ""
    intro: str = ""
    letters: str = ""  # what one agrees to by the box for letters
    button: str = ""
    thanks: str = ""  # after the form was sent
    confirmed: str = ""  # after the address was confirmed
    headings: tuple[str, ...] = ()  # of the steps


@dataclass(frozen=True, slots=True)
class Item:
    """One question besides the address: a column of the contact, or `fields.<key>`."""

    key: str
    step: int = 1
    required: bool = False
    later: bool = False  # only of whom we know, one at a time


@dataclass(frozen=True, slots=True)
class Content:
    """All of one revision."""

    languages: tuple[str, ...] = ("en",)  # the first is spoken where none fits
    words: Mapping[str, Words] = field(default_factory=dict)  # by language
    items: tuple[Item, ...] = ()
    letters: bool = True  # a box for letters at large
    must_agree: bool = False  # nothing to sign up for but letters
    topics: tuple[int, ...] = ()  # boxes for these topics
    tracking: bool = False  # a box for opens and clicks

    def said(self, language: str) -> Words:
        """The texts in that language, ours where there is none."""
        own = self.words.get(language) or Words()
        with speaking(language):
            ours = _ours()
        return Words(
            **{name: getattr(own, name) or text for name, text in asdict(ours).items() if name != "headings"},
            headings=own.headings,
        )

    def speaks(self, *wished: str | None) -> str:
        """The first of these languages that the form has, else its own first."""
        return next((code for code in wished if code in self.languages), self.languages[0])


def _ours() -> Words:
    return Words(
        title=_("Stay in touch"),
        intro="",
        letters=_("Write to me with news and offers. I can say no at any time, by a link in each letter."),
        button=_("Sign up"),
        thanks=_(
            "We have sent a letter to your address. Open it and follow its link: only then does this count."
        ),
        confirmed=_("Thank you. Your address is confirmed."),
    )


def packed(content: Content) -> dict[str, Any]:
    """As JSON keeps it."""
    return asdict(content)


def unpacked(kept: Mapping[str, Any]) -> Content:
    """What `packed` gave."""
    words = {
        language: Words(**{**said, "headings": tuple(said["headings"])})
        for language, said in kept["words"].items()
    }
    return Content(
        languages=tuple(kept["languages"]),
        words=words,
        items=tuple(Item(**item) for item in kept["items"]),
        letters=kept["letters"],
        must_agree=kept["must_agree"],
        topics=tuple(kept["topics"]),
        tracking=kept["tracking"],
    )


def labels(known: Mapping[str, Field]) -> dict[str, str]:
    """All that a form can ask besides the address, by key: what people read."""
    built_in = {
        "first_name": _("First name"),
        "last_name": _("Last name"),
        "phone": _("Phone"),
        "company": _("Company"),
        "position": _("Position"),
        "city": _("City"),
        "country": _("Country"),
        "born": _("Date of birth"),
    }
    return built_in | {f"fields.{key}": one.name for key, one in known.items()}


def asked(content: Content, known: Iterable[str] = ()) -> list[Item]:
    """The questions for whom we do not know, or, with what is `known` of somebody, what is still open."""
    there = set(known)
    if not there:
        return [item for item in content.items if not item.later]
    now = [item for item in content.items if not item.later and item.key not in there]
    return now + [item for item in content.items if item.later and item.key not in there][:1]
