"""Makes data/authorities/aosp.json from the certificates of AOSP's releases.

    python -m phone_audit.knowledge.bulk.authorities SOURCE [-o FILE]

SOURCE holds a folder for each API level (`26`, `27` …) with the files of system/ca-certificates (`*.0`) of that
release. Only what identifies a certificate is taken: its SHA-256, the name of its subject, and the levels.
"""

import re
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from phone_audit.knowledge.authority_schema import AuthorityFact, AuthorityFile
from phone_audit.knowledge.bulk.writing import run
from phone_audit.knowledge.fact_schema import FactSource

TARGET = "authorities/aosp.json"
PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
COPIED_SINCE = 34
"""From this API level on the files were taken from a copy of AOSP's main branch at the release."""
AOSP = FactSource(
    id="aosp-ca-certificates",
    title="system/ca-certificates of Android 8 to 13 (history of LineageOS' mirror)",
    publisher="Android Open Source Project",
    url="https://android.googlesource.com/platform/system/ca-certificates/+/refs/heads/main/files/",
    revision="db524b2 (26), c0b728a and fecfb0d (27), 2851a35 (28), be85a54 (29), cdcf0fe (30), 8db75df (31 to 33)",
    date="2023-11-09",
    licence="fact",
)
COPY = FactSource(
    id="aosp-ca-certificates-copy",
    title="system/ca-certificates of Android 14 to 16, as copied by zygisk_cacerts",
    publisher="Android Open Source Project, copied by vvb2060",
    url="https://github.com/vvb2060/zygisk_cacerts/tree/master/module/magisk_module/system/etc/security/cacerts",
    revision="be9e265 (34), 16c727a (35), 3cc28d4 (36)",
    date="2026-01-14",
    licence="fact",
)


def make(source: Path) -> tuple[AuthorityFile, list[str]]:
    """Give the data file, and a line for each file that holds no certificate."""
    levels: dict[str, set[int]] = {}
    names: dict[str, str] = {}
    left: list[str] = []
    for folder in sorted(path for path in source.iterdir() if path.name.isdecimal()):
        for file in sorted(folder.iterdir()):
            found = PEM.search(file.read_bytes())
            if found is None:
                left.append(f"{folder.name}/{file.name}: left out: no certificate")
                continue
            certificate = x509.load_pem_x509_certificate(found[0])
            digest = certificate.fingerprint(SHA256()).hex()
            levels.setdefault(digest, set()).add(int(folder.name))
            names[digest] = name_of(certificate)
    entries = [
        AuthorityFact(
            id=f"ca-{digest[:16]}",
            sha256=digest,
            name=names[digest],
            api_levels=tuple(sorted(found)),
            sources=_sources(found),
        )
        for digest, found in sorted(levels.items())
    ]
    return AuthorityFile(sources=(AOSP, COPY), entries=tuple(entries)), left


def name_of(certificate: x509.Certificate) -> str:
    """Name the authority: the common name of its subject, else the unit or organisation."""
    for part in (NameOID.COMMON_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME, NameOID.ORGANIZATION_NAME):
        said = certificate.subject.get_attributes_for_oid(part)
        if said:
            return str(said[0].value)
    return certificate.subject.rfc4514_string()


def _sources(levels: set[int]) -> tuple[str, ...]:
    old = (AOSP.id,) if min(levels) < COPIED_SINCE else ()
    return (*old, COPY.id) if max(levels) >= COPIED_SINCE else old


if __name__ == "__main__":
    run(__doc__ or "", make, TARGET)
