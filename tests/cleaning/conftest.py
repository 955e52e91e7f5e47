"""What the tests of this room share: a mail server that campaigns are handed to."""

from tests.delivery.conftest import mail, messages, states  # noqa: F401 - fixtures of that room
