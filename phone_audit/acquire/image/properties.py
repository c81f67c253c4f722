"""The `build.prop` of every partition → the properties that the phone would show.

Source: AOSP `system/core/init/property_service.cpp`: `PropertyLoadBootDefaults` (which files, in which order; a later
one overrides), `property_initialize_ro_product_props` and `property_derive_build_fingerprint`.
"""

from collections.abc import Mapping

from phone_audit.acquire.image.firmware import Firmware
from phone_audit.acquire.questions.small_files import read_properties
from phone_audit.acquire.text import decode
from phone_audit.files.bounds import MB

FILES = (
    "/system/etc/prop.default",
    "/prop.default",
    "/default.prop",
    "/system/build.prop",
    "/system_ext/build.prop",
    "/system_ext/etc/build.prop",
    "/vendor/default.prop",
    "/vendor/build.prop",
    "/odm/build.prop",
    "/odm/etc/build.prop",
    "/product/build.prop",
    "/product/etc/build.prop",
)
"""In the order in which init reads them; those of makers' own partitions come last, and override nothing."""
LIMIT = 4 * MB
MOST_PROPERTIES = 20_000
PRODUCT = ("brand", "device", "manufacturer", "model", "name")
SOURCES = ("product", "odm", "vendor", "system_ext", "system")
FINGERPRINT = "ro.build.fingerprint"


def properties_of(firmware: Firmware) -> dict[str, str]:
    """Return the properties; files that are another by a link count once."""
    found: dict[str, str] = {}
    others = [f"/{name}{place}/build.prop" for name in firmware.names for place in ("", "/etc")]
    seen: set[str | None] = {None}
    for path in dict.fromkeys((*FILES, *others)):
        real = firmware.resolved(path)
        if real in seen:
            continue
        seen.add(real)
        content = firmware.read(path, LIMIT)
        for name, value in read_properties(decode(content or b"")).items():
            if name in found or len(found) < MOST_PROPERTIES:
                found[name] = value if path in FILES else found.get(name, value)
    for part in PRODUCT:
        _derive(found, part)
    if not found.get(FINGERPRINT) and (fingerprint := _fingerprint(found)):
        found[FINGERPRINT] = fingerprint
    return {name: value for name, value in found.items() if name}


def _derive(found: dict[str, str], part: str) -> None:
    name = f"ro.product.{part}"
    values = (found.get(f"ro.product.{source}.{part}") for source in SOURCES)
    value = next((value for value in values if value), None)
    if not found.get(name) and value:
        found[name] = value


def _fingerprint(found: Mapping[str, str]) -> str | None:
    """Put it together as init does where no file has it; None where a part of it is missing."""
    names = ("ro.product.brand", "ro.product.name", "ro.product.device", "ro.build.version.release", "ro.build.id",
             "ro.build.version.incremental", "ro.build.type", "ro.build.tags")  # fmt: skip
    brand, name, device, release, build, incremental, kind, tags = (found.get(one, "") for one in names)
    if not (brand and name and device and release and build and incremental and kind and tags):
        return None
    return f"{brand}/{name}/{device}:{release}/{build}/{incremental}:{kind}/{tags}"
