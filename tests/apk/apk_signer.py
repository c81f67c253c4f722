"""Signs archives for tests, with keys made on the spot. Written after the specification, not after our own reader."""

import base64
import datetime
import functools
import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

from tests.apk.zips import Part, make_zip

Private = rsa.RSAPrivateKey | dsa.DSAPrivateKey | ec.EllipticCurvePrivateKey
V2, V3, V31, PADDING = 0x7109871A, 0xF05368C0, 0x1B93AD61, 0x42726577
STRIPPING, ROTATION_SDK, LINEAGE = 0xBEEFF00D, 0x559F8B02, 0x3BA06F8C
FOREVER = 2**31 - 1
EC = 0x0201
"""The algorithm that most tests use: ECDSA with SHA-256."""
CODE = Part("classes.dex", b"code" * 50)
MANIFEST = Part("AndroidManifest.xml", b"manifest", deflate=False)
PARTS = (CODE, MANIFEST, Part("res/"), Part("META-INF/other.txt", b"other"))


@dataclass(frozen=True)
class Key:
    """A key with a certificate of its own; both encoded as DER."""

    private: Private
    certificate: bytes
    public: bytes


@functools.cache
def key(kind: str = "ec", name: str = "one") -> Key:
    """Make a key of kind `rsa`, `dsa` or `ec`; the same again for the same name."""
    private: Private
    if kind == "rsa":
        private = rsa.generate_private_key(65537, 2048)
    elif kind == "dsa":
        private = dsa.generate_private_key(1024)
    else:
        private = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begin = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    builder = x509.CertificateBuilder(subject, subject, private.public_key(), 7, begin, begin.replace(year=2060))
    certificate = builder.sign(private, hashes.SHA256())
    public = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return Key(private, certificate.public_bytes(serialization.Encoding.DER), public)


