"""Many warm connections to one mail server in one thread: who gets the next letter, when to open more."""

import selectors
import socket
import time
from collections import deque
from contextlib import suppress

from campaigns.mail import answers
from campaigns.mail.opening import Opened, Opener
from campaigns.mail.outcomes import NotSent, Reply, Step, TransportTrouble
from campaigns.mail.roads import Answered, BeforeDot, Fleet, Meanwhile, Parcel, Pull, nothing
from campaigns.mail.smtp import Relay
from campaigns.mail.talking import Talk

_WARM = 20  # seconds that an idle connection is kept; mail servers mind them after some minutes
_FEWER = 30  # seconds to go on with fewer connections after one more was refused
_PAUSE = 0.5  # seconds at least between two tries while no connection works
_AT_ONCE = 8  # connections being opened at the same time, once one works
_TRIES = 3  # connections that may close on a letter's MAIL before that is called trouble
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
        self._more = False  # `pull` may have more
        self._quiet = 0.0  # until then it has nothing; 0: ask
        self._hand: deque[Parcel] = deque()  # letters for the next connection that is free
        self._spared: deque[Parcel] = deque()  # for a new connection, as an old one closed on them
        self._tries: dict[int, int] = {}  # how many connections closed on a letter, by its key
        self._fewer = 0.0  # until then no connection is added to those that work
        self._trouble: TransportTrouble | None = None  # why the last one failed while none worked
        self._failed = 0.0  # when that was
        self._retry = 0.0  # when the next is tried
        self._check = 0.0  # when deadlines are looked at
        self._listen()

    def send(
        self, pull: Pull, before_dot: BeforeDot, answered: Answered, meanwhile: Meanwhile = nothing
    ) -> None:
        """Hand over all that `pull` gives, as Fleet says."""
        if self._bell.fileno() < 0:
            self._listen()
        self.rest()
        self._pull, self._before_dot, self._answered = pull, before_dot, answered
        self._more, self._quiet, self._retry = True, 0.0, self._failed + self._pause
        try:
            self._employ()
            while self._more or self._hand or self._spared or len(self._idle) < len(self._talks):
                self._turn(self._wait(), meanwhile)
                self._employ()
        except BaseException:
            self._abandon()
            raise

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
        for part in (self._selector, self._bell, self._button):
            part.close()

    def next_for(self, talk: Talk) -> Parcel | None:
        """The next letter, prepared; those that can't be asked about are told so."""
        while parcel := self._take(talk):
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
        if self._tries:
            self._tries.pop(parcel.key, None)
        self._quiet = 0.0
        self._answered(parcel, outcome)

    def spare(self, parcel: Parcel, trouble: NotSent, talk: Talk) -> None:
        """Try the letter on another connection, unless this is how all of them end."""
        tries = self._tries.get(parcel.key, 0) + 1
        if tries >= _TRIES or (talk.fresh and not self._working):
            self.settle(parcel, trouble)
            return
        self._tries[parcel.key] = tries
        if talk.fresh:
            self._fewer = time.monotonic() + _FEWER
            self._hand.append(parcel)
        else:
            self._spared.append(parcel)

    def put_back(self, parcel: Parcel) -> None:
        """Keep it for the next connection that is free."""
        self._hand.append(parcel)

    def works(self, talk: Talk) -> None:
        """One more connection on which letters are accepted."""
        self._working += 1

    def watch(self, talk: Talk, writing: bool) -> None:
        """Wait until more can be written, or no longer."""
        events = selectors.EVENT_READ | selectors.EVENT_WRITE if writing else selectors.EVENT_READ
        self._selector.modify(talk.sock, events, talk)

    def rests(self, talk: Talk) -> None:
        """Give it the next letter, if there is one now."""
        parcel = self.next_for(talk)
        if parcel:
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

    def _take(self, talk: Talk) -> Parcel | None:
        if self._spared and (talk.fresh or time.monotonic() < self._fewer):
            return self._spared.popleft()
        return self._hand.popleft() if self._hand else self._ask()

    def _ask(self) -> Parcel | None:
        """Pull, unless it is known that nothing would come."""
        if not self._more or self._quiet:
            return None
        given = self._pull()
        if isinstance(given, Parcel):
            return given
        if given is None:
            self._more = False
        else:
            self._quiet = time.monotonic() + given
        return None

    def _employ(self) -> None:
        """Give work to idle connections, and open more where there is work left."""
        if self._quiet and time.monotonic() >= self._quiet:
            self._quiet = 0.0
        while self._idle and (parcel := self.next_for(self._idle[-1])):
            self._idle.pop().begin(parcel)
        running = self._opener.running
        while running < self._room():
            if len(self._hand) + len(self._spared) <= running:
                parcel = self._ask()
                if parcel is None:
                    return
                self._hand.append(parcel)
            self._opener.begin()
            running += 1

    def _room(self) -> int:
        """How many connections may be in the making now."""
        if self._working:
            return min(_AT_ONCE, self._most - len(self._talks)) if time.monotonic() >= self._fewer else 0
        return not self._talks and time.monotonic() >= self._retry

    def _wait(self) -> float | None:
        """How long to wait for something to happen, at most."""
        ends = [self._quiet] if self._quiet else []
        if len(self._idle) < len(self._talks):
            ends.append(self._check)
        if not self._talks and not self._opener.running and (self._hand or self._spared or not self._quiet):
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
        with suppress(BlockingIOError):
            while self._bell.recv(4096):
                pass
        for found in self._opener.results():
            self._opened(found)
        if self._woken:
            self._woken, self._quiet = False, 0.0
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
            if self._more:
                self._answered(None, self._trouble)
            self._consult()

    def _consult(self) -> None:
        """No connection works: ask whoever sends how long to wait, or whether to give up."""
        self._quiet = 0.0
        parcel = self._ask()
        if parcel:
            self._hand.append(parcel)
        self._retry = max(self._failed + self._pause, self._quiet)
        if not self._more and self._trouble:
            left = [*self._hand, *self._spared]
            self._hand.clear()
            self._spared.clear()
            for parcel in left:
                self.settle(parcel, self._trouble)

    def _listen(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._bell, self._button = socket.socketpair()
        self._bell.setblocking(False)
        self._button.setblocking(False)
        self._selector.register(self._bell, selectors.EVENT_READ)

    def _ring(self) -> None:
        with suppress(OSError):  # rung often enough already, or closed
            self._button.send(b"\0")

    def _part_from(self, talks: list[Talk]) -> None:
        until = time.monotonic() + _GOODBYE
        for talk in talks:
            self.gone(talk)
            talk.say_goodbye()
        for talk in talks:
            talk.drop(until)

    def _abandon(self) -> None:
        """Something in the middle went wrong: no dot goes any more, and no letter is kept."""
        self._more = False
        for talk in [talk for talk in self._talks if talk.busy]:
            self.gone(talk)
            talk.drop()
        self._hand.clear()
        self._spared.clear()
        self._tries.clear()
