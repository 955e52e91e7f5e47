"""What goes in and out: pydantic's models, which are also the description (`/api/openapi.json`)."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field


class Given(BaseModel):
    """What is sent to us: what we don't know is refused, as it would be lost."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Spent(BaseModel):
    """What somebody bought in one currency: how often, and for how much."""

    currency: str
    times: int
    amount: Decimal


class Person(BaseModel):
    """Whose a code is: our number of them, their name (or address without one), and what they spent."""

    id: int
    name: str
    spent: list[Spent]


class OnCounter(BaseModel):
    """What a code or a card's number stands for. `problem` says why a coupon is not good any more."""

    kind: Annotated[str, Field(description="“coupon” or “card”")]
    code: str
    worth: str
    good_until: date | None
    redeemed_at: datetime | None
    problem: str
    contact: Person


class Sale(Given):
    """One sale. `reference` is the till's own name for it: asked again with the same, it is noted once."""

    code: Annotated[str, Field(min_length=1, max_length=60, description="Of a coupon, or a card's number")]
    product: Annotated[str, Field(min_length=1, max_length=200)]
    quantity: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    amount: Annotated[Decimal, Field(ge=0, description="Paid in all, such as 24.90")] = Decimal(0)
    currency: Annotated[str, Field(min_length=3, max_length=3, description="ISO 4217")] = "EUR"
    reference: Annotated[str, Field(min_length=1, max_length=80)]


class Noted(BaseModel):
    """The purchase as it was noted, and whether a coupon was redeemed by it."""

    id: int
    contact_id: int
    redeemed: bool


class Refused(BaseModel):
    """Why not, in a sentence, and each thing that is wrong."""

    error: str
    problems: list[str]


_WHY = {
    400: "This is no JSON.",
    401: "No key, or none that is good.",
    403: "The key is for other things.",
    404: "There is no such thing.",
    409: "It can't be done any more.",
    422: "Something in it is wrong.",
    429: "Asked too often.",
}


def refusals(*more: int) -> dict[str | int, Any]:
    """What an address may answer besides, as its description has it."""
    return {status: _answer(_WHY[status], Refused) for status in (400, 401, 403, *more, 422, 429)}


def noted_before() -> dict[str | int, Any]:
    """The answer to a sale that is sent once more."""
    return {200: _answer("It was noted before; nothing was done.", Noted)}


def _answer(why: str, what: type[BaseModel]) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{what.__name__}"}
    return {"description": why, "content": {"application/json": {"schema": schema}}}
