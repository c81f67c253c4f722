"""Conditions of `test` and `[`.

Source: POSIX.1-2017, `test`.
"""

import operator
import stat
from collections.abc import Callable

from phone_audit.simulated.tree import Node, Tree, allowed

_FILE: dict[str, Callable[[Node], bool]] = {
    "-e": lambda _node: True,
    "-f": lambda node: stat.S_ISREG(node.mode),
    "-d": lambda node: node.is_folder,
    "-p": lambda node: stat.S_ISFIFO(node.mode),
    "-s": lambda node: node.size > 0,
    "-r": lambda node: allowed(node, 4),
    "-x": lambda node: allowed(node, 1),
    "-w": lambda _node: False,
    "-L": lambda node: node.is_link,
    "-h": lambda node: node.is_link,
}
_NUMBERS: dict[str, Callable[[int, int], bool]] = {
    "-eq": operator.eq,
    "-ne": operator.ne,
    "-lt": operator.lt,
    "-le": operator.le,
    "-gt": operator.gt,
    "-ge": operator.ge,
}
_MOST_WORDS = 64
_BINARY = ("=", "==", "!=", *_NUMBERS)


def condition(words: tuple[str, ...], tree: Tree, path: Callable[[str], str]) -> bool:
    """Decide a condition.

    Args:
        words: the condition, without the brackets.
        tree: the phone's files.
        path: makes a word an absolute path.

    Raises:
        ValueError: it is no condition; the message is what `test` says.
    """
    if len(words) > _MOST_WORDS:
        raise ValueError("too many arguments")
    for sign, join in (("-o", any), ("-a", all)):
        if sign in words[1:-1]:
            at = words.index(sign, 1)
            return join(condition(part, tree, path) for part in (words[:at], words[at + 1 :]))
    if len(words) == 3 and words[1] in _BINARY:
        return _binary(*words)
    if words[:1] == ("!",) and len(words) > 1:
        return not condition(words[1:], tree, path)
    if not words:
        return False
    if len(words) == 1:
        return words[0] != ""
    if len(words) == 2:
        return _unary(words[0], words[1], tree, path)
    raise ValueError(f"{words[-1]}: unexpected operator/operand")


def _unary(sign: str, word: str, tree: Tree, path: Callable[[str], str]) -> bool:
    if sign in ("-z", "-n"):
        return (word == "") == (sign == "-z")
    if sign not in _FILE:
        raise ValueError(f"{sign}: unexpected operator/operand")
    try:
        return _FILE[sign](tree.find(path(word), follow=sign not in ("-L", "-h")))
    except OSError:
        return False


def _binary(left: str, sign: str, right: str) -> bool:
    if sign in ("=", "==", "!="):
        return (left == right) == (sign != "!=")
    try:
        return _NUMBERS[sign](int(left), int(right))
    except ValueError as error:
        raise ValueError(f"{left if not left.lstrip('-').isdigit() else right}: bad number") from error