def signature(signer: Key, algorithm: int, data: bytes) -> bytes:
    """Sign with an algorithm of the schemes v2 to v4."""
    digest = hashes.SHA512() if algorithm & 0xF in (2, 4) else hashes.SHA256()
    if isinstance(signer.private, rsa.RSAPrivateKey):
        if algorithm in (0x0101, 0x0102):
            return signer.private.sign(data, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
        return signer.private.sign(data, padding.PKCS1v15(), digest)
    if isinstance(signer.private, dsa.DSAPrivateKey):
        return signer.private.sign(data, digest)
    return signer.private.sign(data, ec.ECDSA(digest))


def lp(*values: bytes) -> bytes:
    """Each value after its length."""
    return b"".join(struct.pack("<I", len(value)) + value for value in values)


def numbered(pairs: Sequence[tuple[int, bytes]]) -> bytes:
    return b"".join(lp(struct.pack("<I", number) + lp(value)) for number, value in pairs)


def chunked(data: bytes, algorithm: int) -> bytes:
    """The digest of an archive without a block, in pieces of 1 MB."""
    name = "sha512" if algorithm & 0xF in (2, 4) else "sha256"
    end = data.rindex(b"PK\5\6")
    size, directory = struct.unpack_from("<2I", data, end + 12)
    assert directory + size == end
    parts = (data[:directory], data[directory:end], data[end:])
    pieces = [part[at : at + 2**20] for part in parts for at in range(0, len(part), 2**20)]
    inner = [hashlib.new(name, b"\xa5" + struct.pack("<I", len(piece)) + piece).digest() for piece in pieces]
    return hashlib.new(name, b"\x5a" + struct.pack("<I", len(inner)) + b"".join(inner)).digest()


def tree(data: bytes, salt: bytes) -> list[bytes]:
    """The levels of the tree of hashes over pages of 4 KB, the lowest one first, each filled up to whole pages."""
    levels = [data + bytes(-len(data) % 4096)]
    while len(levels) < 2 or len(levels[-1]) > 4096:
        below = levels[-1]
        level = b"".join(hashlib.sha256(salt + below[at : at + 4096]).digest() for at in range(0, len(below), 4096))
        levels.append(level + bytes(-len(level) % 4096))
    return levels[1:]


def verity(data: bytes) -> bytes:
    """The digest of an archive without a block, as a tree of hashes."""
    return hashlib.sha256(bytes(8) + tree(data, bytes(8))[-1]).digest() + struct.pack("<Q", len(data))


def digest(data: bytes, algorithm: int) -> bytes:
    return verity(data) if algorithm >= 0x0400 else chunked(data, algorithm)


@dataclass(frozen=True)
class Signer:
    """One signer of v2, or with a range of versions of v3; what is not None replaces what would be right."""

    key: Key
    algorithms: tuple[int, ...] = (EC,)
    sdk: tuple[int, int] | None = None
    signed_sdk: tuple[int, int] | None = None
    attributes: tuple[tuple[int, bytes], ...] = ()
    digests: tuple[tuple[int, bytes], ...] | None = None
    signatures: tuple[tuple[int, bytes], ...] | None = None
    certificates: tuple[bytes, ...] | None = None
    public: bytes | None = None

    def encode(self, unsigned: bytes) -> bytes:
        own = tuple((algorithm, digest(unsigned, algorithm)) for algorithm in self.algorithms)
        certificates = (self.key.certificate,) if self.certificates is None else self.certificates
        data = lp(numbered(own if self.digests is None else self.digests), lp(*certificates))
        outer = b""
        if self.sdk is not None:
            outer = struct.pack("<2I", *self.sdk)
            data += struct.pack("<2I", *(self.signed_sdk or self.sdk))
        data += lp(lp(*(struct.pack("<I", number) + value for number, value in self.attributes)))
        made = tuple((algorithm, signature(self.key, algorithm, data)) for algorithm in self.algorithms)
        signatures = numbered(made if self.signatures is None else self.signatures)
        return lp(data) + outer + lp(signatures, self.key.public if self.public is None else self.public)


def scheme(unsigned: bytes, *signers: Signer) -> bytes:
    """The value of a scheme in the block."""
    return lp(lp(*(signer.encode(unsigned) for signer in signers)))


def block(pairs: Sequence[tuple[int, bytes]], *, pages: bool = False) -> bytes:
    """A signing block; with `pages` filled up to whole pages of 4 KB."""
    body = b"".join(struct.pack("<QI", len(value) + 4, number) + value for number, value in pairs)
    if pages:
        fill = -(len(body) + 32 + 12) % 4096
        body += struct.pack("<QI", fill + 4, PADDING) + bytes(fill)
    size = struct.pack("<Q", len(body) + 24)
    return size + body + size + b"APK Sig Block 42"


def signed(
    v2: Sequence[Signer] = (), v3: Sequence[Signer] = (), v31: Sequence[Signer] = (), parts: Sequence[Part] = PARTS
) -> bytes:
    """An archive with a signing block."""
    unsigned = make_zip(parts)
    given = ((V2, v2), (V3, v3), (V31, v31))
    return make_zip(
        parts, before_directory=block([(number, scheme(unsigned, *signers)) for number, signers in given if signers])
    )


def v3_signer(signer: Key, first: int = 28, last: int = FOREVER, **changes: object) -> Signer:
    return Signer(signer, sdk=(first, last), **changes)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Node:
    """One key of a history; `by` signs for the key that comes before."""

    key: Key
    by: Key | None = None
    flags: int = 23
    algorithm: int = EC

    def encode(self) -> bytes:
        data = lp(self.key.certificate) + struct.pack("<I", EC if self.by else 0)
        made = signature(self.by, EC, data) if self.by else b""
        return lp(data) + struct.pack("<2I", self.flags, self.algorithm) + lp(made)


def lineage(*nodes: Node) -> tuple[int, bytes]:
    """A history of keys, as an attribute."""
    return LINEAGE, struct.pack("<I", 1) + lp(*(node.encode() for node in nodes))


def b64(name: str, data: bytes) -> str:
    return base64.b64encode(hashlib.new(name, data).digest()).decode()


def manifest_of(parts: Sequence[Part], name: str = "sha256", attribute: str = "SHA-256-Digest") -> bytes:
    """MANIFEST.MF with one digest for each entry outside META-INF."""
    named = ((part.encoded_name.decode(), part.content) for part in parts)
    covered = [(name, content) for name, content in named if not name.startswith("META-INF/") and name[-1] != "/"]
    sections = [f"Name: {entry}\r\n{attribute}: {b64(name, content)}\r\n\r\n" for entry, content in covered]
    return ("Manifest-Version: 1.0\r\n\r\n" + "".join(sections)).encode()


def file_of(manifest: bytes, *, whole: bool = True, extra: str = "") -> bytes:
    """A `.SF` file over a manifest; without `whole` only its sections are signed."""
    sections = [section + b"\r\n\r\n" for section in manifest.split(b"\r\n\r\n")[1:-1]]
    text = f"Signature-Version: 1.0\r\n{extra}"
    if whole:
        text += f"SHA-256-Digest-Manifest: {b64('sha256', manifest)}\r\n"
    text += "\r\n"
    for section in sections:
        name = section.split(b"\r\n")[0].decode()
        text += f"{name}\r\nSHA-256-Digest: {b64('sha256', section)}\r\n\r\n"
    return text.encode()


def pkcs7_of(signer: Key, data: bytes, *, attributes: bool = False) -> bytes:
    """A signature block over a `.SF` file."""
    assert not isinstance(signer.private, dsa.DSAPrivateKey)
    options = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary]
    if not attributes:
        options.append(pkcs7.PKCS7Options.NoAttributes)
    builder = pkcs7.PKCS7SignatureBuilder().set_data(data)
    certificate = x509.load_der_x509_certificate(signer.certificate)
    return builder.add_signer(certificate, signer.private, hashes.SHA256()).sign(serialization.Encoding.DER, options)


@dataclass(frozen=True)
class Jar:
    """A v1 signature; what is not None replaces what would be right."""

    key: Key
    manifest: bytes | None = None
    file: bytes | None = None
    attributes: bool = False
    signs: bytes | None = None
    name: str = "CERT"

    def parts(self, parts: Sequence[Part]) -> list[Part]:
        manifest = manifest_of(parts) if self.manifest is None else self.manifest
        file = file_of(manifest) if self.file is None else self.file
        signs = file if self.signs is None else self.signs
        encoded = pkcs7_of(self.key, signs, attributes=self.attributes)
        suffix = "RSA" if isinstance(self.key.private, rsa.RSAPrivateKey) else "EC"
        entries = {"MANIFEST.MF": manifest, f"{self.name}.SF": file, f"{self.name}.{suffix}": encoded}
        return [*parts, *(Part(f"META-INF/{name}", data) for name, data in entries.items())]
