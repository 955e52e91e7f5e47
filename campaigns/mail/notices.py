"""The product's own letters, such as a password reset: rendered, built and sent at once."""


def send(
    name: str, to: str, *, to_name: str = "", from_name: str = "", from_address: str = "", **values: object
) -> None:
    """Send the letter `templates/emails/<name>` to one address, filled with `values`."""
    raise NotImplementedError


def send_plain(
    subject: str, to: str, text: str, html: str = "", *, from_name: str = "", from_address: str = ""
) -> None:
    """Send a letter that somebody else rendered; without HTML the text is shown in a plain frame."""
    raise NotImplementedError
