"""Whether code of a package may read its own settings pages: then an address in them is more than a link."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from phone_audit.apk.code.libraries import OwnerOf
from phone_audit.apk.dex.class_hierarchy import ClassHierarchy
from phone_audit.apk.dex.descriptors import java_name
from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.dex.xrefs import MAX_USES, users_of

_READS: Final = (
    b"getXml",
    b"getIntent",
    b"openRawResource",
    b"openXmlResourceParser",
    b"openNonAsset",
    b"openNonAssetFd",
    b"loadXmlMetaData",
    b"getResourceAsStream",
    b"getEntry",
    b"getNextEntry",
)
_OF_ANYBODY: Final = (b"loadXmlMetaData", b"getXml", b"openXmlResourceParser", b"openNonAsset", b"openNonAssetFd")
"""Those that count in code that is named like a library, too, other than Android's own and that of Cordova, which reads
its configuration."""
_SUPPORT: Final = (b"Landroidx/", b"Landroid/support/", b"Lorg/apache/cordova/")
_OF_ANY: Final = b"getIntent"
_PREFERENCES: Final = frozenset(
    {
        b"Landroid/preference/Preference;",
        b"Landroid/support/v7/preference/Preference;",
        b"Landroidx/preference/Preference;",
    }
)


def reads_settings(indexes: Sequence[DexIndex], owner_of: OwnerOf) -> bool:
    """Tell whether code reads compiled XML, by its name or by reflection, or asks a preference for its Intent.

    Of what is named like a library only the plain ways to compiled XML count, and of Android's support libraries and of
    Cordova none.
    """
    tree = ClassHierarchy(indexes)
    for index in indexes:
        named = list(index.strings_equal(_READS).values())
        asked = index.strings_equal((_OF_ANY,)).get(_OF_ANY, -1)
        numbers = [
            number
            for number in np.flatnonzero(np.isin(index.method_ids["name"], named)).tolist()
            if int(index.method_ids["name"][number]) != asked or _is_preference(tree, index.class_descriptor(number))
        ]
        texts = list(index.strings_equal(_OF_ANYBODY).values())
        if any(users_of(index, "string", texts).values()):
            return True
        for number, uses in users_of(index, "method", numbers).items():
            by_anybody = int(index.method_ids["name"][number]) in texts
            if len(uses) == MAX_USES or any(
                _counts(index.row_class(use.row), owner_of, by_anybody=by_anybody) for use in uses
            ):
                return True
    return False


def _counts(name: bytes, owner_of: OwnerOf, *, by_anybody: bool) -> bool:
    if owner_of(java_name(name)).party != "library":
        return True
    return by_anybody and not name.startswith(_SUPPORT)


def _is_preference(tree: ClassHierarchy, name: bytes) -> bool:
    return not _PREFERENCES.isdisjoint((name, *tree.above(name)))
