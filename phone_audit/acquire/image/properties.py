"""The `build.prop` of every partition → the properties that the phone would show. A file may import others.

Source: AOSP `system/core/init/property_service.cpp`: `PropertyLoadBootDefaults` (which files, in which order; a later
one overrides), `property_initialize_ro_product_props` and `property_derive_build_fingerprint`.
"""

import re
from collections.abc import Iterator, Mapping

from phone_audit.acquire.image.byte_source import Work
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
    "/system_dlkm/etc/build.prop",
    "/vendor/default.prop",
    "/vendor/build.prop",
    "/vendor_dlkm/etc/build.prop",
    "/odm_dlkm/etc/build.prop",
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
SDK, LAST_UNCHANGED = "ro.build.version.sdk", 28
"""Up to this API level (Android 9) a property that begins with `ro.` keeps the value that it had first."""
SOURCE_ORDER = "ro.product.property_source_order"
MOST_IMPORTS = 100
IMPORT = re.compile(r"\s*import\s+(\S+)(?:\s+(\S+))?")


def properties_of(firmware: Firmware) -> dict[str, str]:
    """Return the properties; files that are another by a link count once."""
    found: dict[str, str] = {}
    later: dict[str, str] = {}
    imports = Work(MOST_IMPORTS)
    others = [f"/{name}{place}/build.prop" for name in firmware.names for place in ("", "/etc")]
    seen: set[str | None] = {None}
    for path in dict.fromkeys((*FILES, *others)):
        real = firmware.resolved(path)
        if real in seen:
            continue
        seen.add(real)
        for name, value in _lines(firmware, path, imports):
            if name not in found and len(found) >= MOST_PROPERTIES:
                firmware.skip(path, "too-many", f"There are more than {MOST_PROPERTIES:,} properties.")
                break
            found.setdefault(name, value)
            later[name] = value if path in FILES else later.get(name, value)
    sdk = found.get(SDK, "")
    unchanged = len(sdk) < 9 and sdk.isdecimal() and int(sdk) <= LAST_UNCHANGED
    found = {name: found[name] if unchanged and name.startswith("ro.") else later[name] for name in later}
    for part in PRODUCT:
        _derive(found, part)
    if not found.get(FINGERPRINT) and (fingerprint := _fingerprint(found)):
        found[FINGERPRINT] = fingerprint
    return {name: value for name, value in found.items() if name}


def _lines(firmware: Firmware, path: str, imports: Work) -> Iterator[tuple[str, str]]:
    """Yield the properties of a file in order, with those of files that it imports where it does so."""
    seen = {firmware.resolved(path)}
    pending = [(path, _text(firmware, path), "*")]
    while pending:
        here, lines, names = pending[-1]
        line = next(lines, None)
        if line is None:
            pending.pop()
            continue
        imported = IMPORT.match(line) if names == "*" else None
        if imported is None:
            yield from (pair for pair in read_properties(line).items() if _fits(pair[0], names))
            continue
        real = firmware.resolved(imported[1])
        if real is None or not imports.allow(1):
            reason = f"{here} takes properties from it; it is not in the image, or is one of too many."
            firmware.skip(imported[1], "not-held", reason)
        elif real not in seen:
            seen.add(real)
            pending.append((real, _text(firmware, real), imported[2] or "*"))


def _text(firmware: Firmware, path: str) -> Iterator[str]:
    return iter(decode(firmware.read(path, LIMIT) or b"").split("\n"))


def _fits(name: str, names: str) -> bool:
    return name.startswith(names[:-1]) if names.endswith("*") else name == names


def _derive(found: dict[str, str], part: str) -> None:
    name = f"ro.product.{part}"
    order = [one for one in found.get(SOURCE_ORDER, "").split(",") if one in SOURCES]
    values = (found.get(f"ro.product.{source}.{part}") for source in order or SOURCES)
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
