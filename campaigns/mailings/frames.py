"""Letters shown in the application: their own document, without scripts, from nowhere."""

from werkzeug.wrappers import Response

# `sandbox` gives the letter an origin of its own even when its address is opened directly.
_POLICY = (
    "sandbox; default-src 'none'; img-src * data:; style-src 'unsafe-inline' *; font-src * data:; "
    "frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
)


def letter(html: str) -> Response:
    """An answer that holds a letter."""
    response = Response(html, mimetype="text/html")
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
