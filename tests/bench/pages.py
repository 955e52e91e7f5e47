"""How long the pages take to answer, on the sample data, one visitor after the other.

`bin/bench pages [--times N] [--postgresql URL]`: an installation of its own in a temporary folder, real
processes, SQLite unless a database is named. Milliseconds, median and 95th percentile.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from tests.stories.installation import Visitor, installation

PAGES = (
    "/today/", "/contacts/", "/contacts/?q=an", "/companies/", "/labels/", "/audiences/", "/campaigns/",
    "/templates/", "/reports/", "/mailbox/", "/imports/", "/settings/", "/health",
)  # fmt: skip


def measure(visitor: Visitor, path: str, times: int) -> tuple[float, float]:
    """Median and 95th percentile of that many answers, in milliseconds, after one to warm up."""
    visitor.get(path)
    took = []
    for _again in range(times):
        began = time.perf_counter()
        visitor.get(path)
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took), statistics.quantiles(took, n=20)[-1]


def main() -> None:
    """Start, fill, measure, print."""
    parser = argparse.ArgumentParser(prog="bin/bench pages")
    parser.add_argument("--times", type=int, default=40)
    parser.add_argument("--postgresql", metavar="URL")
    given = parser.parse_args()
    settings = {"CAMPAIGNS_DATABASE_URL": given.postgresql} if given.postgresql else {}
    with tempfile.TemporaryDirectory() as folder, installation(Path(folder), **settings) as made:
        made.command("demo")
        began = time.perf_counter()
        made.start()
        print(f"from the command to the first answer: {time.perf_counter() - began:.1f} s")
        visitor = made.signed_in()
        print(f"{'page':24}{'median ms':>10}{'95 % ms':>10}")
        for path in PAGES:
            median, slow = measure(visitor, path, given.times)
            print(f"{path:24}{median:10.1f}{slow:10.1f}")
