"""The commonest expressions of letters without the template engine: a field, and its fallback."""

from collections.abc import Callable
from typing import Any

from jinja2 import nodes

from campaigns.mail.spelling import one_break
from campaigns.mailings.language.filters import empty, text

Look = Callable[[dict[str, Any]], Any]

MOST_PARTS = 100  # of a list that is shown; a longer one is left to the plain road, which counts steps
_LONGEST_LIST = 10_000  # characters


class TooMuch(Exception):
    """More than may be filled in without counting steps."""


def look(node: nodes.Node) -> Look | None:
    """What finds the value of `field`, `field|default("…")` or `field or "…"`; None for all else.

    Missing and empty things are None here: neither a fallback nor a reader can tell them apart.
    """
    match node:
        case nodes.Const():
            return lambda _values: node.value
        case nodes.Name() | nodes.Getattr() | nodes.Getitem():
            return _field(node)
        case nodes.Or():
            return _either(look(node.left), look(node.right))
        case nodes.Filter(name="default" | "d") if len(node.args) == 1 and node.node is not None:
            return _with_fallback(look(node.node), look(node.args[0]))
    return None


def shown(value: Any) -> str:
    """What an output shows of the value; raises Refused for a dict, as the plain road does."""
    if type(value) is str:
        return one_break(value)
    if isinstance(value, list):
        if len(value) > MOST_PARTS:
            raise TooMuch
        value = ", ".join(map(text, value))
        if len(value) > _LONGEST_LIST:
            raise TooMuch
    return one_break(text(value))


def _field(node: Any) -> Look | None:
    keys: list[Any] = []
    while not isinstance(node, nodes.Name):
        keys.insert(0, node.attr if isinstance(node, nodes.Getattr) else node.arg.value)
        node = node.node
    name = node.name
    if name == "loop":
        return None
    if len(keys) == 1 and isinstance(keys[0], str):
        return _of_dict(name, keys[0])
    return lambda values: _walk(values.get(name), keys)


def _of_dict(name: str, key: str) -> Look:
    def find(values: dict[str, Any]) -> Any:
        whole = values.get(name)
        return whole.get(key) if type(whole) is dict else None

    return find


def _walk(at: Any, keys: list[Any]) -> Any:
    for key in keys:
        if isinstance(at, dict):
            at = at.get(key)
        elif isinstance(at, list) and isinstance(key, int) and -len(at) <= key < len(at):
            at = at[key]
        else:
            return None
    return at


def _either(left: Look | None, right: Look | None) -> Look | None:
    return (lambda values: left(values) or right(values)) if left and right else None


def _with_fallback(value: Look | None, fallback: Look | None) -> Look | None:
    if value is None or fallback is None:
        return None

    def find(values: dict[str, Any]) -> Any:
        found = value(values)
        return fallback(values) if empty(found) else found

    return find
