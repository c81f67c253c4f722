"""Who signed an APK: the schemes that are present, and the certificate of each signer.

The signers reported are those of the newest scheme, as AOSP `apksig/ApkVerifier.java` reports them: the last one of
v3.1 or v3, all of v2, or all of v1. Whether they are right is checked in `verify.py`; this file reads what is there,
also from a signature that is wrong.
"""

from collections.abc import Callable
from pathlib import Path, PurePosixPath

from phone_audit.apk.signature.block_schemes import parse_signers
from phone_audit.apk.signature.certificates import jar_signers, read_certificate
from phone_audit.apk.signature.faults import Fault, FaultError
from phone_audit.apk.signature.jar_scheme import BLOCK_SUFFIXES
from phone_audit.apk.signature.signing_block import STAMP_ENTRY, STAMP_V1, STAMP_V2, V2, V3, V31, find_block, read_stamp
from phone_audit.apk.signature.verify import Verification
from phone_audit.apk.zip.archive import Archive
from phone_audit.apk.zip.directory import Buffer
from phone_audit.errors import ApkError
from phone_audit.knowledge.schema.facts import KeyFact
from phone_audit.model.apk import Signature, Signer

SCHEMES = ("v1", "v2", "v3", "v3.1", "v4")
_BLOCK_SCHEMES = {"v2": V2, "v3": V3, "v3.1": V31}
_JAR_LIMIT = 2**20
_MAX_JAR_SIGNERS = 32
_IDSIG_VERSION = (2).to_bytes(4, "little")
_SHA256_LENGTH = 32


def read_signing(
    archive: Archive, path: Path | None, known_key: Callable[[str], KeyFact | None], checked: Verification | None = None
) -> tuple[Signature, tuple[Signer, ...]]:
    """Return the schemes and the signers of an APK; damage is listed under `errors` and hides nothing else.

    `path` is where it lies, None inside a container; `known_key` gives the fact about a certificate that is public or
    leaked; `checked` is the verdict, None where the signatures were not checked.
    """
    return _SigningReader(archive, known_key, checked).result(path)


