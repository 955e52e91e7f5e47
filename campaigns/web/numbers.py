"""Numbers in addresses: as long as the database can keep, so that a longer one is simply not there."""

from werkzeug.routing import IntegerConverter


class RowNumber(IntegerConverter):
    """`<int:…>` of up to 18 digits (64 bits)."""

    regex = r"[0-9]{1,18}"
