"""Whether an APK verifies: every scheme that some version of Android it is for would look at.

Order and rules follow AOSP apksig `ApkVerifier.java`, so the verdict is the one of `apksigner verify`: the newest
scheme that a version knows decides, and an older version falls back on an older scheme. The first scheme that fails
ends the check. As there, a package for Android 7 on needs no v2 where it has v3. Beyond it, an archive has to begin
with an entry (CVE-2017-13156: code in front of an archive that is signed with v1 alone).
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from phone_audit.apk.signature import signing_block
from phone_audit.apk.signature.algorithms import PLAIN_SHA256
from phone_audit.apk.signature.block_schemes import signed_digests, verify_v2, verify_v3
from phone_audit.apk.signature.content_digests import ContentDigests, Read
from phone_audit.apk.signature.faults import NEWEST_SDK, Fault, FaultError, SdkRange, fault
from phone_audit.apk.signature.jar_scheme import MANIFEST, hashes_announced, verify_jar
from phone_audit.apk.signature.optional_signatures import verify_stamp, verify_v4
from phone_audit.apk.xml.manifest import ManifestFacts
from phone_audit.apk.zip.archive import Archive
from phone_audit.apk.zip.directory import LOCAL, Buffer
from phone_audit.apk.zip.partial_archive import NOT_BROUGHT
from phone_audit.errors import ApkError

_V2_SINCE, _SANDBOX_SINCE, _V3_SINCE, _V31_SINCE = 24, 26, 28, 33
_V2_FROM_TARGET = 30
_UNRELEASED = 10_000
_REFUSED = ("trailing-bytes", "prefixed", "damaged-archive", "directory-size")
_STAMP_LIMIT = 4096
_TEXT_LIMIT = 64 * 2**20
_IDSIG_LIMIT = 64 * 2**20
_PARTS_ONLY = (
    "Not all of the file was read, so the digests over its content were not compared. The signatures were checked."
)


@dataclass(frozen=True, slots=True)
class TargetPlatform:
    """What the manifest says that bears on signatures. `target` and `sandbox` are None where it says nothing."""

    sdk: SdkRange
    target: int | None = None
    sandbox: int | None = None


@dataclass(frozen=True, slots=True)
class Verification:
    """The verdict. `certificates` are those of each scheme that verified, DER; `faults` has also what does not count.

    A fault of a source stamp or of a v4 signature does not count, since Android installs such an APK. `verified` is
    None where nothing is wrong as far as could be seen; `unchecked` then says what could not.
    """

    verified: bool | None
    faults: tuple[Fault, ...]
    certificates: dict[str, tuple[bytes, ...]]
    unchecked: str | None = None


def target_platform(manifest: ManifestFacts | None) -> TargetPlatform:
    """Tell which versions of Android a package is for.

    Where that is not known (no manifest, a codename, a split without a version of its own) the newest one counts.
    """
    if manifest is None:
        return TargetPlatform(SdkRange(NEWEST_SDK))
    unreleased = manifest.platform_target >= _UNRELEASED
    first = manifest.min_sdk
    if first is None:
        first = NEWEST_SDK if unreleased or manifest.role != "base" else 1
    target = manifest.target_sdk
    if target is None and unreleased:
        target = _UNRELEASED
    return TargetPlatform(SdkRange(min(first, NEWEST_SDK)), target, manifest.sandbox)


def hashes_to_take(archive: Archive, platform: TargetPlatform) -> tuple[str, ...]:
    """Tell which hashes of its entries the check will ask for; none where no version of Android looks at v1."""
    if (
        platform.sdk.first >= _V2_SINCE
        and signing_block.find_block(archive.partial.data, archive.index.directory_offset).values
    ):
        return ()
    return hashes_announced(archive, platform.sdk)


def verify(archive: Archive, path: Path | None, platform: TargetPlatform) -> Verification:
    """Check every signature of an APK for some versions of Android.

    `path` is where it lies; None inside a container, where there is no v4 signature. Raises an ApkError: `size-limit`
    where its entries are too large to be checked, `not-brought` where what has to be read for it is not here.
    """
    with _reading(archive, path) as read:
        return _Verifier(archive, read, platform).verdict(path)


@contextmanager
def _reading(archive: Archive, path: Path | None) -> Iterator[Read]:
    """Read a file rather than its map, whose pages would stay in memory."""
    data = archive.data
    if path is None:
        yield lambda at, size: data[at : at + size]
        return
    try:
        with path.open("rb") as file:

            def read(at: int, size: int) -> bytes:
                file.seek(at)
                return file.read(size)

            yield read
    except OSError as error:
        raise ApkError(f"The file cannot be read: {error.strerror}.") from error


class _Verifier:
    def __init__(self, archive: Archive, read: Read, platform: TargetPlatform) -> None:
        self._archive = archive
        self._read = read
        self._platform = platform
        self._faults: list[Fault] = []
        self._certificates: dict[str, tuple[bytes, ...]] = {}
        self._signers: dict[str, tuple[signing_block.BlockSigner, ...]] = {}
        self._lineage: tuple[signing_block.LineageNode, ...] = ()
        index = archive.index
        whole = index.directory_offset + index.directory_size == index.end_offset
        block = signing_block.find_block(archive.partial.data, index.directory_offset)
        self._values: dict[int, Buffer] = block.values if whole else {}
        self._entries_unchecked = False
        self._content = ContentDigests(
            read,
            len(archive.data),
            block=block.start,
            directory=index.directory_offset,
            end=index.end_offset,
            whole=archive.partial.whole,
        )

    def verdict(self, path: Path | None) -> Verification:
        verified = self._tried(self._check_all)
        if verified:
            self._tried(self._check_stamp)
            if path is not None and self._archive.partial.whole:
                self._tried(lambda: self._check_v4(path))
        unchecked = _PARTS_ONLY if verified and (self._content.unchecked or self._entries_unchecked) else None
        return Verification(None if unchecked else verified, tuple(self._faults), self._certificates, unchecked)

    def _tried(self, check: Callable[[], None]) -> bool:
        try:
            check()
        except FaultError as error:
            self._faults.extend(error.faults)
            return False
        return True

    def _check_all(self) -> None:
        refused = [note for note in self._archive.index.notes if note.code in _REFUSED]
        if refused:
            raise fault("archive-refused", refused[0].reason)
        if self._archive.partial.data[: len(LOCAL)] != LOCAL:
            text = "Bytes lie before the first entry, which v1 does not sign; Android refuses that since 2017."
            raise fault("archive-bytes-in-front", text)
        if self._platform.sdk.last >= _V2_SINCE:
            self._check_newer()
        if self._platform.sdk.last >= _SANDBOX_SINCE and (self._platform.sandbox or 1) > 1 and not self._signers:
            raise fault("v1-not-enough", "The version of the sandbox it asks for needs a signature of v2 or newer.")
        if self._platform.sdk.first < _V2_SINCE or not self._signers:
            self._check_jar()
        self._check_agreement()
        target = self._platform.target
        if target is not None and _V2_FROM_TARGET <= target <= self._platform.sdk.last and not self._signers:
            raise fault("v1-not-enough", f"Target version {target} needs a signature of v2 or newer.")

    def _from(self, version: int) -> SdkRange:
        first, last = self._platform.sdk
        return SdkRange(max(first, version), last)

    def _check_newer(self) -> None:
        first, last = self._platform.sdk
        rotation = None
        if last >= _V31_SINCE and signing_block.V31 in self._values:
            self._check_v3("v3.1", signing_block.V31, _V31_SINCE, None)
            rotation = min(signer.sdk[0] for signer in self._signers["v3.1"] if signer.sdk)
        if last >= _V3_SINCE and (first < max(_V31_SINCE, rotation or 0) or not self._signers):
            if signing_block.V3 in self._values:
                self._check_v3("v3", signing_block.V3, _V3_SINCE, rotation)
            elif rotation is not None:
                raise fault("v3.1-without-v3", "There is a signature of v3.1, but none of v3, which it needs.")
        if signing_block.V2 in self._values and (first < _V3_SINCE or not self._signers):
            schemes = frozenset({3} if "v3" in self._signers else ())
            signers = verify_v2(self._values[signing_block.V2], self._content, self._from(_V2_SINCE), schemes)
            self._note("v2", signers)

    def _check_v3(self, scheme: str, key: int, since: int, rotation: int | None) -> None:
        signers, lineage = verify_v3(scheme, self._values[key], self._content, self._from(since), rotation)
        self._note(scheme, signers)
        self._lineage = self._lineage or lineage

    def _note(self, scheme: str, signers: tuple[signing_block.BlockSigner, ...]) -> None:
        self._signers[scheme] = signers
        self._certificates[scheme] = tuple(signer.certificates[0] for signer in signers)

    def _check_jar(self) -> None:
        schemes = frozenset(int(scheme[1]) for scheme in self._signers if scheme != "v3.1")
        try:
            self._certificates["v1"] = verify_jar(self._archive, self._platform.sdk, schemes)
            self._entries_unchecked = not all(map(self._archive.partial.has, self._archive.entries))
        except ApkError as error:
            if error.code in ("size-limit", NOT_BROUGHT):
                raise
            raise fault("v1-damaged-entry", error.message) from error

    def _check_agreement(self) -> None:
        """Older schemes have to name the same signers, or where the key was changed the oldest one."""
        older = [self._certificates[scheme] for scheme in ("v1", "v2") if scheme in self._certificates]
        if len(older) == 2 and set(older[0]) != set(older[1]):
            raise fault("signers-differ", "The signatures of v1 and v2 are by different signers.")
        if not older or "v3" not in self._certificates:
            return
        if len(older[0]) != 1:
            raise fault("signers-differ", "There are several signers, but v3 has room for one only.")
        newer = self._certificates["v3"]
        expected = self._lineage[0].certificate if self._lineage else newer[0]
        if older[0][0] != expected or (not self._lineage and len(newer) != 1):
            raise fault("signers-differ", "The signature of v3 is by another signer than the older one.")

    def _check_stamp(self) -> None:
        entry = self._archive.find(signing_block.STAMP_ENTRY)
        newer = signing_block.STAMP_V2 in self._values
        value = self._values.get(signing_block.STAMP_V2, self._values.get(signing_block.STAMP_V1))
        if entry is None:
            if value is not None:
                raise fault("stamp-not-announced", "The archive does not announce its certificate.")
            return
        if value is None:
            raise fault("stamp-missing", "Its certificate is announced, but it is not there.")
        try:
            announced = bytes(self._archive.read(entry, _STAMP_LIMIT))
        except ApkError as error:
            raise fault("stamp-damaged", error.message) from error
        verify_stamp(value, announced, self._stamped(), self._platform.sdk, newer=newer)

    def _stamped(self) -> dict[int, dict[int, bytes]]:
        old = [scheme for scheme in self._signers if scheme != "v3.1"]
        digests = {int(scheme[1]): signed_digests(self._signers[scheme]) for scheme in old}
        manifest = self._archive.find(MANIFEST)
        if "v1" in self._certificates and manifest is not None:
            text = bytes(self._archive.read(manifest, _TEXT_LIMIT))
            digests[1] = {PLAIN_SHA256: hashlib.sha256(text).digest()}
        return digests

    def _check_v4(self, path: Path) -> None:
        idsig = path.with_name(path.name + ".idsig")
        try:
            with idsig.open("rb") as file:
                signature = file.read(_IDSIG_LIMIT)
        except (OSError, ValueError):
            return
        newer = [self._signers[scheme][0] for scheme in ("v3", "v3.1") if scheme in self._signers]
        goes_with = newer or self._signers.get("v2", ())
        self._certificates["v4"] = verify_v4(signature, self._read, len(self._archive.data), goes_with)
