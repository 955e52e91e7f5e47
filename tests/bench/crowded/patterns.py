"""What readers, proxies and machines fetch of one letter: a few thousand ways, to be drawn from."""

import random
from dataclasses import dataclass

from campaigns.tracking.machines import PEOPLE, RANK
from campaigns.tracking.models import Label

AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Thunderbird/140.4.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    "Mozilla/5.0",
    "Barracuda Sentinel (EE)",
)
_PROXY, _AHEAD, _SCANNER = 2, 3, 4
_LATEST = 4 * 86_400
_MANY = 4000

Fetch = tuple[str, int, int, str, int]  # kind, seconds after the letter was sent, link, label, agent


@dataclass(frozen=True)
class Pattern:
    """The fetches of one letter, and what tracking makes of them."""

    hits: tuple[Fetch, ...]
    firsts: tuple[tuple[str, int, str, int], ...]  # kind, place, surest label, its first second
    opened: int  # by a person, seconds after it was sent; 0: never
    clicked: int
    link: int  # followed first


def patterns(rng: random.Random, wanted: float) -> list[Pattern]:
    """Thousands of ways with so many fetches on average: people who open again fill up what is missing."""
    drawn = [_fetches(rng) for _one in range(_MANY)]
    openers = [fetches for fetches in drawn if any(fetch[3] in PEOPLE for fetch in fetches)]
    total = sum(map(len, drawn))
    while total < wanted * _MANY:
        fetches = rng.choice(openers)
        again = next(fetch for fetch in fetches if fetch[3] in PEOPLE and fetch[0] == "open")
        fetches.append((again[0], rng.randrange(again[1], _LATEST), 0, again[3], again[4]))
        total += 1
    return [_pattern(fetches) for fetches in drawn]


def _fetches(rng: random.Random) -> list[Fetch]:
    """Nothing, a fetch ahead, an open through a proxy or by a person, clicks; or a scanner's run."""
    luck, found = rng.random(), []
    if luck < 0.40:
        return []
    if luck < 0.53:
        found.append(("open", rng.randrange(30, 600), 0, Label.PREFETCHED.value, _AHEAD))
    if luck < 0.58:
        at = rng.randrange(30, 600)
        found += [("click", at + link, link, Label.MACHINE.value, _SCANNER) for link in (1, 2)]
    if luck > 0.50:
        opened = 60 + min(int(rng.expovariate(1 / 30_000)), _LATEST - 600)
        label, agent = (Label.PROXIED, _PROXY) if rng.random() < 0.35 else (Label.HUMAN, rng.randrange(2))
        found.append(("open", opened, 0, label.value, agent))
        if rng.random() < 0.2:
            agent, at = rng.randrange(2), opened + rng.randrange(8, 90)
            links = (1, 2) if rng.random() < 0.3 else (rng.choice((1, 1, 2)),)
            found += [
                ("click", at + 40 * place, link, Label.HUMAN.value, agent) for place, link in enumerate(links)
            ]
    return found


def _pattern(fetches: list[Fetch]) -> Pattern:
    """The tracking room's rules: each place counts once, under its surest label, when that came first."""
    by_place: dict[tuple[str, int], dict[str, int]] = {}
    for kind, at, position, label, _agent in fetches:
        for place in {position, 0}:
            first = by_place.setdefault((kind, place), {})
            first[label] = min(at, first.get(label, at))
    firsts = []
    for (kind, place), by_label in by_place.items():
        surest = min(by_label, key=lambda label: RANK[Label(label)])
        firsts.append((kind, place, surest, by_label[surest]))
    persons = {
        kind: min((at for label, at in by_place.get((kind, 0), {}).items() if label in PEOPLE), default=0)
        for kind in ("open", "click")
    }
    followed = [
        (at, position) for kind, at, position, label, _a in fetches if kind == "click" and label in PEOPLE
    ]
    return Pattern(
        tuple(sorted(fetches, key=lambda fetch: fetch[1])),
        tuple(firsts),
        persons["open"],
        persons["click"],
        min(followed)[1] if followed else 0,
    )
