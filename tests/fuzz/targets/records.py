"""Whole files, read as the worker reads them, up to the record that the parent takes."""

from typing import Final

from phone_audit.apk.first_look import first_look
from phone_audit.apk.read_apk import read_apk
from phone_audit.apk.record_size import LONGEST_RECORD, record_json
from phone_audit.files.bounded_json import checked
from phone_audit.files.bounds import ANSWERED_RECORD
from phone_audit.model.apk import ApkInfo
from tests.apk.zips import Part, make_zip
from tests.fuzz.expansion import parts_of
from tests.fuzz.target import Target, knowledge, promise, written

NAMES: Final = (
    "AndroidManifest.xml", "resources.arsc", "classes.dex", "classes2.dex", "res/xml/network.xml",
    "META-INF/MANIFEST.MF", "META-INF/CERT.SF", "META-INF/CERT.RSA", "assets/config.json", "lib/arm64-v8a/libapp.so",
    "base/manifest/AndroidManifest.xml", "base/resources.pb", "base/dex/classes.dex", "base.apk", "split_config.apk",
    "stamp-cert-sha256", "classes.jar", "assets/inner.zip", "BundleConfig.pb", "feature/manifest/AndroidManifest.xml",
    "a/b/C.class", "manifest.json",
)  # fmt: skip
"""What the first byte of a part stands for; one behind them is the file itself."""
_AMPLE: Final = 2**20


def record(data: bytes) -> None:
    """Read a file, write its record as the worker does, and take it as the parent does; then show it."""
    path = written(_file(data), "record.apk")
    first_look(path, "record.apk", lambda _: None)
    info = read_apk(path, shown_as="record.apk", knowledge=knowledge())
    text = record_json(info).encode()
    promise(len(text) <= LONGEST_RECORD, "a record is longer than was promised")
    taken = ApkInfo.model_validate_json(checked(text, ANSWERED_RECORD))
    promise(taken.path == "record.apk", "the record is of another file")
    promise(all(one.code and one.reason for one in taken.skipped), "something was left out without a reason")
    promise(record_json(taken).encode() == text, "a record that was taken is written in another way")


def _file(data: bytes) -> bytes:
    """Return the file: an archive of the parts, or the one part that is a file by itself."""
    parts = parts_of(data, _AMPLE)
    whole = next((content for kind, content in parts if kind >= len(NAMES)), None)
    if whole is not None:
        return whole
    return make_zip([Part(NAMES[kind], content, deflate=False) for kind, content in parts])


TARGETS: Final = {
    "record": Target(
        record,
        (
            "phone_audit.apk.read_apk",
            "phone_audit.apk.xml.package_facts",
            "phone_audit.apk.package_file",
            "phone_audit.apk.records",
            "phone_audit.apk.records",
            "phone_audit.apk.worker.child",
            "phone_audit.apk.record_size",
            "phone_audit.apk.first_look",
            "phone_audit.apk.code.obfuscation",
            "phone_audit.model.apk",
        ),
        (b"\xf5NEXT", b"PK\x03\x04", b"PK\x05\x06", b"dex\n035\0", b"\3\0\x08\0", b"\2\0\x0c\0", b"https://a.example/"),
        whole=False,
    )
}
