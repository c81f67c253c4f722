"""Whether code of a package may read its own settings pages: then an address in them is more than a link."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from phone_audit.apk.code.libraries import OwnerOf
from phone_audit.apk.dex.class_hierarchy import ClassHierarchy
from phone_audit.apk.dex.descriptors import java_name
from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.dex.xrefs import MAX_USES, users_of

_READS: Final = (b"getXml", b"getIntent", b"openRawResource", b"openXmlResourceParser", b"openNonAsset")
_OF_ANY: Final = b"getIntent"
_PREFERENCES: Final = frozenset(
    {
        b"Landroid/preference/Preference;",
        b"Landroid/support/v7/preference/Preference;",
        b"Landroidx/preference/Preference;",
    }
)


def reads_settings(indexes: Sequence[DexIndex], owner_of: OwnerOf) -> bool:
    """Tell whether code that is no library's reads compiled XML, or asks a preference for its Intent."""
    tree = ClassHierarchy(indexes)
    for index in indexes:
        named = list(index.strings_equal(_READS).values())
        asked = index.strings_equal((_OF_ANY,)).get(_OF_ANY, -1)
        numbers = [
            number
            for number in np.flatnonzero(np.isin(index.method_ids["name"], named)).tolist()
            if int(index.method_ids["name"][number]) != asked or _is_preference(tree, index.class_descriptor(number))
        ]
        for uses in users_of(index, "method", numbers).values():
            own = (owner_of(java_name(index.row_class(use.row))).party != "library" for use in uses)
            if len(uses) == MAX_USES or any(own):
                return True
    return False


def _is_preference(tree: ClassHierarchy, name: bytes) -> bool:
    return not _PREFERENCES.isdisjoint((name, *tree.above(name)))
