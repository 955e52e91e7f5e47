"""Strategies that make odd letters and odd contacts: every statement of the language, data in all scripts."""

from hypothesis import strategies as st

from campaigns.accounts.models import Tracking

FIRM = {"name": "Blades & “Söns” .co", "postal_address": ".1 Long Lane \r\n Brno=\t", "language": "cs"}
SENDER = {"name": "Žofie, Ltd", "address": "news@example.com", "reply_to": "desk@example.com"}

FIELDS = (
    "contact.first_name",
    "contact.last_name",
    "contact.name",
    "contact.email",
    "contact.tags",
    "firm.name",
    "contact.fields.size",
    "contact.fields.born",
    "contact.fields['odd key']",
    "contact.nothing.at.all",
    "contact.tags[0]",
    "firm.postal_address",
    "nothing",
    "unsubscribe_url",
    "preferences_url",
    "web_url",
    "link_1",
    "link_2",
    "contact",
)
FILTERS = (
    "",
    '|default("fri=end")',
    "|default(contact.email)",
    "|upper",
    "|title",
    "|escape",
    "|trim",
    "|length",
    "|d(firm.name)",
    '|replace("a", ".\\n")',
    "|first",
    '|date("d. M. y")',
    '|money("CZK")',
    ' or "nobody"',
    " or contact.last_name",
    ' ~ "&" ~ firm.name',
    " + 1",
    "|join(' <> ')",
    "|round(1)",
)
SCRAPS = (
    "Dear ",
    "\n",
    "\r\n",
    "\r",
    ".",
    "..",
    "\n.",
    "= ",
    "=3D",
    " \n",
    "\t\n",
    " ",
    "\t",
    "<b>",
    "&amp;",
    "{# . #}",
    "x" * 90,
    "." * 90,
    " " * 90,
    "žluťoučký kůň ",
    "Жёлтые листья " * 3,
    "日本語",
    "👩‍👩‍👧‍👦",
    "e\u0301",
    "\u202e",
    "\x07",
    "\x85",
    "\u2028",
    "--=_letter",
    "=_letter--",
    "From ",
    "{% raw %}{{ x }}.\n{% endraw %}",
    "<!-- x -->",
    "\xa0",
)
VALUES = st.one_of(
    st.sampled_from(
        [
            "",
            " ",
            ".",
            "..x",
            "Ann",
            "Ann Lee",
            " Ann ",
            "Ann\r\nBcc: eve@example.com",
            "a\rb",
            "\n.\n",
            "x\r",
            "\n",
            "\0",
            "a\0b",
            "\ud800",
            "\udc00x",
            "=",
            "=?utf-8?q?a?=",
            "<!--pixel-->",
            "{{ firm.name }}",
            "O'Neil & <b>",
            "Žluťoučký kůň",
            "Анна Каренина",
            "עברית",
            "日本語の名前",
            "👩‍👩‍👧‍👦",
            "e\u0301cole",
            "x" * 500,
            "." * 200,
            "tab\t",
            "blank ",
            "--=_letter--",
            "2026-11-22",
            "12,5",
            "\u2028",
            "\x85",
            "w" * 74,
            "w" * 75,
            "w" * 76,
            "ž" * 30,
        ]
    ),
    st.text(max_size=40),
    st.text(st.characters(), max_size=12),
)
DATA = st.one_of(
    VALUES,
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.lists(VALUES, max_size=4),
    st.dictionaries(st.sampled_from("ab"), VALUES, max_size=2),
    st.lists(st.lists(VALUES, max_size=2), max_size=2),
)
OUTPUTS = st.builds(
    lambda name, how: f"{{{{ {name}{how} }}}}", st.sampled_from(FIELDS), st.sampled_from(FILTERS)
)
PIECES = st.one_of(
    st.sampled_from(SCRAPS), OUTPUTS, st.text(st.characters(exclude_characters="{}%#"), max_size=20)
)
TESTS = st.sampled_from(
    [
        *FIELDS,
        "firm.name",
        "not firm.name",
        "firm.nothing",
        "contact.first_name == 'Ann'",
        "'a' in contact.tags",
        "contact.fields.size > 3",
        "firm.language == 'cs'",
        "contact.tags|length > 1",
        "contact.first_name is empty",
    ]
)


def _blocks(inner):
    body = st.lists(inner, max_size=3).map("".join)
    return st.one_of(
        st.builds("{{% if {} %}}{}{{% endif %}}".format, TESTS, body),
        st.builds(
            "{{% if {} %}}{}{{% elif {} %}}{}{{% else %}}{}{{% endif %}}".format,
            TESTS,
            body,
            TESTS,
            body,
            body,
        ),
        st.builds(
            "{{% for item in {} %}}{{{{ item }}}}{}{{{{ loop.index }}}}{{% else %}}{}{{% endfor %}}".format,
            st.sampled_from(["contact.tags", "contact.fields", "contact.first_name", "[1, 'a.']", "nothing"]),
            body,
            body,
        ),
        st.builds(
            "{{% set mine = {} %}}{}".format,
            st.sampled_from(["contact.last_name|upper", "firm.name", "3", "contact"]),
            body,
        ),
        st.builds("{{% if mine %}}{{{{ mine }}}}{}{{% endif %}}".format, body),
    )


TEMPLATES = st.lists(st.recursive(PIECES, _blocks, max_leaves=8), max_size=6).map("".join)
SUBJECTS = st.lists(st.one_of(PIECES, st.just("News")), max_size=4).map("".join)
LEVELS = st.sampled_from(Tracking)
CONTACTS = st.fixed_dictionaries(
    {
        "first_name": VALUES,
        "last_name": VALUES,
        "email": st.just("ann@example.org"),
        "language": st.sampled_from(["", "cs", "ru", "xx"]),
        "tags": st.lists(VALUES, max_size=3),
        "fields": st.fixed_dictionaries({"size": DATA, "born": DATA, "odd key": DATA}),
    }
).map(lambda made: made | {"name": f"{made['first_name']} {made['last_name']}".strip()})
ADDRESSES = st.sampled_from(
    [
        "ann@example.org",
        "jörg@müller.example",
        "a.b+c=d@x-y.example",
        "a..b@example.org",
        "x" * 60 + "@example.org",
    ]
)
