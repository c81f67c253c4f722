"""Inputs for the readers of signatures."""

from collections.abc import Callable
from typing import Final

from tests.apk import apk_signer as signer
from tests.apk.zips import make_zip
from tests.fuzz import expansion
from tests.fuzz.expansion import joined
from tests.fuzz.seeds.common import FIXTURES, MANIFESTS, Inputs, grown


def signing_block() -> Inputs:
    unsigned, key = make_zip(signer.PARTS), signer.key()
    history = signer.lineage(signer.Node(key), signer.Node(signer.key(name="two"), by=key))
    v3 = signer.scheme(unsigned, signer.v3_signer(key, attributes=(history,)))
    pairs = [(signer.V2, signer.scheme(unsigned, signer.Signer(key))), (signer.V3, v3)]
    yield "block", signer.block(pairs)
    yield "lineage", history[1]
    yield "signers", v3
    yield "many-pairs", grown(signer.block([(1, b"a")]), expansion.REPEAT, 8, 13, 0, 60_000)


def certificates() -> Inputs:
    for kind in ("ec", "rsa", "dsa"):
        key = signer.key(kind)
        yield kind, key.certificate
        yield f"{kind}-public", key.public
    yield "pkcs7", signer.pkcs7_of(signer.key("rsa"), b"file", attributes=True)
    yield "pem", (FIXTURES / "apks" / "keys" / "media.x509.pem").read_bytes()
    yield "deep", grown(b"", expansion.DER, 0, 0, 0x30, 5000)
    yield "deep-set", grown(signer.key().certificate, expansion.DER, 0, 0, 0x31, 2000)


def jar_manifest() -> Inputs:
    manifest = signer.manifest_of(signer.PARTS)
    yield "manifest", manifest
    yield "file", signer.file_of(manifest)
    yield "folded", b"Name: a\r\n b\r\nSHA1-Digest: AA==\r\nDigest-Algorithms: MD5 SHA1\r\n\r\n"
    yield "many", grown(manifest, expansion.REPEAT, 0, 50, 0, 20_000)
    yield "long-line", grown(b"Name: a\r\n b", expansion.REPEAT, 7, 4, 0, 60_000)


def signed_apk() -> Inputs:
    key = signer.key()
    for name in ("both", "jar"):
        yield name, joined((0, (MANIFESTS / f"{name}.apk").read_bytes()))
    yield "v2", joined((0, signer.signed(v2=[signer.Signer(key)])))
    yield "v3", joined((0, signer.signed(v3=[signer.v3_signer(key)], v2=[signer.Signer(key)])))
    idsig = (MANIFESTS / "rotated.apk.idsig").read_bytes()
    yield "idsig", joined((0, signer.signed(v3=[signer.v3_signer(key)])), (1, idsig))


MAKERS: Final[dict[str, Callable[[], Inputs]]] = {
    "signing_block": signing_block,
    "certificates": certificates,
    "jar_manifest": jar_manifest,
    "signed_apk": signed_apk,
}
