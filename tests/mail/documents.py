"""Documents made from designs, looked at as a mail program sees them."""

from jinja2 import Environment
from selectolax.lexbor import LexborHTMLParser

MJML = (
    "<mjml><mj-head>{head}</mj-head>"
    "<mj-body><mj-section><mj-column>{body}</mj-column></mj-section></mj-body></mjml>"
)


def rendered(document: str, **values: object) -> LexborHTMLParser:
    """The document as a mail program gets it."""
    return LexborHTMLParser(Environment(autoescape=True).from_string(document).render(values))


def texts(tree: LexborHTMLParser, selector: str) -> list[str]:
    return [node.text(strip=True) for node in tree.css(selector)]
