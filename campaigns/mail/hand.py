"""The letters in hand: pulled from whoever sends, and waiting for a connection that is free."""

import time
from collections import deque
from collections.abc import Iterator

from campaigns.mail.roads import Parcel, Pull

_TRIES = 3  # connections that may close on a letter's MAIL before that is called trouble


class Hand:
    """Asks for the next letter, but not while it is known that none would come."""

    def __init__(self) -> None:
        self._pull: Pull = lambda: None
        self.more = False  # `pull` may have more
        self.quiet = 0.0  # until then it has nothing; 0: ask
        self._next: deque[Parcel] = deque()  # for the next connection that is free
        self._spared: deque[Parcel] = deque()  # for a new connection, as an old one closed on them
        self._tries: dict[int, int] = {}  # how many connections closed on a letter, by its key

    def begin(self, pull: Pull) -> None:
        """Ask this one from now on."""
        self._pull = pull
        self.more, self.quiet = True, 0.0

    def __bool__(self) -> bool:
        return self.more or bool(self._next) or bool(self._spared)

    def __len__(self) -> int:
        return len(self._next) + len(self._spared)

    def take(self, *, fresh: bool) -> Parcel | None:
        """The next letter for a connection, which is `fresh` or as good as that."""
        if fresh and self._spared:
            return self._spared.popleft()
        return self._next.popleft() if self._next else self.ask()

    def ask(self) -> Parcel | None:
        """Pull, unless it is known that nothing would come."""
        if not self.more or self.quiet:
            return None
        given = self._pull()
        if isinstance(given, Parcel):
            return given
        if given is None:
            self.more = False
        else:
            self.quiet = time.monotonic() + given
        return None

    def keep(self, parcel: Parcel, *, for_fresh: bool = False) -> None:
        """Let it wait for the next connection, or for the next that is fresh."""
        (self._spared if for_fresh else self._next).append(parcel)

    def try_again(self, parcel: Parcel) -> bool:
        """Whether one connection more may be tried for it, one having closed on it."""
        tries = self._tries.get(parcel.key, 0) + 1
        self._tries[parcel.key] = tries
        return tries < _TRIES

    def settled(self, parcel: Parcel) -> None:
        """What became of it is known; perhaps there is more to be had now."""
        if self._tries:
            self._tries.pop(parcel.key, None)
        self.quiet = 0.0

    def empty(self) -> Iterator[Parcel]:
        """All that wait, which are forgotten."""
        while self._next or self._spared:
            yield (self._next or self._spared).popleft()
