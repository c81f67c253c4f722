"""Whole files, read as the worker reads them, up to the record that the parent takes."""

import io
import json
from typing import Final

from phone_audit.analyse.worker import serve
from phone_audit.model.apk import ApkInfo
from tests.analyse.zips import Part, make_zip
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
LARGEST_RECORD: Final = 16 * 2**20
"""Bytes of one answer of the worker."""
_MEMORY: Final = 16 * 2**30
_AMPLE: Final = 2**20


def record(data: bytes) -> None:
    """Read a file and take the record as the parent does."""
    path = written(_file(data), "record.apk")
    asked = json.dumps({"path": str(path), "shown_as": "record.apk", "leave_out": []}).encode() + b"\n"
    answers = io.BytesIO()
    serve(io.BytesIO(asked), answers, knowledge(), _MEMORY)
    lines = answers.getvalue().splitlines()
    promise(max(map(len, lines)) <= LARGEST_RECORD, "a record is longer than the parent takes")
    info = ApkInfo.model_validate_json(lines[-1])
    promise(info.path == "record.apk", "the record is of another file")
    promise(all(one.code and one.reason for one in info.skipped), "something was left out without a reason")


def _file(data: bytes) -> bytes:
    """Give the file: an archive of the parts, or the one part that is a file by itself."""
    parts = parts_of(data, _AMPLE)
    whole = next((content for kind, content in parts if kind >= len(NAMES)), None)
    if whole is not None:
        return whole
    return make_zip([Part(NAMES[kind], content, deflate=False) for kind, content in parts])


TARGETS: Final = {
    "record": Target(
        record,
        (
            "phone_audit.analyse.apk",
            "phone_audit.analyse.package_facts",
            "phone_audit.analyse.container",
            "phone_audit.analyse.join",
            "phone_audit.analyse.records",
            "phone_audit.analyse.worker",
            "phone_audit.analyse.packers",
            "phone_audit.model.apk",
        ),
        (b"\xf5NEXT", b"PK\x03\x04", b"PK\x05\x06", b"dex\n035\0", b"\3\0\x08\0", b"\2\0\x0c\0", b"https://a.example/"),
        whole=False,
    )
}
