"""The text part: what an HTML letter says, for people and programs that read plain text."""


def from_html(html: str) -> str:
    """The document as readable text with the addresses of its links; works before and after rendering.

    `{{ … }}` and `{% … %}` in text and link addresses stay where they are.
    """
    raise NotImplementedError