class _SigningReader:
    def __init__(
        self, archive: Archive, known_key: Callable[[str], KeyFact | None], checked: Verification | None
    ) -> None:
        self._archive = archive
        self._known_key = known_key
        self._checked = checked
        self._faults: list[Fault] = list(checked.faults) if checked else []
        self._schemes: list[str] = []
        self._certificates: dict[str, tuple[bytes, ...]] = {}
        self._lineage: tuple[bytes, ...] = ()

    def result(self, path: Path | None) -> tuple[Signature, tuple[Signer, ...]]:
        self._read_jar()
        block = self._find_block()
        for scheme, key in _BLOCK_SCHEMES.items():
            if key in block:
                self._read_scheme(scheme, block[key])
        stamp = self._stamp(block)
        if path is not None and _has_v4(path):
            self._schemes.append("v4")
        signers = self._signers()
        signature = Signature(
            verified=self._checked.verified if self._checked else None,
            schemes=tuple(self._schemes),
            errors=tuple(sorted({str(fault) for fault in self._faults})),
            lineage=tuple(read_certificate(certificate).sha256 for certificate in self._lineage),
            source_stamp=stamp,
            unchecked=self._checked.unchecked if self._checked else None,
        )
        return signature, signers

    def _find_block(self) -> dict[int, Buffer]:
        index = self._archive.index
        found = find_block(self._archive.partial.data, index.directory_offset)
        if found.damage is not None:
            self._faults.append(Fault("block-damaged", found.damage))
        if found.values and index.directory_offset + index.directory_size != index.end_offset:
            text = "Bytes lie between the central directory and the end record; Android ignores the block."
            self._faults.append(Fault("block-ignored", text))
            return {}
        return found.values

    def _read_scheme(self, scheme: str, value: Buffer) -> None:
        self._schemes.append(scheme)
        try:
            signers = parse_signers(scheme, value)
        except FaultError as error:
            self._faults.extend(error.faults)
            return
        counted = signers if scheme == "v2" else signers[-1:]
        if not all(signer.certificates for signer in counted):
            self._faults.append(Fault(f"{scheme}-no-certificate", "A signer has no certificate."))
            return
        self._certificates[scheme] = tuple(signer.certificates[0] for signer in counted)
        self._lineage = tuple(node.certificate for node in counted[-1].lineage or ()) or self._lineage

    def _read_jar(self) -> None:
        names = {entry.name.upper(): entry for entry in reversed(self._archive.entries)}
        blocks = [
            name
            for name in sorted(names)
            if name.startswith("META-INF/")
            and name.endswith(BLOCK_SUFFIXES)
            and str(PurePosixPath(name).with_suffix(".SF")) in names
        ]
        if not blocks:
            return
        self._schemes.append("v1")
        proven = self._checked.certificates.get("v1") if self._checked else None
        if proven:
            self._certificates["v1"] = proven
            return
        found: list[bytes] = []
        for name in blocks[:_MAX_JAR_SIGNERS]:
            try:
                found.extend(jar_signers(bytes(self._archive.read(names[name], _JAR_LIMIT)))[:1])
            except ApkError as error:
                self._faults.append(Fault("v1-damaged-block", f"{names[name].name}: {error.message}"))
        if len(blocks) > _MAX_JAR_SIGNERS:
            text = f"{len(blocks)} signature blocks; {_MAX_JAR_SIGNERS} were read."
            self._faults.append(Fault("v1-too-many-signers", text))
        if found:
            self._certificates["v1"] = tuple(dict.fromkeys(found))

    def _stamp(self, block: dict[int, Buffer]) -> str | None:
        """Return the hash of the source stamp's certificate: from the block, or else as the archive announces it."""
        for key in (STAMP_V2, STAMP_V1):
            if key in block:
                try:
                    return read_certificate(read_stamp(block[key])).sha256
                except ApkError as error:
                    self._faults.append(Fault("stamp-damaged", error.message))
        entry = self._archive.find(STAMP_ENTRY)
        if entry is None:
            return None
        if STAMP_V2 not in block and STAMP_V1 not in block:
            self._faults.append(Fault("stamp-missing", "Its certificate is announced, but it is not there."))
        try:
            announced = bytes(self._archive.read(entry, _JAR_LIMIT))
        except ApkError as error:
            self._faults.append(Fault("stamp-damaged", error.message))
            return None
        return announced.hex() if len(announced) == _SHA256_LENGTH else None

    def _signers(self) -> tuple[Signer, ...]:
        newest = next((scheme for scheme in reversed(SCHEMES) if scheme in self._certificates), None)
        if newest is None:
            return ()
        certificates = self._certificates[newest]
        trusted = {*certificates, *self._lineage}
        for scheme in SCHEMES[: SCHEMES.index(newest)]:
            strangers = [c for c in self._certificates.get(scheme, ()) if c not in trusted]
            for stranger in strangers:
                name = read_certificate(stranger).sha256
                self._faults.append(Fault("signers-differ", f"{scheme} names another signer than {newest}: {name}."))
        return tuple(sorted((self._signer(c) for c in dict.fromkeys(certificates)), key=lambda s: s.sha256))

    def _signer(self, encoded: bytes) -> Signer:
        certificate = read_certificate(encoded)
        fact = self._known_key(certificate.sha256)
        return Signer(
            sha256=certificate.sha256,
            sha1=certificate.sha1,
            subject=certificate.subject,
            schemes=tuple(scheme for scheme in SCHEMES if encoded in self._certificates.get(scheme, ())),
            not_before=certificate.not_before,
            not_after=certificate.not_after,
            known_key=fact.id if fact else None,
        )


def _has_v4(path: Path) -> bool:
    """A v4 signature is a file of its own, which begins with its version."""
    idsig = path.with_name(path.name + ".idsig")
    try:
        with idsig.open("rb") as file:
            return file.read(4) == _IDSIG_VERSION
    except (OSError, ValueError):
        return False
