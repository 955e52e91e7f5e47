"""A plain SMTP client that knows the moment before the final dot."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Relay:
    """A mail server and how to talk to it; times in seconds."""

    host: str
    port: int = 587
    user: str = ""
    password: str = field(default="", repr=False)
    tls: Literal["none", "starttls", "tls"] = "starttls"
    own_name: str = ""  # what we call ourselves in EHLO; empty: an address literal
    connect_timeout: float = 10
    command_timeout: float = 60
    dot_timeout: float = 120
