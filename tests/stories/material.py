"""What the stories work on: a dirty file of contacts and a letter.

Where the team's own test data lies beside the checkout, that is used; elsewhere a smaller file of the
same kind is made here.
"""

import csv
import json
import random
from pathlib import Path

_BESIDE = Path(__file__).parents[3] / "shared" / "data"

_LETTER = """<mjml><mj-body><mj-section><mj-column>
  <mj-text>Dear {{ contact.first_name|default("friend") }},</mj-text>
  <mj-button href="https://example.com/offer">Look at the offer</mj-button>
</mj-column></mj-section></mj-body></mjml>
"""


def contacts_file(folder: Path) -> tuple[Path, int]:
    """A dirty contact export in Mailchimp's layout, and how many distinct valid addresses it has."""
    given = _BESIDE / "contacts_mailchimp.csv"
    if given.exists():
        truth = json.loads(given.with_suffix(".truth.json").read_text())
        return given, truth["distinct_valid_addresses"]
    return _made(folder / "contacts.csv")


def letter_file(folder: Path) -> Path:
    """A letter in MJML."""
    given = _BESIDE / "mjml" / "arturia.mjml"
    if given.exists():
        return given
    made = folder / "letter.mjml"
    made.write_text(_LETTER)
    return made


def _made(path: Path, rows: int = 600) -> tuple[Path, int]:
    rng = random.Random(7)
    names = (
        "Kateřina",
        "Țurcanu",
        "Пётр",
        "O'Brien",
        "x" * 600,
        "Anna\r\nBcc: x@example.com",
        "=1+1",
        "{{ 7*7 }}",
    )
    good = [f"person{number}@{rng.choice(('example.com', 'pošta.example.com'))}" for number in range(rows)]
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow(["Email Address", "First Name", "Last Name", "TAGS"])
        for number, address in enumerate(good):
            writer.writerow([address, rng.choice(names), "Lee", rng.choice(('"basic"', '"vip","basic"', ""))])
            if number % 40 == 0:
                writer.writerow([address.upper(), "Again", "", ""])
                writer.writerow([rng.choice(("jana@@example.com", "", "@example.com")), "Bad", "", ""])
    return path, rows
