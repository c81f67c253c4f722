"""Apps by the name on the screen, with the package beside it."""

import re
from collections.abc import Iterable
from typing import Final

from phone_audit.model.base import Frozen
from phone_audit.model.results import Scan
from phone_audit.report.document_parts import DocumentPart
from phone_audit.report.safe import fitted

_LONGEST_LABEL: Final = 40
_LONGEST_PACKAGE: Final = 60
_PACKAGE: Final = re.compile(r"[A-Za-z]\w*(?:\.\w+)+")


class AppNames:
    """The names of the apps of one phone, as their makers chose them: they may imitate anything.

    Args:
        labels: package and name; of a package that comes twice the first name stands. One without a letter is none.
    """

    def __init__(self, labels: Iterable[tuple[str, str | None]]) -> None:
        self._labels: dict[str, str] = {}
        for package, label in labels:
            if label and label != package and any(map(str.isalnum, label)):
                self._labels.setdefault(package, fitted(label.replace('"', "'"), _LONGEST_LABEL))

    def of(self, package: str) -> str:
        """Return `"Name" (package)`, or the package alone.

        Example:
            >>> AppNames([("a.b", "Torch")]).of("a.b")
            '"Torch" (a.b)'
        """
        label = self._labels.get(package)
        shown = fitted(package, _LONGEST_PACKAGE)
        return f'"{label}" ({shown})' if label else shown

    def known(self, package: str) -> str:
        """Return the name alone; empty where none is known that differs from the package."""
        return self._labels.get(package, "")

    def put_into(self, text: str) -> str:
        """Name each app where its package first stands in a sentence of ours."""
        named: set[str] = set()

        def once(found: re.Match[str]) -> str:
            package = found[0]
            if package in named or package not in self._labels:
                return fitted(package, _LONGEST_PACKAGE)
            named.add(package)
            return self.of(package)

        return _PACKAGE.sub(once, text)


def names_on(scan: Scan) -> AppNames:
    """Return the names of the apps on a phone; results of earlier versions state them in the records of APKs only."""
    listed = [(app.package, app.label) for app in scan.apps]
    return AppNames(listed or [(apk.package or "", apk.app_name) for apk in scan.apks])


def names_of(document: Frozen, part: DocumentPart) -> AppNames:
    if isinstance(document, Scan):
        return names_on(document)
    return AppNames((apk.package or "", apk.app_name) for apk in part.apks or ())
