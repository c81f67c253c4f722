"""Build identifiers: what form they have, what they tell, and which properties they stand for."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from phone_audit.judge.prints import FINGERPRINT, FINGERPRINT_FIELDS, with_fingerprint_parts
from phone_audit.judge.properties_text import is_properties_text, read_properties
from phone_audit.judge.versions import HMD_BUILD
from phone_audit.model.results import ParsedBuild

DISPLAY_ID, BUILD_ID, INCREMENTAL = "ro.build.display.id", "ro.build.id", "ro.build.version.incremental"
_LONGEST = 512
"""Characters; no build number is longer, and nothing longer is tried against the forms."""


@dataclass(frozen=True)
class BuildInput:
    """An identifier as it was understood. `parsed` is None where its form is not known.

    `properties` are those that it stands for; of an unknown form, all that a build number may be. `name` is what
    findings call the build.
    """

    name: str
    parsed: ParsedBuild | None
    properties: Mapping[str, str]
    from_properties: bool = False


def understand(text: str) -> BuildInput:
    """Tell what an identifier is.

    Args:
        text: a fingerprint, display id, build ID, incremental or vendor's version, or the text of a property file;
            hostile input.
    """
    given = text.encode("utf-8", "backslashreplace").decode().strip()  # a shell hands over bytes that are no UTF-8 too
    if is_properties_text(given):
        return _from_properties(read_properties(given))
    if 0 < len(given) <= _LONGEST:
        for form in _FORMS:
            found = form(given)
            if found is not None:
                return BuildInput(given, *found)
    return BuildInput(given, None, dict.fromkeys((DISPLAY_ID, BUILD_ID, INCREMENTAL), given))


Form = tuple[ParsedBuild, dict[str, str]]


def _from_properties(properties: Mapping[str, str]) -> BuildInput:
    known = with_fingerprint_parts(properties)
    name = known.get(DISPLAY_ID) or known.get(FINGERPRINT) or known.get(BUILD_ID)
    if name is None and not known.keys() & set(FINGERPRINT_FIELDS):
        return BuildInput("properties without a build", None, known, from_properties=True)
    inner = understand(known.get(DISPLAY_ID, "")).parsed or understand(known.get(INCREMENTAL, "")).parsed
    seconds = known.get("ro.build.date.utc", "")
    parsed = _parsed(known).model_copy(
        update={
            "vendor_scheme": inner and inner.vendor_scheme,
            "vendor_version": inner and inner.vendor_version,
            "region": inner and inner.region,
            "build_date": _day_of(seconds) or (inner and inner.build_date),
        }
    )
    return BuildInput(name or "properties", parsed, known, from_properties=True)


def _parsed(properties: Mapping[str, str]) -> ParsedBuild:
    brand, product, device, release, build_id, incremental, kind, tags = map(properties.get, FINGERPRINT_FIELDS)
    return ParsedBuild(
        brand=brand,
        product=product,
        device=device,
        android_version=release,
        build_id=build_id,
        incremental=incremental,
        type=kind,
        tags=tags,
    )


# ---- forms: each gives what the text tells and the properties that it stands for, or None

_TAIL = re.compile(
    r"(?P<device>[^/:\s]+):(?P<release>[^/:]+)/(?P<id>[^/:]+)/(?P<incremental>[^/:]+):(?P<type>[^/:]+)/(?P<tags>[^/:]+)"
)
_DESCRIPTION = re.compile(
    r"(?P<product>[\w.\-]+)-(?P<type>user|userdebug|eng) (?P<release>\S+) (?P<id>\S+) (?P<incremental>\S+) "
    r"(?P<tags>[\w,\-]+-keys)"
)
_AOSP_ID = re.compile(r"[A-Z][A-Z0-9]{3}\.(?P<day>[0-9]{6})\.[0-9]{3}(\.[A-Z][0-9]{1,2})?")
_OLD_AOSP_ID = re.compile(r"[A-Z][A-Z0-9][A-Z][0-9]{2}[A-Z]?")
_MIUI = re.compile(r"(?P<system>V|OS)[0-9]{1,3}(\.[0-9]{1,4}){3}\.[A-Z][A-Z0-9]{2}(?P<region>[A-Z]{2})[A-Z]{2}")
_SAMSUNG = re.compile(
    r"(?:(?P<id>[A-Z0-9.]{5,20})\.)?(?P<version>[A-Z][0-9]{3}[A-Z0-9]{1,2}(?P<region>[A-Z]{2})[USEF][0-9A-Z][A-Z]"
    r"(?P<year>[L-Z])(?P<month>[A-L])[0-9A-Z])"
)
_NUMBER = re.compile(r"[0-9]{6,10}")
_ENGINEER = re.compile(r"eng\.[\w\-]+\.(?P<day>[0-9]{8})(\.[0-9]{6})?")


def _fingerprint(text: str) -> Form | None:
    properties = with_fingerprint_parts({FINGERPRINT: text})
    if len(properties) > 1:
        return _parsed(properties), {FINGERPRINT: text}
    found = _TAIL.fullmatch(text)  # some firmware and some publications leave brand and product out
    if not found:
        return None
    named = zip(FINGERPRINT_FIELDS[2:], found.groups(), strict=True)
    return _parsed(dict(named)), {FINGERPRINT: text}


def _description(text: str) -> Form | None:
    """The display id of development builds, and `ro.build.description`."""
    found = _DESCRIPTION.fullmatch(text)
    if not found:
        return None
    properties = {
        DISPLAY_ID: text,
        BUILD_ID: found["id"],
        INCREMENTAL: found["incremental"],
        "ro.product.name": found["product"],
        "ro.build.version.release": found["release"],
        "ro.build.type": found["type"],
        "ro.build.tags": found["tags"],
    }
    return _parsed(properties), properties


def _hmd(text: str) -> Form | None:
    found = HMD_BUILD.fullmatch(text)
    if not found:
        return None
    region = found["branch"].partition("_")[0].lstrip("0123456789")
    return ParsedBuild(vendor_scheme="hmd", vendor_version=text, region=region), {DISPLAY_ID: text}


def _miui(text: str) -> Form | None:
    found = _MIUI.fullmatch(text)
    if not found:
        return None
    scheme = "miui" if found["system"] == "V" else "hyperos"
    parsed = ParsedBuild(incremental=text, vendor_scheme=scheme, vendor_version=text, region=found["region"])
    return parsed, {INCREMENTAL: text}


def _samsung(text: str) -> Form | None:
    """Letters for year (A is 2001) and month (A is January) near the end of the software version."""
    found = _SAMSUNG.fullmatch(text)
    if not found:
        return None
    version, build_id = found["version"], found["id"]
    parsed = ParsedBuild(
        build_id=build_id,
        incremental=version,
        vendor_scheme="samsung",
        vendor_version=version,
        region=found["region"],
        build_date=f"{ord(found['year']) - ord('A') + 2001}-{ord(found['month']) - ord('A') + 1:02}",
    )
    return parsed, {INCREMENTAL: version, **({BUILD_ID: build_id, DISPLAY_ID: text} if build_id else {})}


def _aosp_id(text: str) -> Form | None:
    """A build ID of AOSP; Pixel phones show it as their build number too. Since Android 8 it holds a date."""
    found = _AOSP_ID.fullmatch(text)
    day = _day(f"20{found['day']}") if found else None
    if day is None and not _OLD_AOSP_ID.fullmatch(text):
        return None
    return ParsedBuild(build_id=text, build_date=day), {BUILD_ID: text, DISPLAY_ID: text}


def _incremental(text: str) -> Form | None:
    found = _ENGINEER.fullmatch(text)
    if not found and not _NUMBER.fullmatch(text):
        return None
    day = _day(found["day"]) if found else _day_of(text)
    if found and day is None:
        return None
    return ParsedBuild(incremental=text, build_date=day), {INCREMENTAL: text}


_FORMS: tuple[Callable[[str], Form | None], ...] = (
    _fingerprint,
    _description,
    _hmd,
    _miui,
    _samsung,
    _aosp_id,
    _incremental,
)


def _day(digits: str) -> str | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).isoformat()
    except ValueError:
        return None


def _day_of(seconds: str) -> str | None:
    """Give the day of a Unix time of ten digits (2001 to 2286), or None."""
    if re.fullmatch(r"[0-9]{10}", seconds) is None:
        return None
    return datetime.fromtimestamp(int(seconds), UTC).date().isoformat()
