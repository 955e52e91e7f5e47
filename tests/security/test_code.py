"""What no line of the product may do, read from the lines themselves."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted(path for folder in ("campaigns", "workers") for path in (ROOT / folder).rglob("*.py"))
TREES = {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text()) for path in MODULES}

# Turn data into code or objects, or reach out to addresses that somebody wrote (there is no such fetch yet).
_NEVER = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "jsonpickle", "yaml", "telnetlib", "ftplib"}
_FETCHING = {"requests", "httpx", "aiohttp", "urllib3", "pycurl"}
_BECOMING = {"campaigns/cli/worker.py", "campaigns/embedded.py"}  # a process that turns into its program
_SECRET = re.compile(r"(^|_)(mac|secret|signature|digest|password|proof|token|api_key)$")


def _calls() -> Iterator[tuple[str, ast.Call, str]]:
    """Every call, with its file and the called name as written."""
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield name, node, ast.unparse(node.func)


def _made_of_data(node: ast.expr) -> bool:
    return not isinstance(node, ast.Constant) and not ast.unparse(node).startswith("str(int(")


@pytest.mark.parametrize("name", TREES)
def test_nothing_is_unpacked_into_objects_and_nothing_fetched(name):
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Import):
            imported = {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported = {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
        else:
            continue
        assert "urllib.request" not in imported or name == "campaigns/cli/run.py"  # asks its own /health
        assert not {each.partition(".")[0] for each in imported} & (_NEVER | _FETCHING)


def test_no_text_is_run_as_code_or_by_a_shell():
    found = [
        f"{name}:{call.lineno} {called}"
        for name, call, called in _calls()
        if called in ("eval", "exec", "compile", "__import__", "os.system", "os.popen")
        or (called.startswith(("os.exec", "os.spawn")) and name not in _BECOMING)
        or any(key.arg == "shell" for key in call.keywords)
    ]

    assert not found


def test_processes_are_started_in_few_places():
    assert {name for name, _call, called in _calls() if called.startswith("subprocess.")} <= {
        "campaigns/cli/serving.py",
        "campaigns/embedded.py",
        "campaigns/imports/beside.py",
    }


def test_no_sql_is_made_of_data():
    """Text of SQL stands in the code; here the moments' names, pragmas, and tables that migrations rebuild
    stand there too.
    """
    allowed = {"campaigns/delivery/models.py", "campaigns/database.py", "campaigns/schema.py"}
    found = [
        f"{name}:{call.lineno} {called}"
        for name, call, called in _calls()
        if called.endswith((".exec_driver_sql", "sa.text", ".literal_column", "cursor.execute"))
        or called == "literal_column"
        if call.args and _made_of_data(call.args[0]) and name not in allowed
    ]

    assert not found


def test_secrets_are_compared_in_constant_time():
    found = []
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Compare) or not isinstance(node.ops[0], ast.Eq | ast.NotEq):
                continue
            sides = [node.left, node.comparators[0]]
            if any(isinstance(side, ast.Constant) for side in sides):
                continue
            named = [side for side in sides if isinstance(side, ast.Name | ast.Attribute)]
            if any(_SECRET.search(side.id if isinstance(side, ast.Name) else side.attr) for side in named):
                found.append(f"{name}:{node.lineno} {ast.unparse(node)}")

    assert not found


def test_random_numbers_that_matter_come_from_the_system():
    chance = {name for name, _call, called in _calls() if called.startswith("random.")}

    assert not {
        name
        for name in chance
        if not name.startswith(("campaigns/demo/", "campaigns/delivery/", "campaigns/mail/"))
    }


def test_weak_hashes_are_not_used():
    assert not [
        f"{name}:{call.lineno}"
        for name, call, called in _calls()
        if called in ("hashlib.md5", "hashlib.sha1")
    ]


def test_markup_is_declared_safe_in_few_places():
    """Our own words in a page, a view's own page in another, and templates of letters as worked out."""
    marked = {name for name, _call, called in _calls() if called in ("Markup", "markupsafe.Markup")}

    assert marked <= {
        "campaigns/web/language.py", "campaigns/web/panels.py", "campaigns/mailings/language/operations.py",
    }  # fmt: skip


def test_pages_escape_everything_and_run_nothing_inline():
    for path in sorted((ROOT / "templates").rglob("*.html")):
        text, name = path.read_text(), path.relative_to(ROOT).as_posix()
        assert not re.search(r"\|\s*safe\b|autoescape\s+false|\|\s*tojson\s*\|\s*safe", text), name
        if not name.startswith("templates/emails/"):
            assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>\s*\S", text), name
            assert not re.search(r"\s(on[a-z]+|hx-on[:\w-]*)\s*=\s*[\"']", text), name
            assert not re.search(r"\sx-(?:on|init|text|html|effect)[:\w.-]*=\"[^\"]*\{\{", text), name
