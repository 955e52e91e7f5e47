"""Sharing: who gets how much of what is not enough for all."""

from collections.abc import Mapping


def share(wanted: Mapping[str, int], number: int) -> dict[str, int]:
    """`number` letters cut over those who want them, each by the size of its wish.

    Nobody's part is a whole letter away from the exact one (largest remainders).
    """
    total = sum(wanted.values())
    if total <= number:
        return dict(wanted)
    part = {name: wish * number // total for name, wish in wanted.items()}
    left = number - sum(part.values())
    for name in sorted(wanted, key=lambda name: (-(wanted[name] * number % total), name))[:left]:
        part[name] += 1
    return part
