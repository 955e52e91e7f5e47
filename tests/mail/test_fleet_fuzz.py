"""Whatever a mail server does, every letter is answered once, and truly."""

from collections import Counter

from hypothesis import example, given, settings
from hypothesis import strategies as st

from campaigns.mail.outcomes import HeldBack, Reply, TransportTrouble, Unknown
from tests.mail.scripted_server import CLOSE, EVERYTHING, RESET, SILENT, scripted
from tests.mail.sender import Sender, fleet, parcels

NO = ["421 4.3.2 closing", "450 4.2.0 later", "550 5.1.1 no", "554 5.7.1 policy", "what?", "25", "354 odd"]
ENDS = [CLOSE, RESET]
ACTS = {
    "GREETING": ["421 4.7.0 too many", "554 5.7.1 no", CLOSE],
    "EHLO": ["421 4.3.2 closing", RESET],
    "MAIL": [*NO, *ENDS, "250 ok close", "250-2.1.0\r\n250 ok", "552 5.3.4 too large", "251 ok"],
    "RCPT": [*NO, *ENDS, "250 ok reset", "251 forwarded", "450-4.2.0\r\n450 later"],
    "DATA": [
        *NO,
        *ENDS,
        "354 close",
        "354-go\r\n354 on",
        "354 go\r\n421 bye",
        "354 go\r\n550 no close",
        "250 odd",
    ],
    "TEXT": ["552 5.3.4 too large close", "451 4.3.0 disk full close", *ENDS],
    "DOT": [
        *NO,
        *ENDS,
        "kept close",
        "kept reset",
        "250 ok close",
        "250-2.0.0\r\n250 ok",
        "250 ok\r\n421 bye",
    ],
    "RSET": ["500 what?", "421 4.3.2 closing", CLOSE],
}
BEHAVIOUR = st.fixed_dictionaries(
    {
        step: st.lists(st.one_of(st.none(), st.none(), st.sampled_from(acts)), max_size=12)
        for step, acts in ACTS.items()
    }
)


def accepted(server) -> Counter:
    """How often each letter was accepted, by its key."""
    return Counter(int(address[1:].partition("@")[0]) for address in server.addresses)


def check(server, sender: Sender, letters: int) -> None:
    """What must hold, whatever happened."""
    told = Counter(key for key, _outcome in sender.told if key is not None)
    assert told == Counter(sender.pulled) == Counter(range(letters)) or (
        sender.troubles and told == Counter(sender.pulled)
    )
    kept = accepted(server)
    for key in sender.pulled:
        outcome = sender.outcome(key)
        if isinstance(outcome, Reply):
            assert kept[key] == 1, f"{key}: {outcome}, but accepted {kept[key]} times"
        elif not isinstance(outcome, Unknown):
            assert kept[key] == 0, f"{key}: {outcome!r}, but accepted"
        assert kept[key] <= 1
        if isinstance(outcome, Reply | Unknown):
            assert key in sender.let
        if isinstance(outcome, HeldBack):
            assert key not in sender.let
    texts = {parcel.to: parcel.raw for parcel in parcels(letters)}
    assert all(raw == texts[to] for to, raw in server.letters)
    assert all(type(outcome) is TransportTrouble for key, outcome in sender.told if key is None)


@settings(max_examples=60)
@given(
    behaviour=BEHAVIOUR,
    letters=st.integers(1, 12),
    connections=st.integers(1, 3),
    how=st.fixed_dictionaries(
        {
            "offers": st.sampled_from([EVERYTHING, EVERYTHING, ("PIPELINING",), ("SIZE",)]),
            "trusting": st.booleans(),
            "drip": st.sampled_from([False, False, True]),
        }
    ),
    held=st.sets(st.integers(0, 11), max_size=3),
    waits=st.dictionaries(st.integers(0, 11), st.sampled_from([0.0, 0.001, 0.01]), max_size=4),
)
@example({"DOT": [None, "kept close"]}, 4, 1, {}, set(), {})
@example({"MAIL": [None, "421 4.3.2 closing"] * 6}, 12, 3, {}, set(), {})
def test_every_letter_is_answered_once_and_truly(behaviour, letters, connections, how, held, waits):
    behaviour = {step: list(acts) for step, acts in behaviour.items()}

    def script(moment):
        acts = behaviour.get(moment.step)
        return acts.pop(0) if acts else None

    work = []
    for made in parcels(letters):
        work += [waits[made.key], made] if made.key in waits else [made]
    with scripted(script, **how) as server, fleet(server, connections, pause=0.001) as warm:
        sender = Sender(work, lets=lambda parcel: parcel.key not in held, after_trouble=0.0)
        sender.send(warm)

    check(server, sender, letters)


@settings(max_examples=8)
@given(
    steps=st.lists(st.sampled_from(["GREETING", "MAIL", "RCPT", "DATA", "DOT"]), min_size=1, max_size=2),
    offers=st.sampled_from([EVERYTHING, ("SIZE",)]),
)
def test_silence_is_survived_too(steps, offers):
    once = list(steps)

    def script(moment):
        if moment.step in once and moment.time > 1:
            once.remove(moment.step)
            return SILENT
        return None

    with (
        scripted(script, offers=offers) as server,
        fleet(server, 2, command_timeout=0.2, dot_timeout=0.2) as warm,
    ):
        sender = Sender(list(parcels(8)), after_trouble=0.0).send(warm)

    check(server, sender, 8)
