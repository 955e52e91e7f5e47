"""Who most likely fetched a pixel or a link: a person, a proxy for one, or a machine.

Pure rules over what is known of one hit, and of the hits around it. Raw hits are kept with the
version of the rules that judged them, so that better rules can be run on the past.
"""

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from crawlerdetect import CrawlerDetect

from campaigns.tracking.models import HitKind, Label

RULE_VERSION = 1
TRAP = 9999  # the position of a link that no person can see
SOONEST = timedelta(seconds=2)  # nobody reads a letter this soon after the server took it
RUN = timedelta(seconds=10)
RUN_LINKS = 3  # different links of one letter within a RUN

# Surest first: a letter opened by a person and fetched by a machine was opened by a person.
RANK = {Label.HUMAN: 0, Label.PROXIED: 1, Label.PREFETCHED: 2, Label.MACHINE: 3}
PEOPLE = frozenset({Label.HUMAN, Label.PROXIED})

# Apple's privacy proxy says just this and nothing more; Gmail's prefetch ends in a second "Mozilla/5.0".
_PREFETCH = re.compile(r"Mozilla/5\.0|.* Edge/12\.246 Mozilla/5\.0")
_PROXY = re.compile(
    r"GoogleImageProxy|YahooMailProxy|Seznam.?Email.?Proxy|(?:e?mail|image).{0,3}proxy|YandexImageResizer",
    re.I,
)
# Mail programs that lists of crawlers take for crawlers; "Message Previewer" and the like are none.
_MAIL_PROGRAM = re.compile(
    r"Microsoft Outlook \d|ms-office|Microsoft Office/|Outlook-(?:iOS|Android)|OneOutlook|\bMail/\d|Airmail"
    r"|Thunderbird|eM ?Client|Mailbird|The Bat!|Evolution|KMail|Lotus-Notes|SamsungEmail"
)
_SCANNER = re.compile(
    r"barracuda|proofpoint|mimecast|ironport|fortiguard|fortimail|trend ?micro|symantec|messagelabs"
    r"|cloudmark|bitdefender|kaspersky|sophos|zscaler|safe-?links|google-safety|urldefense|vade ?secure"
    r"|hornet ?security|email ?security|link ?(?:check|preview|expand)|url ?(?:scan|preview)|previewer"
    r"|powershell|metainspector",
    re.I,
)
_crawlers = CrawlerDetect()


@dataclass(frozen=True)
class Facts:
    """What is known of one hit by itself."""

    kind: str
    method: str
    user_agent: str
    at: datetime
    sent_at: datetime | None = None  # when the server took the letter; None: not known
    position: int = 0


@dataclass(frozen=True)
class Neighbour:
    """One hit of a letter, seen beside its others."""

    uid: str
    kind: str
    at: datetime
    position: int
    user_agent: str


def classify(facts: Facts) -> tuple[Label, int]:
    """The label of one hit by itself, and the version of the rules that gave it."""
    return _label(facts), RULE_VERSION


def _label(facts: Facts) -> Label:
    if facts.method != "GET" or facts.position == TRAP:
        return Label.MACHINE
    reader = reader_of(facts.user_agent)
    if reader is not Label.HUMAN and facts.kind == HitKind.CLICK:
        return Label.MACHINE  # proxies fetch pictures, never links
    if reader in (Label.PREFETCHED, Label.MACHINE):
        return reader
    if facts.sent_at is not None and facts.at - facts.sent_at < SOONEST:
        return Label.MACHINE
    return reader


@lru_cache(maxsize=5000)
def reader_of(user_agent: str) -> Label:
    """What the program that calls itself this is."""
    if _PREFETCH.fullmatch(user_agent):
        return Label.PREFETCHED
    if _PROXY.search(user_agent):
        return Label.PROXIED
    if not user_agent.strip() or _SCANNER.search(user_agent):
        return Label.MACHINE
    if _MAIL_PROGRAM.search(user_agent):
        return Label.HUMAN
    return Label.MACHINE if _crawlers.isCrawler(user_agent) else Label.HUMAN


def runs(hits: Iterable[Neighbour]) -> set[str]:
    """The uids of one letter's hits that only a machine makes: many links at once, or the unseen one.

    What the same program fetched around them (the pixel, say) belongs to the run as well.
    """
    ordered = sorted(hits, key=lambda hit: hit.at)
    in_runs = _hasty([hit for hit in ordered if hit.kind == HitKind.CLICK])
    times: dict[str, list[datetime]] = defaultdict(list)
    for hit in in_runs:
        times[hit.user_agent].append(hit.at)
    found = {hit.uid for hit in in_runs}
    return found | {hit.uid for hit in ordered if _near(hit.at, times.get(hit.user_agent, ()))}


def _hasty(clicks: Sequence[Neighbour]) -> list[Neighbour]:
    """The clicks, out of those in order, within a RUN that has too many links or the unseen one."""
    hasty: list[Neighbour] = []
    seen: Counter[int] = Counter()
    left = taken = 0
    for right, click in enumerate(clicks):
        seen[click.position] += 1
        while click.at - clicks[left].at > RUN:
            seen -= Counter({clicks[left].position: 1})
            left += 1
        if len(seen) >= RUN_LINKS or TRAP in seen:
            hasty += clicks[max(left, taken) : right + 1]
            taken = right + 1
    return hasty


def _near(at: datetime, times: Sequence[datetime]) -> bool:
    """Whether one of the times, which are in order, lies within a RUN of this one."""
    index = bisect_left(times, at - RUN)
    return index < len(times) and times[index] <= at + RUN
