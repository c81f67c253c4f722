"""What the variables of a call in a script were last set to before it, in the same function."""

import re
from typing import Final

from phone_audit.apk.assets.script_values import LONGEST, Tokens, expression_at

BEFORE: Final = 4_000
"""Characters before a call in which a variable may have been set."""
_A_LOOK: Final = LONGEST // 4
"""Characters that looking for one costs, about as many as an expression has that is read to its end."""


class Budget:
    """Characters of expressions that may be read in one package; `is_cut` tells whether there were more."""

    def __init__(self, characters: int) -> None:
        self.left = characters
        self.is_cut = False

    def takes(self, characters: int = _A_LOOK) -> bool:
        """Take some away; false where none is left."""
        self.is_cut |= self.left <= 0
        self.left -= characters
        return not self.is_cut


class Variables:
    """Answers for one call: `before` is what stands in the script before it."""

    def __init__(self, before: str, budget: Budget) -> None:
        self._before = before
        self._budget = budget

    def last_set(self, name: str) -> Tokens:
        """Return what a variable was last set to; nothing where that is not seen."""
        before = self._before
        places = [found.end() for found in re.finditer(rf"(?<![\w$.]){re.escape(name)}\s*=(?![=>])\s*", before)]
        if not places or not self._budget.takes():
            return ()
        at = places[-1]
        is_parameter = before[:at].rstrip().rpartition(name)[0].rstrip().endswith("(")
        if is_parameter or _leaves_function(before[at:]) or _is_handed(before[at:], name):
            return ()
        return expression_at(before, at)

    def is_constant(self, name: str) -> bool:
        """Tell whether a variable was last set to a text that is not empty."""
        was_set = self.last_set(name)
        return len(was_set) == 1 and bool(was_set[0].said)

    def put_into(self, name: str) -> list[str]:
        """Return the names under which something was put into a form."""
        put = rf"(?<![\w$.]){re.escape(name)}\.append\(\s*[\"']([\w.-]+)[\"']\s*,\s*(?![\"'\d])"
        return re.findall(put, self._before)


def _leaves_function(text: str) -> bool:
    """Tell whether more brackets are closed than opened."""
    depth = 0
    for found in re.finditer(r"[{}]", text):
        depth += 1 if found[0] == "{" else -1
        if depth < 0:
            return True
    return False


def _is_handed(text: str, name: str) -> bool:
    """Tell whether a function begins that is handed a variable of this name."""
    alone = rf"(?<![\w$.]){re.escape(name)}(?![\w$])"
    handed = rf"\([^()]{{0,200}}{alone}[^()]{{0,200}}\)\s*"
    return re.search(rf"function\b[^()]{{0,60}}{handed}|{alone}\s*=>|{handed}=>", text) is not None
