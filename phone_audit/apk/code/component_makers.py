"""Whether a package brings what makes components itself, as plug-in frameworks do that the manifest need not name.

Either it has an `Instrumentation` of its own, or it names `android.app.ActivityThread`, whose private fields lead to
what starts components. AndroidX names it too, to make a screen that is there again: a class that names both methods
which do that (`_MADE_AGAIN`) makes no other. Source: AndroidX, `androidx.core.app.ActivityRecreator`.
"""

from collections.abc import Collection
from typing import Final

from phone_audit.apk.dex.class_hierarchy import ClassHierarchy
from phone_audit.apk.dex.encoded_values import count_values
from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.dex.xrefs import users_of

_INSTRUMENTATION: Final = b"Landroid/app/Instrumentation;"
_ACTIVITY_THREAD: Final = b"android.app.ActivityThread"
_MADE_AGAIN: Final = (b"performStopActivity", b"requestRelaunchActivity")
_HANDLER: Final = (b"mH", b"mInstrumentation")
"""The fields of `ActivityThread` through which other components are put in place."""
_MOST_USES: Final = 50


def makes_components(tree: ClassHierarchy, defined: Collection[bytes]) -> bool:
    """Tell whether code may have any class started as a component; `defined` are the classes of the package."""
    if any(map(_turns_to_others, tree.indexes)):
        return True
    is_named = any(_INSTRUMENTATION in index.type_ids for index in tree.indexes)
    return is_named and any(_INSTRUMENTATION in tree.above(name) for name in defined)


def _turns_to_others(index: DexIndex) -> bool:
    """Tell whether anything but what makes the same screen again names the thread of activities."""
    ids = index.strings_equal((_ACTIVITY_THREAD, *_MADE_AGAIN, *_HANDLER))
    thread = ids.get(_ACTIVITY_THREAD)
    if thread is None:
        return False
    classes = _classes_naming(index, ids)
    again = set.intersection(*(classes.get(text, set()) for text in _MADE_AGAIN))
    others = set.union(*(classes.get(text, set()) for text in _HANDLER))
    naming = classes[_ACTIVITY_THREAD]
    return not naming or not naming <= again - others or count_values(index, thread) > 0


def _classes_naming(index: DexIndex, ids: dict[bytes, int]) -> dict[bytes, set[bytes]]:
    uses = users_of(index, "string", list(ids.values()), _MOST_USES)
    return {text: {index.row_class(use.row) for use in uses[number]} for text, number in ids.items()}
