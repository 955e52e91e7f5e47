"""The fast road of an edition: header and body filled in from what was spelt once, without a signature."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from campaigns import settings
from campaigns.accounts.models import Tracking
from campaigns.consent import gate
from campaigns.delivery import addresses
from campaigns.delivery.editions import Edition, Recipient
from campaigns.mail import press
from campaigns.mail.letter import Letter
from campaigns.mail.signing import Signer
from campaigns.mailings import merging, rendering, slots
from campaigns.mailings.pressing import Mark, NotPressable, Press, PressedLetter

PIXEL = '<img src="%s" width="1" height="1" alt="" style="border:0;width:1px;height:1px">'
_KEPT = 16  # editions whose pressed form a process keeps


class Unsigned(NamedTuple):
    """A letter that lacks its signature."""

    envelope_from: str
    head: bytes
    body: bytes
    envelope_id: str
    fields: bytes  # those that are signed, as `Signer.sign` wants them

    @property
    def to_sign(self) -> tuple[bytes, bytes]:
        """What a Signer needs of it."""
        return self.fields, hashlib.sha256(self.body).digest()


class Road:
    """Writes one letter after another of one edition; by several threads at once if need be."""

    def __init__(self, edition: Edition, sample: Letter) -> None:
        """`sample` is any letter of the edition, its tokens all `press.TOKEN`.

        Raises HeaderProblem when no letter of it can be written, ValueError when a key is none.
        """
        self._edition = edition
        self._links = len(edition.letterer.links)
        self.head = press.Head(sample)
        self.signer = Signer(edition.keys, self.head.names, plain=not settings.current().sending.accelerator)
        self.marker = addresses.marker(self._links)
        self._marks = [*addresses.MARKS, *(_link_mark(place) for place in range(1, self._links + 1))]
        self._bases = {
            "unsubscribe_url": addresses.unsubscribe_base(),
            "preferences_url": addresses.preferences_base(),
        }
        self._at_domain = f"@{edition.domain}"
        self._pressed: dict[tuple[Tracking, Tracking], PressedLetter | None] = {}
        self._for_saying: dict[str | None, PressedLetter | None] = {}

    def write(self, recipient: Recipient, to: press.Field) -> Unsigned:
        """The letter; raises anything where only the plain road can tell what is wrong, if anything is."""
        letter = self.letter(recipient.said)
        marks = self.marker.stamp(recipient.contact_id, recipient.message_id)
        values: dict[str, Any] = {"contact": recipient.contact}
        for name in letter.whole:
            values[name] = self._whole(name, marks)
        subject, body = letter.fill(marks, values)
        unsubscribe, _preferences, _open, bounce, message = marks[:5]
        head, fields = self.head.fill(to, press.subject(subject), message, unsubscribe)
        return Unsigned(
            addresses.returned(bounce, self._edition.bounce_domain),
            head,
            body,
            message + self._at_domain,
            fields,
        )

    def letter(self, said: str | None) -> PressedLetter:
        """The form for contacts who said this about being followed; raises NotPressable."""
        if said not in self._for_saying:
            edition = self._edition
            levels = (
                gate.tracking_level(*edition.track_opens, said),
                gate.tracking_level(*edition.track_clicks, said),
            )
            if levels not in self._pressed:
                self._pressed[levels] = self._press(*levels)
            self._for_saying[said] = self._pressed[levels]
        letter = self._for_saying[said]
        if letter is None:
            raise NotPressable
        return letter

    def _press(self, opens: Tracking, clicks: Tracking) -> PressedLetter | None:
        edition = self._edition
        split = {name: (base, Mark(name.removesuffix("_url"))) for name, base in self._bases.items()}
        constants: dict[str, Any] = {"firm": edition.firm, **dict.fromkeys(merging.LINKS, "")}
        for place, url in enumerate(edition.letterer.links, 1):
            if clicks == Tracking.IDENTIFIED:
                split[slots.slot(place)] = (addresses.click_base(), Mark(_link_mark(place)))
            elif clicks == Tracking.ANONYMOUS:
                constants[slots.slot(place)] = addresses.counting_click(edition.campaign_id, place)
            else:
                constants[slots.slot(place)] = url
        constants = {name: value for name, value in constants.items() if name not in split}
        inserts = {rendering.PIXEL: self._pixel(opens)}
        try:
            return PressedLetter(edition.letterer, Press(constants, split, inserts), self._marks)
        except NotPressable:
            return None

    def _pixel(self, level: Tracking) -> Sequence[str | Mark]:
        before, after = PIXEL.split("%s")
        if level == Tracking.IDENTIFIED:
            return [before + addresses.pixel_base(), Mark("open"), ".gif" + after]
        if level == Tracking.ANONYMOUS:
            return [PIXEL % addresses.counting_pixel(self._edition.campaign_id)]
        return []

    def _whole(self, name: str, marks: list[str]) -> str:
        if name in self._bases:
            return self._bases[name] + marks[addresses.MARKS.index(name.removesuffix("_url"))]
        place = int(name.removeprefix(slots.slot(0)[:-1]))
        return addresses.click_base() + marks[len(addresses.MARKS) + place - 1]


def _link_mark(place: int) -> str:
    return f"click_{place}"


_roads: OrderedDict[tuple[Any, ...], Road] = OrderedDict()
_lock = threading.Lock()


def road(edition: Edition, sample: Callable[[], Letter]) -> Road:
    """The edition's fast road, made once a process for as long as nothing of the edition changes."""
    current = settings.current()
    key = (
        edition.letterer, edition.campaign_id, edition.purpose, repr(edition.firm), repr(edition.sender),
        edition.keys, edition.track_opens, edition.track_clicks, current.base_url, current.secret(),
    )  # fmt: skip
    with _lock:
        if key not in _roads:
            _roads[key] = Road(edition, sample())
            while len(_roads) > _KEPT:
                _roads.popitem(last=False)
        _roads.move_to_end(key)
        return _roads[key]
