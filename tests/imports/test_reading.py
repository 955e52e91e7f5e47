"""Reading tables: encodings, delimiters, and damage that costs a row, not the file."""

import csv
import io

import pytest

from campaigns.errors import BadInput
from campaigns.imports import reading
from campaigns.imports.reading import Shape, Table
from campaigns.imports.refusals import Refusal

CZECH = (
    "E-mail;Jméno;Město\njana@example.com;Jana Nováková;Žďár nad Sázavou\npetr@example.com;Jiří Říha;Plzeň\n"
)
RUSSIAN = (
    "Почта;Имя;Город\nnina@example.com;Нина Витковская;Нижний Новгород\npyotr@example.com;Пётр Щукин;Орёл\n"
)
GERMAN = "E-Mail;Name;Stadt\njuergen@example.com;Jürgen Groß;Köln\nzoe@example.com;Zoé Müßig;Düsseldorf\n"


@pytest.fixture
def file(tmp_path):
    def write(content: str | bytes, encoding: str = "utf-8"):
        path = tmp_path / "contacts.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return write


def read(path, shape: Shape | None = None):
    with Table(path, shape or reading.guess(path)) as table:
        return table.columns, list(table.rows())


def cells(path, shape: Shape | None = None):
    return [row.cells for row in read(path, shape)[1]]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (CZECH, "utf-8"), (CZECH, "utf-8-sig"), (CZECH, "utf-16"), (CZECH, "utf-16-le"), (CZECH, "utf-16-be"),
        (CZECH, "utf-32"), (CZECH, "cp1250"), (CZECH, "iso8859-2"), (CZECH, "cp852"), (RUSSIAN, "utf-8"),
        (RUSSIAN, "cp1251"), (RUSSIAN, "koi8-r"), (RUSSIAN, "cp866"), (GERMAN, "cp1252"),
    ],
)  # fmt: skip
def test_the_encoding_is_found(file, text, encoding):
    columns, rows = read(file(text, encoding))

    expected = list(csv.reader(io.StringIO(text), delimiter=";"))
    assert [columns, *(row.cells for row in rows)] == expected


def test_foreign_letters_may_come_late(file):
    plain = "".join(f"person{n}@example.com;Anna\n" for n in range(60_000))
    path = file("email;name\n" + plain + "jana@example.com;Jiří Šťastný\n", "cp1250")

    assert cells(path)[-1] == ["jana@example.com", "Jiří Šťastný"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(file, delimiter):
    rows = [
        ["email", "name", "note"],
        ["a@example.com", "Anna", "x"],
        ["b@example.com", "Bob", 'one; two, "three"'],
    ]
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)

    columns, found = read(file(text.getvalue()))
    assert [columns, *(row.cells for row in found)] == rows


def test_the_first_line_of_excel_names_the_delimiter(file):
    columns, rows = read(file("sep=|\r\nemail|name, first\r\na@example.com|Anna\r\n"))

    assert columns == ["email", "name, first"]
    assert [row.cells for row in rows] == [["a@example.com", "Anna"]]


def test_a_file_without_names_of_columns(file):
    columns, rows = read(file("a@example.com,Anna\nb@example.com,Bob\n"))

    assert columns == ["Column 1", "Column 2"]
    assert [row.cells for row in rows] == [["a@example.com", "Anna"], ["b@example.com", "Bob"]]


def test_only_addresses(file):
    assert cells(file("a@example.com\nb@example.com\n")) == [["a@example.com"], ["b@example.com"]]


def test_rows_know_their_lines(file):
    _columns, rows = read(file('email,note\na@example.com,"one\ntwo"\n\n , \nb@example.com,x\n'))

    assert [(row.line, row.cells) for row in rows] == [
        (2, ["a@example.com", "one\ntwo"]),
        (6, ["b@example.com", "x"]),
    ]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_ends_of_lines(file, newline):
    assert cells(file(f"email,n{newline}a@example.com,1{newline}b@example.com,2")) == [
        ["a@example.com", "1"],
        ["b@example.com", "2"],
    ]


