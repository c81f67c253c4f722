"""What the variables of a call in a script were last set to before it, in the same function."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from phone_audit.apk.assets.script_values import LONGEST, Tokens, expression_at, names_in

BEFORE: Final = 4_000
"""Characters before a call in which a variable may have been set."""
_A_LOOK: Final = LONGEST // 8
"""Characters that it costs to find where a variable was set."""
_MOST_LOOKS: Final = 24
"""Variables that are looked for, for one call."""
_MOST_TIMES: Final = 4
"""Times that one variable was set which are looked at: what it is set to may be put together from itself."""


class Budget:
    """Characters of expressions that may be read in one package; `is_cut` tells whether there was more to look at."""

    def __init__(self, characters: int) -> None:
        self._left = characters
        self.is_cut = False

    def takes(self, characters: int = LONGEST) -> bool:
        """Take away what one expression may have; false where none is left."""
        self.is_cut |= self._left <= 0
        self._left -= characters
        return self._left > -characters


class Variables:
    """Answers for one call: `before` is what stands in the script before it.

    `is_cut` tells whether a variable was not looked for, so that what is told of the call may be wrong.
    """

    def __init__(self, before: str, budget: Budget) -> None:
        self.is_cut = False
        self._before = before
        self._budget = budget
        self._known: dict[str, tuple[Tokens, ...]] = {}

    def set_to(self, name: str) -> Sequence[Tokens]:
        """Return what a variable was set to, the last first; nothing where that is not seen.

        More than the last where that is put together from what it was before.
        """
        if name not in self._known:
            may_look = len(self._known) < _MOST_LOOKS and self._budget.takes(_A_LOOK)
            self.is_cut |= not may_look
            self._known[name] = tuple(self._look(name)) if may_look else ()
        return self._known[name]

    def last_set(self, name: str) -> Tokens:
        """Return what a variable was last set to."""
        return next(iter(self.set_to(name)), ())

    def is_constant(self, name: str) -> bool:
        """Tell whether a variable was last set to a text that is not empty."""
        was_set = self.last_set(name)
        return len(was_set) == 1 and bool(was_set[0].said)

    def is_chosen(self, name: str) -> bool:
        """Tell whether a variable was set more than once before, in the same function, so that it may hold either."""
        places = re.finditer(rf"{_alone(name)}\s*=(?![=>])", self._before)
        return sum(not _is_elsewhere(self._before[place.end() :], name) for place in islice(places, _MOST_TIMES)) > 1

    def is_handed(self, name: str) -> bool:
        """Tell whether a function before the call is handed a variable of this name."""
        return _is_handed(self._before, name)

    def put_into(self, name: str) -> list[str]:
        """Return the names under which something was put into a form or an object."""
        if not self.set_to(name):
            return []
        constant = r"(?![\"'\d]|null\b|true\b|false\b)"
        form = rf"{_alone(name)}\.(?:append|set)\(\s*[\"']([\w.\[\]-]+)[\"']\s*,\s*{constant}"
        member = rf"{_alone(name)}(?:\.([\w$]+)|\[[\"']([^\"'\n]{{1,60}})[\"']\])\s*=(?!=)\s*{constant}"
        members = [one or other for one, other in re.findall(member, self._before)]
        return [*re.findall(form, self._before), *members]

    def _look(self, name: str) -> Iterator[Tokens]:
        before = self._before
        places = list(re.finditer(rf"{_alone(name)}\s*(\+?)=(?![=>])\s*", before))
        for place in places[-1 : -_MOST_TIMES - 1 : -1]:
            if not self._budget.takes():
                self.is_cut = True
                return
            behind = before[place.end() :]
            is_parameter = before[: place.start()].rstrip().endswith("(")
            if is_parameter or _is_elsewhere(behind, name):
                return
            expression = expression_at(before, place.end())
            yield expression
            if not place[1] and name not in names_in(expression):
                return


def _alone(name: str) -> str:
    return rf"(?<![\w$.]){re.escape(name)}(?![\w$])"


def _is_elsewhere(text: str, name: str) -> bool:
    """Tell whether a variable of this name is another one behind some text."""
    return _leaves_function(text) or _is_handed(text, name)


def _leaves_function(text: str) -> bool:
    """Tell whether more brackets are closed than opened."""
    depth = 0
    for found in re.finditer(r"[{}]", text):
        depth += 1 if found[0] == "{" else -1
        if depth < 0:
            return True
    return False


def _is_handed(text: str, name: str) -> bool:
    """Tell whether a function, or what stands for one, begins that is handed a variable of this name."""
    alone = _alone(name)
    handed = rf"\([^()]{{0,200}}{alone}[^()]{{0,200}}\)\s*"
    method = rf"(?<![\w$])(?!(?:if|for|while|switch|with)\b)[\w$]{{1,40}}\s*{handed}\{{"
    loop = rf"\bfor\s*\(\s*(?:const|let|var)\s+{alone}\s+(?:of|in)\b"
    return re.search(rf"function\b[^()]{{0,60}}{handed}|{alone}\s*=>|{handed}=>|{method}|{loop}", text) is not None
