"""Files small enough to be read at once, each saying what lives in it."""

import ast
from pathlib import Path

import pytest

from tests.house.copies import copies

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    path for folder in ("campaigns", "workers", "tests") for path in (ROOT / folder).rglob("*.py")
)
NAMES = {str(path.relative_to(ROOT)): path for path in MODULES}


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_at_most_300_lines(name):
    assert len(NAMES[name].read_text().splitlines()) <= 300


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("tests/")])
def test_a_file_says_what_lives_in_it(name):
    tree = ast.parse(NAMES[name].read_text())

    assert ast.get_docstring(tree)


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("tests/")])
def test_a_function_fits_on_a_screen(name):
    long = {
        node.name: length
        for node in ast.walk(ast.parse(NAMES[name].read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or 0) - node.lineno + 1) > 60
    }

    assert not long


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("campaigns/")])
def test_no_name_that_says_nothing(name):
    assert not {"utils", "helpers", "manager", "common", "misc"} & set(NAMES[name].with_suffix("").parts)
    functions = [
        n.name for n in ast.walk(ast.parse(NAMES[name].read_text())) if isinstance(n, ast.FunctionDef)
    ]
    # http.server and the like prescribe such names; nothing of ours does.
    assert not [
        n
        for n in functions
        if n.lstrip("_").startswith(("do_", "handle_", "process_"))
        and n != "process_bind_param"
        and n != "process_result_value"
    ]


def test_nothing_stands_in_two_places():
    assert not list(copies([ROOT / "campaigns", ROOT / "workers"]))
