"""The letter to measure with: 12.6 KB of HTML and 1.5 KB of text on the wire, a name, six links in each."""

_STYLE = (
    "font-family:Georgia,'Times New Roman',serif;font-size:16px;line-height:1.5;color:#2b2b2b;"
    "margin:0 0 16px 0;padding:0 24px 0 24px;text-align:left;background-color:#ffffff;"
    "mso-line-height-rule:exactly;letter-spacing:normal;word-spacing:normal;font-weight:normal;-webkit-text-size-adjust:100%;-ms-text-size-adjust:100%"
)
_SECTION = (
    '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"'
    ' style="border-collapse:collapse;mso-table-lspace:0pt;mso-table-rspace:0pt">'
    '<tr><td align="left" valign="top" style="{style}"><h2 style="{style}">{title}</h2>'
    '<p style="{style}">{words}</p><p style="{style}">'
    '<a style="{style}" href="https://shop.example.com/offers/{number}?from=letter">{link}</a></p>'
    "</td></tr></table>\n"
)
_OFFERS = (
    ("A finer cut", "The new blades keep their edge through a whole winter of hard wood.", "See the blades"),
    ("Quieter grinding", "Seven decibels less than last year, and no loss of power at all.", "Hear it"),
    ("Bands that last", "Packs of five, welded anew, for every saw since 1998.", "Find your band"),
    ("Come and try", "Bring a board of your own to one of our open workshops.", "Choose a day"),
    ("From the workshop", "How a chair with no screws came about, in eleven pictures.", "Read the story"),
    ("Until the end of May", "Free delivery on whatever weighs less than your dog.", "Order now"),
)


def html() -> str:
    """The letter as a template of ours, which plain Jinja reads too."""
    sections = "".join(
        _SECTION.format(style=_STYLE, title=title, words=words, link=link, number=number)
        for number, (title, words, link) in enumerate(_OFFERS, 1)
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>News</title></head>\n<body>'
        f'<p style="{_STYLE}">Dear {{{{ contact.first_name|default("friend") }}}},</p>\n{sections}'
        "</body></html>\n"
    )
