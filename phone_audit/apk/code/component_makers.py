"""Whether a package brings what makes components itself, as plug-in frameworks do that the manifest need not name.

Either it has an `Instrumentation` of its own, or it names `android.app.ActivityThread`, whose private fields lead to
what starts components. AndroidX names it too, to make a screen that is there again: where only a class that names both
methods which do that (`_MADE_AGAIN`) loads the name, and nothing what leads on, no other is made.
Source: AndroidX, `androidx.core.app.ActivityRecreator`.
"""

from collections.abc import Collection
from typing import Final

from phone_audit.apk.dex.class_hierarchy import ClassHierarchy
from phone_audit.apk.dex.encoded_values import holders_of
from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.dex.xrefs import users_of

_INSTRUMENTATION: Final = b"Landroid/app/Instrumentation;"
_ACTIVITY_THREAD: Final = b"android.app.ActivityThread"
_MADE_AGAIN: Final = (b"performStopActivity", b"requestRelaunchActivity")
_LEADING: Final = (b"mH", b"mInstrumentation", b"getHandler", b"getInstrumentation")
"""What leads from `ActivityThread` to what starts components."""
_MOST_USES: Final = 50


def makes_components(tree: ClassHierarchy, defined: Collection[bytes]) -> bool:
    """Tell whether code may have any class started as a component; `defined` are the classes of the package."""
    if any(map(_names_thread, tree.indexes)) and not all(map(_only_makes_again, tree.indexes)):
        return True
    is_named = any(_INSTRUMENTATION in index.type_ids for index in tree.indexes)
    return is_named and any(_INSTRUMENTATION in tree.above(name) for name in defined)


def _names_thread(index: DexIndex) -> bool:
    return bool(index.strings_equal((_ACTIVITY_THREAD,)))


def _only_makes_again(index: DexIndex) -> bool:
    """Tell whether in one part only what makes the same screen again loads the name of the thread of activities.

    No code of the package may load what leads on from there.
    """
    ids = index.strings_equal((_ACTIVITY_THREAD, *_MADE_AGAIN, *_LEADING))
    uses = users_of(index, "string", list(ids.values()), _MOST_USES)
    classes = {text: {index.row_class(use.row) for use in uses[number]} for text, number in ids.items()}
    naming = classes.get(_ACTIVITY_THREAD, set())
    again = set.intersection(*(classes.get(text, set()) for text in _MADE_AGAIN))
    is_whole = all(len(found) < _MOST_USES for found in uses.values())
    is_kept = any(holders_of(index, list(ids.values())).values())
    return is_whole and not is_kept and naming <= again and not any(classes.get(text) for text in _LEADING)
