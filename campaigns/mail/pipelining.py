"""Many warm connections to one mail server in one thread: who gets the next letter, when to open more."""

import math
import selectors
import time
from contextlib import suppress

from campaigns.mail import answers
from campaigns.mail.bell import Bell
from campaigns.mail.hand import Hand
from campaigns.mail.opening import Opened, Opener
from campaigns.mail.outcomes import NotSent, Reply, Step, TransportTrouble
from campaigns.mail.roads import Answered, BeforeDot, Fleet, Meanwhile, Parcel, Pull, nothing
from campaigns.mail.smtp import Relay
from campaigns.mail.talking import Talk

_WARM = 20  # seconds that an idle connection is kept; mail servers mind them after some minutes
_FEWER = 30  # seconds to go on with fewer connections after one more was refused
_PAUSE = 0.5  # seconds at least between two tries while no connection works
_AT_ONCE = 8  # connections being opened at the same time, once one works
_GOODBYE = 2  # seconds


class SmtpFleet(Fleet):
    """Up to so many connections to a mail server, opened as there is work.

    While none works, only one is tried at a time. One more that is refused while others work is no
    trouble: they go on, and half a minute later it is tried again.
    """

    def __init__(self, relay: Relay, connections: int, warm: float = _WARM, pause: float = _PAUSE) -> None:
        self.relay = relay
        self._warm = warm
        self._pause = pause
        self._most = connections
        self._talks: set[Talk] = set()
        self._idle: list[Talk] = []  # the last one used is used next
        self._working = 0  # connections on which a sender was accepted
        self._opener = Opener(relay, self._ring)
        self._woken = False
        self._hand = Hand()
        self._fewer = 0.0  # until then no connection is added to those that work
        self._trouble: TransportTrouble | None = None  # why the last one failed while none worked
        self._failed = 0.0  # when that was
        self._retry = 0.0  # when the next is tried
        self._check = 0.0  # when deadlines are looked at
        self._leave_at = math.inf  # when missing answers are waited for no longer
        self._aside: list[SmtpFleet] = []  # with connections that were of this one
        self._listen()

    def send(
        self,
        pull: Pull,
        before_dot: BeforeDot,
        answered: Answered,
        meanwhile: Meanwhile = nothing,
        patience: float | None = None,
    ) -> bool:
        """Hand over all that `pull` gives, as Fleet says."""
        if self._bell.fileno() < 0:
            self._listen()
        self._before_dot, self._answered = before_dot, answered
        self.rest()
        self._hand.begin(pull)
        self._retry, self._leave_at = self._failed + self._pause, math.inf
        try:
            self._employ()
            while self._hand or self._busy:
                if patience is not None and not self._hand:
                    self._leave_at = min(self._leave_at, time.monotonic() + patience)
                if time.monotonic() >= self._leave_at:
                    return False
                self._turn(self._wait(), meanwhile)
                self._employ()
            return True
        except BaseException:
            self._abandon()
            raise

    def split(self) -> "SmtpFleet | None":
        """Part with the connections on which answers are awaited, as Fleet says; at least half are kept."""
        busy = [talk for talk in self._talks if talk.busy]
        self._aside = [one for one in self._aside if one._talks]
        if len(busy) + self._parted > self._most // 2:
            return None
        other = SmtpFleet(self.relay, len(busy), self._warm, self._pause)
        for talk in busy:
            other._selector.register(talk.sock, self._selector.get_key(talk.sock).events, talk)
            self.gone(talk)
            talk.desk = other
        other._talks, other._working = set(busy), sum(not talk.fresh for talk in busy)
        self._aside.append(other)
        return other

    def wake(self) -> None:
        """Have `pull` asked again now; from any thread."""
        self._woken = True
        self._ring()

    def rest(self) -> None:
        """Say goodbye on connections that were idle for a while; notice who hung up meanwhile."""
        if not self._talks and not self._opener.running:
            return
        self._turn(0)
        since = time.monotonic() - self._warm
        self._part_from([talk for talk in self._idle if talk.idle_since < since])

    def close(self) -> None:
        """Say goodbye everywhere, within two seconds."""
        self._opener.forget()
        self._opener = Opener(self.relay, self._ring)
        self._part_from(list(self._talks))
        self._selector.close()
        self._bell.close()

    def next_for(self, talk: Talk) -> Parcel | None:
        """The next letter, prepared; those that can't be asked about are told so."""
        while parcel := self._hand.take(fresh=talk.fresh or time.monotonic() < self._fewer):
            try:
                talk.prepare(parcel)
            except NotSent as no:
                self.settle(parcel, no)
            else:
                return parcel
        return None

    def may_go(self, parcel: Parcel) -> bool:
        """Ask whoever sends."""
        return self._before_dot(parcel)

    def settle(self, parcel: Parcel, outcome: Reply | NotSent) -> None:
        """Tell whoever sends."""
        self._hand.settled(parcel)
        self._answered(parcel, outcome)

    def spare(self, parcel: Parcel, trouble: NotSent, talk: Talk) -> None:
        """Try the letter on another connection, unless this is how all of them end."""
        if not self._hand.try_again(parcel) or (talk.fresh and not self._working):
            self.settle(parcel, trouble)
            return
        if talk.fresh:
            self._fewer = time.monotonic() + _FEWER
        self._hand.keep(parcel, for_fresh=not talk.fresh)

    def put_back(self, parcel: Parcel) -> None:
        """Keep it for the next connection that is free."""
        self._hand.keep(parcel)

    def works(self, talk: Talk) -> None:
        """One more connection on which letters are accepted."""
        self._working += 1

    def watch(self, talk: Talk, writing: bool) -> None:
        """Wait until more can be written, or no longer."""
        events = selectors.EVENT_READ | selectors.EVENT_WRITE if writing else selectors.EVENT_READ
        self._selector.modify(talk.sock, events, talk)

    def rests(self, talk: Talk) -> None:
        """Give it the next letter, if there is one now."""
        if parcel := self.next_for(talk):
            talk.begin(parcel)
        else:
            talk.idle_since = time.monotonic()
            self._idle.append(talk)

    def gone(self, talk: Talk) -> None:
        """One connection less."""
        self._selector.unregister(talk.sock)
        self._talks.discard(talk)
        self._working -= not talk.fresh
        with suppress(ValueError):
            self._idle.remove(talk)

    @property
    def _busy(self) -> bool:
        return len(self._idle) < len(self._talks)

    @property
    def _parted(self) -> int:
        return sum(len(one._talks) for one in self._aside)

    def _employ(self) -> None:
        """Give work to idle connections, and open more where there is work left."""
        hand = self._hand
        if hand.quiet and time.monotonic() >= hand.quiet:
            hand.quiet = 0.0
        while self._idle and (parcel := self.next_for(self._idle[-1])):
            self._idle.pop().begin(parcel)
        running = self._opener.running
        while running < self._room():
            if len(hand) <= running:
                parcel = hand.ask()
                if parcel is None:
                    return
                hand.keep(parcel)
            self._opener.begin()
            running += 1

    def _room(self) -> int:
        """How many connections may be in the making now."""
        if self._working:
            return (
                min(_AT_ONCE, self._most - len(self._talks) - self._parted)
                if time.monotonic() >= self._fewer
                else 0
            )
        return not self._talks and time.monotonic() >= self._retry

    def _wait(self) -> float | None:
        """How long to wait for something to happen, at most."""
        ends = [self._hand.quiet] if self._hand.quiet else []
        if self._busy:
            ends += (self._check, self._leave_at)
        if not self._talks and not self._opener.running and (len(self._hand) or not self._hand.quiet):
            ends.append(self._retry)
        return max(min(ends) - time.monotonic(), 0) if ends else None

    def _turn(self, pause: float | None, meanwhile: Meanwhile = nothing) -> None:
        """Wait for what happens on the connections, and see to it."""
        happened: list[tuple[selectors.SelectorKey, int]] = []
        while not happened and meanwhile():
            happened = self._selector.select(0)
        for key, events in happened or self._selector.select(pause):
            if key.data is None:
                self._answer_bell()
            elif not key.data.over:
                key.data.happened(events)
        if time.monotonic() >= self._check:
            self._look_at_clock()

    def _look_at_clock(self) -> None:
        """End the talks in which an answer is late, but not one that is there already and unread."""
        now = time.monotonic()
        self._check = now + min(self.relay.command_timeout, self.relay.dot_timeout)
        for talk in [talk for talk in self._talks if talk.busy]:
            if talk.deadline <= now:
                talk.listen()
            if talk.busy and talk.deadline <= now:
                talk.lose(TimeoutError())
            elif talk.busy:
                self._check = min(self._check, talk.deadline)

    def _answer_bell(self) -> None:
        self._bell.heard()
        for found in self._opener.results():
            self._opened(found)
        if self._woken:
            self._woken, self._hand.quiet = False, 0.0
            if not self._talks and not self._opener.running:
                self._consult()

    def _opened(self, found: Opened | OSError) -> None:
        if not isinstance(found, OSError):
            talk = Talk(self, self.relay, *found)
            self._talks.add(talk)
            self._idle.append(talk)
            self._selector.register(talk.sock, selectors.EVENT_READ, talk)
            self._trouble = None
        elif self._talks:
            self._fewer = time.monotonic() + _FEWER
        elif not self._opener.running:
            self._failed = time.monotonic()
            self._trouble = answers.unreachable(found, self.relay.host, self.relay.port, Step.CONNECT)
            if self._hand.more:
                self._answered(None, self._trouble)
            self._consult()

    def _consult(self) -> None:
        """No connection works: ask whoever sends how long to wait, or whether to give up."""
        hand = self._hand
        hand.quiet = 0.0
        if parcel := hand.ask():
            hand.keep(parcel)
        self._retry = max(self._failed + self._pause, hand.quiet)
        if not hand.more and self._trouble:
            for parcel in list(hand.empty()):
                self.settle(parcel, self._trouble)

    def _listen(self) -> None:
        self._selector, self._bell = selectors.DefaultSelector(), Bell()
        self._selector.register(self._bell, selectors.EVENT_READ)

    def _ring(self) -> None:
        self._bell.ring()  # whichever it is by then

    def _part_from(self, talks: list[Talk]) -> None:
        until = time.monotonic() + _GOODBYE
        for talk in talks:
            self.gone(talk)
            talk.say_goodbye()
        for talk in talks:
            talk.drop(until)

    def _abandon(self) -> None:
        """Something in the middle went wrong: no dot goes any more, and no letter is kept."""
        for talk in [talk for talk in self._talks if talk.busy]:
            self.gone(talk)
            talk.drop()
        self._hand = Hand()
