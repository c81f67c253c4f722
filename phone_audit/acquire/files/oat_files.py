"""Finds the code that Android took out of packages when it compiled them, and brings it with them.

On Android 8 to 10 the firmware's packages are often stripped: their code is in `oat/ARCH/NAME.vdex` beside the APK
(AOSP `art/runtime/oat_file_assistant.cc`, `DexLocationToOdexNames`), that of the framework in
`/system/framework/boot*.vdex` and `/system/framework/oat/ARCH/*.vdex`. What has its code inside needs none of that, so
such a file is only asked for once the directory of its APK was seen.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from phone_audit.acquire.asking import Reader
from phone_audit.acquire.commands import batches, quoted
from phone_audit.acquire.questions.file_facts import LOOK_PREFIX, PathStatus, look_command, parse_look
from phone_audit.acquire.text import decode, shown
from phone_audit.acquire.transport import FileOnPhone, PulledApk
from phone_audit.model.command_list import is_path
from phone_audit.model.device import ARCHITECTURES, CompiledFile, CompiledRole
from phone_audit.model.parts import Parts

FRAMEWORK = "/system/framework"
FRAMEWORK_APK = f"{FRAMEWORK}/framework-res.apk"
"""The package that the framework's code belongs to: `android`."""

STRIPPED_UP_TO = 30
"""The last API level (Android 11) at which the code of packages is looked for outside their APKs."""

LARGEST = 512 * 2**20
"""Bytes that one such file may have."""

_NOT_LISTED = ("/data/", "/apex/", "/mnt/")
"""What users install keeps its code, and the shell may not look there."""
_APK, _VDEX, _ODEX = ".apk", ".vdex", ".odex"

LacksCode = Callable[[Path, Parts | None], bool]
"""Gets an APK as far as it is here, and which parts those are; tells whether its code lies elsewhere."""


def may_be_stripped(sdk: int | None) -> bool:
    """Tell whether firmware of this API level may keep code outside its APKs.

    AOSP's build stripped it up to Android 9; Android 10's no longer does (build/make, dex_preopt), makers' may, and a
    phone keeps what an upgrade left.
    """
    return sdk is None or sdk <= STRIPPED_UP_TO


def find_oat_files(reader: Reader, apks: Iterable[str]) -> dict[str, tuple[FileOnPhone, ...]]:
    """Look for the code of these APKs in a few commands; a saved acquisition answers with what was seen then.

    Returns:
        APK → the files that hold its code if it does not, in the order in which they count. Nothing is opened.
    """
    firmware = sorted(path for path in apks if path.endswith(_APK) and not path.startswith(_NOT_LISTED))
    found = _look(reader, firmware)
    files = {path: there for path, there in found.items() if there.kind == "file" and 0 < (there.size or 0) <= LARGEST}
    by_folder: dict[str, list[str]] = {}
    for path in sorted(files):
        by_folder.setdefault(path.rpartition("/")[0], []).append(path)
    architectures = _architectures(by_folder)
    compiled = {path: _of_package(path, files, architectures) for path in firmware}
    if FRAMEWORK_APK in compiled:
        compiled[FRAMEWORK_APK] = _of_framework(by_folder, architectures)
    on_phone = {path: FileOnPhone(path, there.size or 0) for path, there in files.items()}
    return {apk: tuple(map(on_phone.__getitem__, paths)) for apk, paths in compiled.items() if paths}


def _look(reader: Reader, apks: Sequence[str]) -> Mapping[str, PathStatus]:
    if reader.transport.recorded(LOOK_PREFIX) is not None:
        return reader.looked or {}
    folders = sorted({path.rpartition("/")[0] for path in apks if is_path(path)})
    words = [f"{quoted(folder)}/oat/*/*.[ov]dex" for folder in folders]
    if FRAMEWORK in folders:
        words += [f"{quoted(FRAMEWORK)}{place}/boot*{_VDEX}" for place in ("", "/*")]
    found: dict[str, PathStatus] = {}
    for batch in batches(words):
        answer = reader.try_ask(look_command(batch), subject="code that lies beside APKs")
        found.update(parse_look(decode(answer.output)) if answer else {})
    return {path: there for path, there in found.items() if is_path(path)}


