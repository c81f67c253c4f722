"""Whether a package brings what makes components itself, as plug-in frameworks do that the manifest need not name.

Either it has an `Instrumentation` of its own, or it names `android.app.ActivityThread`, whose private fields lead to
what starts components. AndroidX names it too, to make a screen that is there again: where only classes name it whose
texts are those of that class of AndroidX and no others, nothing else is made.
Source: AndroidX, `androidx.core.app.ActivityRecreator`.
"""

from collections.abc import Collection
from typing import Final

import numpy as np

from phone_audit.apk.dex.class_hierarchy import ClassHierarchy
from phone_audit.apk.dex.encoded_values import holders_of
from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.dex.instructions import CONST_STRING, CONST_STRING_JUMBO, DexCodeError, walk
from phone_audit.apk.dex.xrefs import users_of

_INSTRUMENTATION: Final = b"Landroid/app/Instrumentation;"
_ACTIVITY_THREAD: Final = b"android.app.ActivityThread"
_MADE_AGAIN: Final = frozenset({_ACTIVITY_THREAD, b"performStopActivity", b"requestRelaunchActivity"})
_BESIDES: Final = frozenset({b"mMainThread", b"mToken", b"ActivityRecreator", b"Exception while fetching field values"})
"""What the class of AndroidX loads besides; optimisers take some of it away."""
_MOST_USES: Final = 50


def makes_components(tree: ClassHierarchy, defined: Collection[bytes]) -> bool:
    """Tell whether code may have any class started as a component; `defined` are the classes of the package."""
    if not all(map(_only_makes_again, tree.indexes)):
        return True
    is_named = any(_INSTRUMENTATION in index.type_ids for index in tree.indexes)
    return is_named and any(_INSTRUMENTATION in tree.above(name) for name in defined)


def _only_makes_again(index: DexIndex) -> bool:
    """Tell whether in one part nothing names the thread of activities but what makes the same screen again."""
    ids = list(index.strings_equal((_ACTIVITY_THREAD,)).values())
    uses = [use for found in users_of(index, "string", ids, _MOST_USES).values() for use in found]
    if len(uses) == _MOST_USES or any(holders_of(index, ids).values()):
        return False
    classes = {int(index.methods.class_def[use.row]) for use in uses}
    return all(_MADE_AGAIN <= texts <= _MADE_AGAIN | _BESIDES for texts in (_texts_of(index, one) for one in classes))


def _texts_of(index: DexIndex, class_def: int) -> frozenset[bytes]:
    """Return the texts that the methods of a class load; none where code of it cannot be read."""
    codes = [code for row in np.flatnonzero(index.methods.class_def == class_def).tolist() if (code := index.code(row))]
    loads = (CONST_STRING, CONST_STRING_JUMBO)
    try:
        loaded = [one.index or 0 for code in codes for one in walk(code.units) if one.opcode in loads]
    except DexCodeError:
        return frozenset()
    return frozenset(index.raw_string(number) for number in loaded)
