"""Judging: what a mail server's answer means for the recipient, and for the campaign."""

import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from campaigns import settings
from campaigns.database import now
from campaigns.delivery import retrying
from campaigns.delivery.models import MessageStatus
from campaigns.delivery.results import NOT_TAKEN, Result
from campaigns.delivery.writing import Recipient
from campaigns.mail.outcomes import (
    Deferred,
    NotSent,
    NotSpoken,
    Refused,
    Reply,
    Step,
    TransportTrouble,
    Unknown,
)
from campaigns.words import _

# RFC 3463 codes by which a server says that the address itself is wrong, for good.
NO_SUCH_ADDRESS = frozenset(("5.1.1", "5.1.10", "5.2.1"))
_POLICY_OF_ALL = 10  # refusals by policy in a row, whoever the recipients are
_ENOUGH = 5  # tries of a letter that breaks the connection each time


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be done after an answer."""

    result: Result
    again: bool = False  # try this recipient once more in this run
    wait: float = 0  # seconds before the next letter
    bounced: bool = False  # the address does not exist
    pause: str = ""  # why the campaign pauses itself
    ask_again: bool = False  # and goes on by itself once the mail server answers
    about_us: bool = False  # what was refused by policy was, for no fault of the recipients


class Judge:
    """Weighs the answers of one run; several bad ones in a row are the server's fault, not the people's."""

    def __init__(self, expires_at: datetime | None) -> None:
        self._expires_at = expires_at
        self._most = settings.current().sending.troubles
        self._wait = settings.current().sending.ask_again / 60  # a second, unless set otherwise
        self._worked = False
        self._troubles = 0
        self._calm_at = 0.0  # until then, troubles on other connections are the same one
        self._stopped = False
        self._of_one: Counter[int] = Counter()
        self._policy: list[Recipient] = []  # refused so since a letter was taken
        self.met_policy = False  # whether anybody was

    def taken(self, reply: Reply) -> Result:
        """The server took a letter: whatever was wrong is over."""
        self._worked = True
        self._troubles = 0
        self._policy.clear()
        return sent(reply)

    def says(self, recipient: Recipient, answer: NotSent) -> Verdict:
        """What this answer means."""
        if isinstance(answer, TransportTrouble):
            return self._trouble(recipient, answer)
        if isinstance(answer, Unknown):
            return self._unknown(answer)
        self._troubles = 0
        if isinstance(answer, NotSpoken):
            return Verdict(Result(MessageStatus.SKIPPED, "eai_unsupported", answer.text))
        if isinstance(answer, Deferred):
            return Verdict(self._deferred(recipient, answer))
        assert isinstance(answer, Refused)
        return self._refused(recipient, answer)

    def unreachable(self, trouble: TransportTrouble) -> Verdict:
        """No connection could be opened; nobody's letter was on it."""
        return self._stop(trouble, its_own=False)

    def _trouble(self, recipient: Recipient, trouble: TransportTrouble) -> Verdict:
        self._of_one[recipient.message_id] += 1
        # Everything before the letter's own text says nothing about the letter.
        its_own = trouble.step in (Step.BODY, Step.DOT)
        stubborn = self._worked and self._of_one[recipient.message_id] >= self._most
        if its_own and (stubborn or recipient.tries >= _ENOUGH):
            return Verdict(self._deferred(recipient, trouble))
        return self._stop(trouble, its_own=its_own)

    def _stop(self, trouble: TransportTrouble, *, its_own: bool) -> Verdict:
        """Wait and try again; after several in a row the campaign pauses itself."""
        wait = self._count()
        if self._troubles < self._most:
            return Verdict(NOT_TAKEN, again=True, wait=wait)
        passing = trouble.code < 500
        hope = _("Nobody was lost; sending goes on by itself when the mail server answers again.")
        return Verdict(
            Result(MessageStatus.PLANNED, tried=its_own),
            pause=f"{trouble.text} {hope}" if passing else trouble.text,
            ask_again=passing,
        )

    def _unknown(self, answer: Unknown) -> Verdict:
        wait = self._count()
        result = Result(MessageStatus.UNCERTAIN, "no_answer", answer.text, handed_over_at=now())
        if self._troubles < self._most:
            return Verdict(result, wait=wait)
        said = _(
            "The mail server takes letters without saying what became of them: %(said)s", said=answer.text
        )
        return Verdict(result, pause=said)

    def _count(self) -> float:
        """One more trouble, unless it is the same that other connections met; seconds to wait for calm."""
        at = time.monotonic()
        if at >= self._calm_at:
            self._troubles += 1
            self._calm_at = at + self._wait * 2 ** (self._troubles - 1)
        return self._calm_at - at

    def _deferred(self, recipient: Recipient, answer: NotSent) -> Result:
        said = _said(answer)
        at = retrying.next_try(recipient.tries + 1, self._expires_at)
        if at is None:
            return Result(MessageStatus.FAILED, "expired", said)
        return Result(MessageStatus.DEFERRED, "deferred", said, next_try_at=at)

    def _refused(self, recipient: Recipient, answer: Refused) -> Verdict:
        if answer.about_sender:
            return self._refused_by_policy(recipient, answer)
        self._policy.clear()
        unknown = answer.enhanced in NO_SUCH_ADDRESS
        reason = "no_such_address" if unknown else "refused"
        return Verdict(Result(MessageStatus.FAILED, reason, _said(answer)), bounced=unknown)

    def _refused_by_policy(self, recipient: Recipient, answer: Refused) -> Verdict:
        """One such answer is about one recipient's server; several in a row are about us."""
        if self._stopped:  # the campaign has paused for it already
            return Verdict(Result(MessageStatus.PLANNED, tried=False))
        self.met_policy = True
        self._policy.append(recipient)
        domains = {refused.address.rpartition("@")[2] for refused in self._policy}
        result = Result(MessageStatus.FAILED, "policy", _said(answer))
        if len(self._policy) < (self._most if len(domains) > 1 else max(self._most, _POLICY_OF_ALL)):
            return Verdict(result)
        self._stopped = True
        pause = _(
            "The mail server refuses letters from this sender: %(said)s Nobody was counted as failed for it.",
            said=_said(answer),
        )
        return Verdict(result, pause=pause, about_us=True)


def sent(reply: Reply) -> Result:
    """The server answers for the letter from now on."""
    return Result(MessageStatus.SENT, reply=f"{reply.code} {reply.text}", sent_at=now())


def _said(answer: NotSent) -> str:
    return f"{answer.code} {answer.text}" if answer.code else answer.text