def _of_package(apk: str, files: Mapping[str, PathStatus], architectures: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the one file that counts: of the first architecture that has any, the VDEX file if there is one."""
    folder, _, name = apk.rpartition("/")
    stem = name.removesuffix(_APK)
    for kind in (_VDEX, _ODEX):
        for architecture in (*ARCHITECTURES, *architectures.get(f"{folder}/oat", ())):
            path = f"{folder}/oat/{architecture}/{stem}{kind}"
            if path in files:
                return [path]
    return []


def _of_framework(by_folder: Mapping[str, Sequence[str]], architectures: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the VDEX files of the framework, each name once: the folders of architectures hold links to the same."""
    folders = [FRAMEWORK, *(f"{FRAMEWORK}/{name}" for name in ARCHITECTURES)]
    oat = [f"{FRAMEWORK}/oat/{name}" for name in (*ARCHITECTURES, *architectures.get(f"{FRAMEWORK}/oat", ()))]
    first: dict[str, str] = {}
    for folder in (*folders, *oat):
        for path in by_folder.get(folder, ()):
            if path.endswith(_VDEX):
                first.setdefault(path.rpartition("/")[2], path)
    return sorted(first.values())


def _architectures(folders: Iterable[str]) -> dict[str, list[str]]:
    """Return the folders of architectures that no phone known here has, by the folder that they lie in, sorted."""
    found: dict[str, list[str]] = {}
    for folder in sorted(folders):
        above, _, name = folder.rpartition("/")
        if name not in ARCHITECTURES:
            found.setdefault(above, []).append(name)
    return found


def role_of(path: str) -> CompiledRole:
    return "odex" if path.endswith(_ODEX) else "vdex"


class StrippedApks:
    """Holds an APK back until the code that it lacks has come; see `find_oat_files`. Not safe for threads."""

    def __init__(
        self, files: Mapping[str, Sequence[FileOnPhone]] | None = None, lacks_code: LacksCode = lambda *_: False
    ) -> None:
        self._files = files or {}
        self._lacks_code = lacks_code
        self._wanted: deque[FileOnPhone] = deque()
        self._waits_for: dict[str, tuple[str, set[str]]] = {}
        self._held_back: dict[str, PulledApk] = {}
        self._came: dict[str, dict[str, CompiledFile]] = {}

    def arrived(self, path: str, copy: PulledApk) -> list[tuple[str, PulledApk]]:
        """Take a file that has come; give the APKs that are complete by that, each with its path as decoded."""
        if path in self._waits_for:
            return self._settled(path, copy)
        files = self._files.get(path, ())
        if not files or copy.local is None or not self._lacks_code(copy.local, copy.parts):
            return [(path, copy)]
        left = {file.path for file in files}
        self._held_back[path] = copy
        self._waits_for.update({file.path: (path, left) for file in files})
        self._wanted.extend(files)
        return []

    def failed(self, path: str) -> list[tuple[str, PulledApk]]:
        """Take note that a file could not be had; as `arrived`."""
        return self._settled(path, None) if path in self._waits_for else []

    def is_code(self, path: str) -> bool:
        """Tell whether this file was asked for here, and is no APK."""
        return path in self._waits_for

    def candidates(self, path: str) -> Sequence[FileOnPhone]:
        """Return the files that hold the code of an APK if it does not."""
        return self._files.get(path, ())

    def next_wanted(self) -> FileOnPhone | None:
        return self._wanted.popleft() if self._wanted else None

    def left(self) -> list[tuple[str, PulledApk]]:
        """Return the APKs that still wait, with what has come; to be called at the end."""
        return [(apk, self._with_code(apk)) for apk in tuple(self._held_back)]

    def _settled(self, path: str, copy: PulledApk | None) -> list[tuple[str, PulledApk]]:
        apk, left = self._waits_for[path]
        left.discard(path)
        if apk not in self._held_back:
            return []
        if copy is not None and copy.local is not None:
            digest = copy.sha256 if copy.parts is None else None  # of parts it is a claim, and what follows trusts it
            file = CompiledFile(shown(path), copy.local, copy.size, digest, role_of(path))
            self._came.setdefault(apk, {})[path] = file
        return [] if left else [(apk, self._with_code(apk))]

    def _with_code(self, apk: str) -> PulledApk:
        """Take an APK that was held back, with what has come of its code, in the order in which that counts."""
        came = self._came.pop(apk, {})
        compiled = tuple(came[file.path] for file in self._files[apk] if file.path in came)
        return replace(self._held_back.pop(apk), compiled=compiled)
