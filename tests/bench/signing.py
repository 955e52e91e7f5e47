"""What a DKIM signature takes: plain, eight at a time, Ed25519, both; and what is not the key's own work.

`bin/bench signing [--rounds N] [--letters N] [--json]`: microseconds of processor time a letter, in rounds
that take turns, so that what else the machine does falls on all alike; median, and the best round. `beside`
is what `Signer` takes besides the operation with the key; seen with Ed25519, whose own work hides less of it.
"""

import argparse
import hashlib
import json
import statistics
import time
from collections.abc import Callable

from campaigns.mail import compile, dkim
from campaigns.mail.dkim import DkimKey
from campaigns.mail.signing import Signer
from tests.mail.letters import letter


def ways(count: int) -> tuple[dict[str, Callable[[], object]], bool]:
    """What takes turns, by name; and whether the accelerator is among them."""
    rsa = DkimKey("example.com", "s1", dkim.new_key()[0])
    ed25519 = DkimKey("example.com", "s2", dkim.new_key("ed25519")[0])
    raws = [
        compile.build(letter(subject=f"Letter {number}", html="<p>Hello</p>" * 800))
        for number in range(count)
    ]
    covered = [dkim.covered(raw) for raw in raws]
    names = covered[0][0]
    letters = [(fields, body) for _names, fields, body in covered]
    private, short = dkim.parsed(rsa.private_key), dkim.parsed(ed25519.private_key)
    digests = [hashlib.sha256(fields).digest() for fields, _body in letters]
    plain, fast = Signer([rsa], names, plain=True), Signer([rsa], names)
    small, both = Signer([ed25519], names), Signer([rsa, ed25519], names)
    made = {
        "rsa2048, the key's work alone": lambda: [dkim.signature(private, digest) for digest in digests],
        "rsa2048, plain": lambda: plain.sign(letters),
        "rsa2048, whole letters by dkim.sign": lambda: [dkim.sign(raw, rsa) for raw in raws],
        "ed25519, the key's work alone": lambda: [dkim.signature(short, digest) for digest in digests],
        "ed25519": lambda: small.sign(letters),
        "both": lambda: both.sign(letters),
    }
    if fast.accelerated:
        made["rsa2048, eight at a time"] = lambda: fast.sign(letters)
    return made, fast.accelerated


def measure(count: int, rounds: int) -> dict[str, object]:
    """Microseconds a letter of each way, by turns; the first round warms up."""
    made, accelerated = ways(count)
    took: dict[str, list[float]] = {name: [] for name in made}
    for turn in range(rounds + 1):
        for name, run in made.items():
            began = time.process_time()
            run()
            if turn:
                took[name].append((time.process_time() - began) / count * 1_000_000)
    signer, alone = took["ed25519"], took["ed25519, the key's work alone"]
    return {
        "letters": count,
        "rounds": rounds,
        "accelerated": accelerated,
        "median_us": {name: round(statistics.median(times), 1) for name, times in took.items()},
        "best_us": {name: round(min(times), 1) for name, times in took.items()},
        "beside_us": round(min(signer) - min(alone), 1),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bin/bench signing")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--letters", type=int, default=64)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found = measure(given.letters, given.rounds)
    if given.json:
        print(json.dumps(found))
        return
    print(f"{'µs a letter':40}{'median':>10}{'best':>10}")
    for name, median in found["median_us"].items():
        print(f"{name:40}{median:10.1f}{found['best_us'][name]:10.1f}")
    print(f"{'beside the key’s own work':40}{'':10}{found['beside_us']:10.1f}")
    if not found["accelerated"]:
        print("No accelerator here: it needs its extra, and a processor with AVX512-IFMA or AVX-IFMA.")
