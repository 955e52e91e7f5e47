"""Finds copies: runs of lines that stand in two places of the tree. `python copies.py FOLDER…`"""

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

SHORTEST = 8  # lines of code in a row


def _lines(path: Path) -> list[tuple[int, str]]:
    """Number and text of each line that does something: no imports, signatures, comments, lone brackets."""
    text = path.read_text()
    quiet: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            quiet.update(range(node.lineno, (node.end_lineno or 0) + 1))
        elif isinstance(node, ast.FunctionDef):
            quiet.update(range(node.lineno, node.body[0].lineno))
    numbered = enumerate((line.strip() for line in text.splitlines()), start=1)
    return [
        (at, line)
        for at, line in numbered
        if at not in quiet and line.strip("()[]{}\"',: ") and line[0] != "#"
    ]


def copies(folders: list[Path], shortest: int = SHORTEST) -> Iterator[str]:
    """One sentence for each pair of places that share `shortest` lines or more."""
    seen: dict[tuple[str, ...], tuple[Path, int]] = {}
    told: dict[tuple[Path, Path], int] = defaultdict(int)
    for path in sorted(file for folder in folders for file in folder.rglob("*.py")):
        lines = _lines(path)
        for at in range(len(lines) - shortest + 1):
            window = tuple(text for _number, text in lines[at : at + shortest])
            first, line = seen.setdefault(window, (path, lines[at][0]))
            if (first, line) == (path, lines[at][0]):
                continue
            if lines[at][0] > told[first, path]:
                yield f"{path}:{lines[at][0]} repeats {shortest} lines or more of {first}:{line}"
            told[first, path] = lines[at + shortest - 1][0]


if __name__ == "__main__":
    found = list(copies([Path(name) for name in sys.argv[1:]]))
    print("\n".join(found))
    sys.exit(bool(found))
