"""Errors that a person can cause; each knows its HTTP status and says what to do next."""


class PersonError(Exception):
    """Something a person asked for can't be done; `str(error)` is a sentence for them."""

    status = 400

    def __init__(self, message: str, *, problems: list[str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.problems = problems or []


class Forbidden(PersonError):
    """Known who you are, and this is not yours to do."""

    status = 403


class NotFound(PersonError):
    """No such thing, or none that you may see."""

    status = 404


class Conflict(PersonError):
    """Somebody or something else changed it first."""

    status = 409


class NotReady(Conflict):
    """Not all that this needs is there yet; `problems` lists each missing thing."""


class TooLarge(PersonError):
    """More than is taken at once."""

    status = 413


class BadInput(PersonError):
    """What was given can't be understood; `field` names the place."""

    status = 422

    def __init__(self, message: str, *, field: str = "", problems: list[str] | None = None) -> None:
        super().__init__(message, problems=problems)
        self.field = field


class TooMany(PersonError):
    """Asked too often; wait."""

    status = 429
