"""Signature scheme v1: the signed archive of Java, as Android checks it.

A block file (`.RSA`, `.DSA`, `.EC`) signs a `.SF` file, which holds digests of MANIFEST.MF, which holds digests of all
entries outside META-INF. Rules follow AOSP apksig `V1SchemeVerifier.java`.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from phone_audit.apk.signature import jar_digests
from phone_audit.apk.signature.algorithms import DIGEST_OIDS, Outcome, check_signature, jar_method
from phone_audit.apk.signature.certificates import SignerRecord, may_sign, public_key_of, read_signed_block
from phone_audit.apk.signature.faults import MAX_SIGNERS, Fault, SdkRange, fault, refuse
from phone_audit.apk.zip.archive import TOTAL_LIMIT, Archive
from phone_audit.apk.zip.directory import Entry
from phone_audit.errors import ApkError

MANIFEST = "META-INF/MANIFEST.MF"
_FOLDER = "META-INF/"
BLOCK_SUFFIXES = (".RSA", ".DSA", ".EC")
_TEXT_LIMIT = 16 * 2**20
"""Bytes of MANIFEST.MF and all `.SF` files together; 30,000 entries and one signer need about 8 MB."""
_MAX_FAULTS = 1000
_MAX_STRANGERS = 10_000
_NO_SECTION = jar_digests.Section(0, 0, None, {})
_BLOCK_LIMIT = 2**20
_STRIPPING = "x-android-apk-signed"
_SCHEMES_SINCE = {2: 24, 3: 28}
_ALL_RECORDS_SINCE = 24
_ATTRIBUTES_SINCE = 19


@dataclass(frozen=True, slots=True)
class _Manifest:
    data: bytes
    main: jar_digests.Section
    entries: dict[str, jar_digests.Section]


@dataclass(frozen=True, slots=True)
class _Signer:
    block: str
    file: str
    text: bytes
    certificate: bytes


def verify_jar(archive: Archive, sdk: SdkRange, schemes: frozenset[int]) -> tuple[bytes, ...]:
    """Check a v1 signature, and return the certificates of its signers, DER, in the order of the archive.

    Of entries that stayed on the phone the digests are not compared. `sdk` are the versions of Android on which it is
    to verify, `schemes` the newer ones (2, 3) that were found and verified.

    Raises:
        FaultError: it does not verify; words begin with `v1-`.
        ApkError: an entry is damaged, or the entries are too large to be read.
    """
    return _Verifier(archive, sdk, schemes).signers()


def hashes_announced(archive: Archive, sdk: SdkRange) -> tuple[str, ...]:
    """Tell which hashes of all entries the check will ask for, as hashlib calls them; none where nobody signed."""
    if not any(entry.name.startswith(_FOLDER) and entry.name.endswith(BLOCK_SUFFIXES) for entry in archive.entries):
        return ()
    entry = archive.find(MANIFEST)
    try:
        text = bytes(archive.read(entry, _TEXT_LIMIT)) if entry else b""
    except ApkError:
        return ()
    return jar_digests.hashes_named(text, sdk)


class _Verifier:
    def __init__(self, archive: Archive, sdk: SdkRange, schemes: frozenset[int]) -> None:
        self._archive = archive
        self._sdk = sdk
        self._schemes = schemes
        self._entries = [entry for entry in archive.entries if not entry.name.endswith("/")]
        self._by_name = {entry.name: entry for entry in self._entries}
        self._text_left = _TEXT_LIMIT

    def signers(self) -> tuple[bytes, ...]:
        if len(self._by_name) < len(self._entries):
            raise fault("v1-duplicate-entry", "An entry stands in the archive more than once.")
        manifest = self._manifest()
        signers = [self._signer(block, file) for block, file in self._pairs()]
        covered = {signer.block: self._covered(signer, manifest) for signer in signers}
        used = self._check_entries(manifest, covered)
        return tuple(dict.fromkeys(signer.certificate for signer in signers if signer.block in used))

    def _text(self, name: str) -> bytes:
        text = self._content(name, self._text_left)
        self._text_left -= len(text)
        return text

    def _content(self, name: str, limit: int) -> bytes:
        return b"".join(_limited(jar_digests.signed_pieces(self._archive, self._by_name[name]), name, limit))

    def _manifest(self) -> _Manifest:
        if MANIFEST not in self._by_name:
            raise fault("v1-no-manifest", f"{MANIFEST} is missing, so there is no signature of scheme v1.")
        data = self._text(MANIFEST)
        found = jar_digests.sections(data)
        first = next(found, _NO_SECTION)
        faults: list[Fault] = []
        entries: dict[str, jar_digests.Section] = {}
        for number, section in enumerate(found, 1):
            if len(faults) > _MAX_FAULTS:
                break
            if section.name is None:
                faults.append(Fault("v1-unnamed-section", f"Section {number} of {MANIFEST} names no entry."))
            elif section.name in entries:
                faults.append(Fault("v1-duplicate-section", f"{MANIFEST} names {section.name} more than once."))
            elif section.name not in self._by_name:
                text = f"{MANIFEST} names {section.name}, which is not in the archive."
                faults.append(Fault("v1-missing-entry", text))
            else:
                entries[section.name] = section
        refuse(faults)
        return _Manifest(data, first, entries)

    def _pairs(self) -> list[tuple[str, str]]:
        """The block files, each with the file that it signs; one without is no signature."""
        blocks = [e.name for e in self._entries if e.name.startswith(_FOLDER)]
        pairs = [(name, name.rpartition(".")[0] + ".SF") for name in blocks if name.endswith(BLOCK_SUFFIXES)]
        pairs = [pair for pair in pairs if pair[1] in self._by_name]
        if not pairs:
            raise fault("v1-no-signatures", "META-INF holds no signature.")
        if len(pairs) > MAX_SIGNERS:
            raise fault("v1-too-many-signers", f"{len(pairs)} signers; Android takes at most {MAX_SIGNERS}.")
        return pairs

    def _signer(self, block: str, file: str) -> _Signer:
        text = self._text(file)
        encoded = self._content(block, _BLOCK_LIMIT)
        try:
            signed = read_signed_block(encoded)
            records = signed.signers if self._sdk.first >= _ALL_RECORDS_SINCE else signed.signers[:1]
            certificates = [self._check_record(block, record, signed.content_type, text) for record in records]
        except ApkError as error:
            raise fault("v1-damaged-block", f"{block}: {error.message}") from error
        certificate = next((certificate for certificate in certificates if certificate is not None), None)
        if certificate is None:
            word = "v1-signature-mismatch" if records else "v1-no-signers"
            raise fault(word, f"{block} is no signature of {file}.")
        return _Signer(block, file, text, certificate)

    def _check_record(self, block: str, record: SignerRecord, content_type: str, text: bytes) -> bytes | None:
        """Return the certificate that signed; None where the signature is wrong, so that the next record is tried."""
        found = jar_method(record.digest_oid, record.signature_oid, self._sdk)
        if found is None:
            known = DIGEST_OIDS.get(record.digest_oid, record.digest_oid)
            what = f"{block} uses {known} with {record.signature_oid}"
            raise fault("v1-unsupported-algorithm", f"{what}, which not every version it is for understands.")
        digest, method = found
        if record.certificate is None:
            raise fault("v1-no-certificate", f"{block} lacks the certificate of its signer.")
        if not may_sign(record.certificate):
            raise fault("v1-certificate-not-for-signing", f"The certificate in {block} is not made for signatures.")
        attributes = record.attributes
        signed = text
        if attributes is not None:
            if self._sdk.first < _ATTRIBUTES_SINCE:
                raise fault("v1-signed-attributes", f"{block} has signed attributes, unsafe before Android 4.4.")
            if self._sdk.last >= _ALL_RECORDS_SINCE and attributes.content_type is None:
                raise fault("v1-damaged-block", f"{block} signs no content type.")
            if self._sdk.last >= _ALL_RECORDS_SINCE and attributes.content_type != content_type:
                return None
            if attributes.digest is None:
                raise fault("v1-damaged-block", f"{block} signs no digest.")
            if attributes.digest != hashlib.new(digest, text).digest():
                return None
            signed = attributes.signed
        outcome = check_signature(public_key_of(record.certificate), method, record.signature, signed)
        if outcome is Outcome.BAD_KEY:
            raise fault("v1-bad-key", f"The key in {block} cannot be used.")
        return record.certificate if outcome is Outcome.GOOD else None

    def _covered(self, signer: _Signer, manifest: _Manifest) -> frozenset[str]:
        """Check a `.SF` file against the manifest; gives the entries that it speaks for."""
        found = jar_digests.sections(signer.text)
        main = next(found, _NO_SECTION)
        if "signature-version" not in main.attributes:
            raise fault("v1-no-version", f"{signer.file} names no version.")
        if self._sdk.last >= _SCHEMES_SINCE[2]:
            self._check_stripped(signer.file, main)
        signtool = "signtool" in main.attributes.get("created-by", "")
        suffix = "-Digest" if signtool else "-Digest-Manifest"
        whole = jar_digests.digests_of_section(main, suffix, self._sdk)
        intact = bool(whole) and all(_digest(name, manifest.data) == value for name, value in whole)
        if not signtool:
            head = manifest.data[manifest.main.start : manifest.main.end]
            for name, value in jar_digests.digests_of_section(main, "-Digest-Manifest-Main-Attributes", self._sdk):
                if _digest(name, head) != value:
                    raise fault(
                        "v1-main-section-digest", f"The main section of {MANIFEST} is not as {signer.file} says."
                    )
        faults: list[Fault] = []
        names: set[str] = set()
        for section in found:
            if len(faults) > _MAX_FAULTS:
                break
            if section.name is None or section.name in names:
                raise fault("v1-damaged-file", f"A section of {signer.file} names no entry, or one again.")
            if len(names) > len(self._by_name) + _MAX_STRANGERS:
                raise fault("v1-damaged-file", f"{signer.file} names far more entries than there are.")
            names.add(section.name)
            if not intact:
                faults.extend(self._section_faults(signer.file, section, section.name, manifest, signtool))
        refuse(faults)
        return frozenset(names)

    def _check_stripped(self, file: str, main: jar_digests.Section) -> None:
        """A `.SF` file names the newer schemes that the APK was signed with; Android refuses it without them."""
        for word in main.attributes.get(_STRIPPING, "").split(","):
            number = int(word) if word.strip().isdecimal() and len(word) < 10 else 0
            known = number in _SCHEMES_SINCE and self._sdk.last >= _SCHEMES_SINCE[number]
            if known and number not in self._schemes:
                text = f"{file} says that there is a signature of scheme v{number}, but there is none."
                raise fault("v1-scheme-stripped", text)

    def _section_faults(
        self, file: str, section: jar_digests.Section, name: str, manifest: _Manifest, signtool: bool
    ) -> Iterator[Fault]:
        target = manifest.entries.get(name)
        expected = jar_digests.digests_of_section(section, "-Digest", self._sdk)
        if target is None or not expected:
            yield Fault("v1-no-section-digest", f"{file} and {MANIFEST} do not agree about {name}.")
            return
        data = manifest.data[target.start : target.end]
        if signtool and data.endswith(b"\n\n"):
            data = data[:-1]
        for hashed, value in expected:
            if _digest(hashed, data) != value:
                yield Fault("v1-section-digest", f"What {MANIFEST} says of {name} is not what {file} signs.")

    def _check_entries(self, manifest: _Manifest, covered: dict[str, frozenset[str]]) -> frozenset[str]:
        """Check every entry outside META-INF; gives the block files of those who signed all of them."""
        faults: list[Fault] = []
        used: frozenset[str] | None = None
        left = TOTAL_LIMIT
        for entry in sorted(self._entries, key=lambda e: e.header_offset):
            if entry.name.startswith(_FOLDER):
                continue
            section = manifest.entries.get(entry.name)
            expected = jar_digests.digests_of_section(section, "-Digest", self._sdk) if section else []
            if not expected:
                faults.append(Fault("v1-unsigned-entry", f"{MANIFEST} has no digest of {entry.name}."))
                continue
            signers = frozenset(block for block, names in covered.items() if entry.name in names)
            if not signers:
                faults.append(Fault("v1-unsigned-entry", f"No signature speaks for {entry.name}."))
                continue
            used = used or signers
            if signers != used:
                faults.append(Fault("v1-signers-differ", f"{entry.name} is signed by others than the rest."))
                continue
            if not self._archive.partial.has(entry):
                continue
            actual, size = self._digests(entry, [name for name, _ in expected], left)
            left -= size
            if actual != [value for _, value in expected]:
                faults.append(Fault("v1-entry-digest", f"{entry.name} is not as {MANIFEST} says."))
        refuse(faults)
        if used is None:
            raise fault("v1-nothing-signed", "The archive holds nothing that could be signed.")
        return used

    def _digests(self, entry: Entry, names: list[str], limit: int) -> tuple[list[bytes], int]:
        taken = self._archive.hashes.of(entry, names) if self._archive.hashes is not None else None
        if taken is not None and taken[1] <= limit and jar_digests.is_read_as_signed(entry, taken[1]):
            jar_digests.signed_extent(self._archive, entry)
            return taken
        hashes = [hashlib.new(name, usedforsecurity=False) for name in names]
        size = 0
        for piece in _limited(jar_digests.signed_pieces(self._archive, entry), entry.name, limit):
            size += len(piece)
            for one in hashes:
                one.update(piece)
        return [one.digest() for one in hashes], size


def _limited(pieces: Iterator[bytes | memoryview], name: str, limit: int) -> Iterator[bytes | memoryview]:
    for piece in pieces:
        limit -= len(piece)
        if limit < 0:
            reason = f"The signature was not checked: up to {name} the entries are larger than the limit."
            raise ApkError(reason, code="size-limit")
        yield piece


def _digest(name: str, data: bytes) -> bytes:
    return hashlib.new(name, data, usedforsecurity=False).digest()
