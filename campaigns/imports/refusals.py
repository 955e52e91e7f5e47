"""Why a row is not taken, in words, and the file in which refused rows go back to their owner."""

from enum import StrEnum


class Refusal(StrEnum):
    """What is wrong with a row."""

    LINE_TOO_LONG = "line_too_long"
    QUOTES = "quotes"
    TOO_MANY_CELLS = "too_many_cells"
    UNREADABLE = "unreadable"