def test_short_rows_are_filled_long_ones_refused(file):
    _columns, rows = read(file("email,a,b\na@example.com\nb@example.com,1,2,,\nc@example.com,1,2,3\n"))

    assert [(row.cells, row.refusal) for row in rows] == [
        (["a@example.com", "", ""], None),
        (["b@example.com", "1", "2"], None),
        (["c@example.com", "1", "2", "3"], Refusal.TOO_MANY_CELLS),
    ]


@pytest.mark.parametrize(
    "damaged",
    [
        'b@example.com,"never closed',
        'b@example.com,"closed" too early',
        'b@example.com,"opened, again "and again',
    ],
)
def test_a_quote_that_does_not_pair_costs_one_row(file, damaged):
    rest = "".join(f'person{n}@example.com,"a note, in quotes"\n' for n in range(50))
    _columns, rows = read(
        file(f"email,note\na@example.com,x\n{damaged}\n{rest}"), Shape("utf-8", ",", header=True)
    )

    assert [(row.line, row.refusal) for row in rows if row.refusal] == [(3, Refusal.QUOTES)]
    assert rows[1].cells == [damaged]
    assert len(rows) == 52


def test_a_quote_that_swallows_the_next_line(file):
    _columns, rows = read(
        file('email,name,note\na@example.com,"Anna,x\nb@example.com,"Bob",y\nc@example.com,C,z\n'),
        Shape("utf-8", ",", header=True),
    )

    assert [(row.line, row.refusal) for row in rows] == [(2, Refusal.QUOTES), (3, None), (4, None)]


def test_a_file_of_broken_quotes_ends_with_a_clear_sentence(file):
    path = file("email,note\n" + 'a@example.com,"x\nb@example.com,y\n' * 3000)

    with pytest.raises(BadInput, match=r"Line \d+: the quotation marks"):
        read(path, Shape("utf-8", ",", header=True))


@pytest.mark.parametrize("before", ["", '"'])
def test_a_line_of_ten_megabytes_costs_itself(file, before):
    huge = before + "x" * 10_000_000
    _columns, rows = read(file(f"email,note\na@example.com,1\nb@example.com,{huge}\nc@example.com,2\n"))

    assert [(row.line, row.refusal) for row in rows] == [(2, None), (3, Refusal.LINE_TOO_LONG), (4, None)]
    assert len(rows[1].cells[0]) == 1000


def test_a_huge_first_line_is_no_table(file):
    with pytest.raises(BadInput, match="first line"):
        read(file("x" * 10_000_000))


def test_nul_bytes_are_dropped(file):
    assert cells(file("email,name\na@example.com,An\0na\n" + "b@example.com,Bob\n" * 200))[0][1] == "Anna"


def test_one_damaged_row_does_not_change_the_encoding(file):
    good = "".join(f"person{n}@example.com,Šťastná\n" for n in range(50))
    _columns, rows = read(file(b"email,name\n" + good.encode() + b"b@example.com,\xe8\xec\n"))

    assert rows[0].cells[1] == "Šťastná"
    assert (rows[-1].line, rows[-1].refusal) == (52, Refusal.UNREADABLE)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b" \n\n", "empty"),
        (b"PK\x03\x04....", "Excel"),
        (b"\xd0\xcf\x11\xe0....", "Excel"),
        (b"%PDF-1.7", "PDF"),
        (b"\x89PNG\r\n", "picture"),
        (bytes(range(256)) * 50, "not text"),
        (b"," * 1000 + b"\n", "empty"),
        (b"a," * 1000 + b"\n", "columns"),
    ],
)
def test_what_is_no_table_is_refused_in_words(file, content, says):
    path = file(content)

    with pytest.raises(BadInput, match=says):
        read(path)


def test_how_far_it_got(file):
    path = file("email\n" + "a@example.com\n" * 100_000)

    with Table(path, reading.guess(path)) as table:
        rows = table.rows()
        next(rows)
        assert 0 < table.bytes_read < path.stat().st_size
        assert sum(1 for _row in rows) == 99_999
        assert table.bytes_read == path.stat().st_size
