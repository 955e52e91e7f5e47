"""What came of each fault: findings of single runs, and the table made of all of them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import pytest

from tests.faults.rows import ROWS, SOAK

_HEAD = """\
| # | fault | runs | passed | lost | twice | uncertain, most | connections cut | ended |
|---:|---|---:|---:|---:|---:|---:|---:|---:|
"""


@dataclass
class Finding:
    """One campaign under one fault. `cut`: connections that were open in what was killed."""

    campaign: int
    people: int
    lost: int
    twice: int
    uncertain: int
    cut: int
    ended: bool

    def noted(self, properties: list[tuple[str, object]]) -> None:
        """Let the test's report tell of this one, and no longer of what was found of the campaign before."""
        earlier = [
            (name, value)
            for name, value in properties
            if name == "finding" and isinstance(value, dict) and value["campaign"] == self.campaign
        ]
        for one in earlier:
            properties.remove(one)
        properties.append(("finding", asdict(self)))


def table(reports: Sequence[pytest.TestReport]) -> str:
    """All rows as Markdown; a row that nothing ran for says why."""
    runs: dict[int, list[pytest.TestReport]] = defaultdict(list)
    for report in reports:
        for name, value in report.user_properties:
            if name == "rows":
                for number in value:
                    runs[number].append(report)
    lines = [_line(number, fault, runs[number]) for number, fault in ROWS.items()]
    if runs[SOAK]:
        lines.append(_line(SOAK, "Soak: a random part killed every 20 s", runs[SOAK]))
    return _HEAD + "".join(lines)


def _line(number: int, fault: str, reports: list[pytest.TestReport]) -> str:
    named = f"| {'–' if number == SOAK else number} | {fault} |"
    skipped = sorted({_reason(report) for report in reports if report.skipped})
    ran = {report.nodeid: report for report in reports if not report.skipped}
    failed = {report.nodeid for report in reports if report.failed}
    if not ran:
        return f"{named} 0 | – | – | – | – | – | skipped: {'; '.join(skipped) or 'not chosen'} |\n"
    found = [value for report in ran.values() for name, value in report.user_properties if name == "finding"]
    lost, twice = (sum(one[name] for one in found) for name in ("lost", "twice"))
    uncertain, cut = (max((one[name] for one in found), default=0) for name in ("uncertain", "cut"))
    ended = sum(one["ended"] for one in found)
    note = f"; skipped: {'; '.join(skipped)}" if skipped else ""
    return (
        f"{named} {len(ran)} | {len(ran.keys() - failed)} | {lost} | {twice} | {uncertain} | {cut}"
        f" | {ended} of {len(found)}{note} |\n"
    )


def _reason(report: pytest.TestReport) -> str:
    said = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return said.removeprefix("Skipped: ")
