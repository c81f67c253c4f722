"""The properties that describe a build, and build fingerprints: BRAND/NAME/DEVICE:RELEASE/ID/INCREMENTAL:TYPE/TAGS."""

from collections.abc import Mapping

from phone_audit.knowledge.schema.firmware import FINGERPRINT_FORM

DISPLAY_ID, BUILD_ID, INCREMENTAL = "ro.build.display.id", "ro.build.id", "ro.build.version.incremental"
MODEL, PATCH = "ro.product.model", "ro.build.version.security_patch"
FINGERPRINT = "ro.build.fingerprint"
FINGERPRINT_FIELDS = (
    "ro.product.brand",
    "ro.product.name",
    "ro.product.device",
    "ro.build.version.release",
    "ro.build.id",
    "ro.build.version.incremental",
    "ro.build.type",
    "ro.build.tags",
)
"""The properties of which Build.java of AOSP puts a fingerprint together."""


def fingerprint_parts(fingerprint: str) -> dict[str, str]:
    """Take a fingerprint apart into properties, those it leaves empty not set; nothing where the text is none."""
    found = FINGERPRINT_FORM.fullmatch(fingerprint)
    parts = zip(FINGERPRINT_FIELDS, found.groups(), strict=True) if found else ()
    return {name: part for name, part in parts if part}


def with_fingerprint_parts(properties: Mapping[str, str]) -> dict[str, str]:
    """Fill in what only the fingerprint tells; what a property says itself stands. Empty properties are not set.

    Only `ro.build.fingerprint` is taken apart: the fingerprints of partitions (`ro.vendor.build.fingerprint` …) may
    differ from it and say nothing of the others' properties.
    """
    known = {name: value for name, value in properties.items() if value}
    return {**fingerprint_parts(known.get(FINGERPRINT, "")), **known}
