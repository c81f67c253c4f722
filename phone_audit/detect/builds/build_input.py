"""Build identifiers: what form they have, what they tell, and which properties they stand for."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from phone_audit.detect.build_properties import (
    BUILD_ID,
    DISPLAY_ID,
    FINGERPRINT,
    FINGERPRINT_FIELDS,
    INCREMENTAL,
    MODEL,
    PATCH,
    with_fingerprint_parts,
)
from phone_audit.detect.builds.build_text import is_properties_text, iso_day, read_properties, read_settings
from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.schema.scheme import BuildNumber, SchemeIndex
from phone_audit.model.results import ParsedBuild

VENDOR_NUMBERS = (
    DISPLAY_ID,
    INCREMENTAL,
    "ro.vivo.product.version",
    "ro.build.version.ota",
    BUILD_ID,
    "ro.mediatek.version.release",
)
"""The properties in which a vendor's build number may stand, the one that its Settings screen shows first."""

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


def understand(text: str, knowledge: Knowledge) -> BuildInput:
    """Tell what an identifier is.

    `text` is a fingerprint, display id, build ID, incremental or vendor's version, the text of a property file, or text
    of the Settings screen; hostile input. An identifier in lower case is read as its vendor writes it.
    """
    given = text.encode("utf-8", "backslashreplace").decode().strip()  # a shell hands over bytes that are no UTF-8 too
    schemes = knowledge.scheme_index
    if is_properties_text(given):
        properties = read_properties(given) or read_settings(given, knowledge)
        return _from_properties(_with_scheme_parts(properties, schemes), schemes)
    if 0 < len(given) <= _LONGEST:
        for form in _FORMS:
            found = form(given, schemes)
            if found is not None:
                return BuildInput(given, *found)
        settings = read_settings(given, knowledge)
        if settings:
            return _from_properties(_with_scheme_parts(settings, schemes), schemes)
        upper = given.upper()
        found = _scheme(upper, schemes) or _id_and_incremental(upper, schemes) if upper != given else None
        if found is not None:
            return BuildInput(given, *found)
    return BuildInput(given, None, dict.fromkeys((DISPLAY_ID, BUILD_ID, INCREMENTAL), given))


Form = tuple[ParsedBuild, dict[str, str]]


def _with_scheme_parts(properties: Mapping[str, str], schemes: SchemeIndex) -> dict[str, str]:
    """Fill in what a vendor's display id stands for; only the display id itself may be put right by that.

    A person copies a build number as the screen shows it, with the build ID before it or in another case.
    """
    shown = properties.get(DISPLAY_ID, "")
    read = schemes.read(shown) or schemes.read(shown.upper())
    if read is None:
        return dict(properties)
    alone = read.stands_for.get(DISPLAY_ID) or shown
    return {**read.stands_for, **properties, DISPLAY_ID: alone}


def _from_properties(properties: Mapping[str, str], schemes: SchemeIndex) -> BuildInput:
    known = with_fingerprint_parts(properties)
    name = known.get(DISPLAY_ID) or known.get(FINGERPRINT) or known.get(BUILD_ID)
    if name is None and not known.keys() & {*FINGERPRINT_FIELDS, MODEL, PATCH}:
        return BuildInput("properties without a build", None, known, from_properties=True)
    parsed = with_vendor(_parsed(known), known, schemes)
    day = _day_of(known.get("ro.build.date.utc", ""))
    if day:
        parsed = parsed.model_copy(update={"build_date": day})
    return BuildInput(name or "properties", parsed, known, from_properties=True)


def with_vendor(parsed: ParsedBuild, properties: Mapping[str, str], schemes: SchemeIndex) -> ParsedBuild:
    """Fill in what the vendor's own number tells; what the properties say themselves stands."""
    read = vendor_number(properties, schemes)
    if read is None:
        return parsed
    told = {**read.says, "build_date": read.day}
    update = {name: told.get(name) for name in ("android_version", "build_date") if getattr(parsed, name) is None}
    update |= {
        "vendor_scheme": read.scheme,
        "vendor_version": told.get("version", read.text),
        "region": told.get("region"),
        "variant": told.get("variant"),
    }
    return parsed.model_copy(update=update)


def vendor_number(properties: Mapping[str, str], schemes: SchemeIndex) -> BuildNumber | None:
    """Return the number that a vendor's scheme reads; one that any vendor may carry only where there is no other."""
    read = [found for name in VENDOR_NUMBERS if name in properties and (found := schemes.read(properties[name]))]
    return next((found for found in read if not found.generic), read[0] if read else None)


def _parsed(properties: Mapping[str, str]) -> ParsedBuild:
    names = ("brand", "product", "device", "android_version", "build_id", "incremental", "type", "tags")
    named = dict(zip(names, map(properties.get, FINGERPRINT_FIELDS), strict=True))
    return ParsedBuild(**named, model=properties.get(MODEL), security_patch=properties.get(PATCH))


# ---- forms: each gives what the text tells and the properties that it stands for, or None

_TAIL = re.compile(
    r"(?P<device>[^/:\s]+):(?P<release>[^/:]+)/(?P<id>[^/:]+)/(?P<incremental>[^/:]+):(?P<type>[^/:]+)/(?P<tags>[^/:]+)"
)
_ID_AND_INCREMENTAL = re.compile(
    r"(?P<id>[^/:\s]+)/(?P<incremental>[^/:\s]+)(?::(?P<type>[^/:\s]+)/(?P<tags>[^/:\s]+))?"
)
_DESCRIPTION = re.compile(
    r"(?P<product>[\w.\-]+)-(?P<type>user|userdebug|eng) (?P<release>\S+) (?P<id>\S+) (?P<incremental>\S+) "
    r"(?P<tags>[\w,\-]+-keys)"
)
_NUMBER = re.compile(r"[0-9]{6,10}")
_ENGINEER = re.compile(r"eng\.[\w\-]+\.(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})(\.[0-9]{6})?")


def _fingerprint(text: str, schemes: SchemeIndex) -> Form | None:
    properties = with_fingerprint_parts({FINGERPRINT: text})
    if len(properties) > 1:
        return with_vendor(_parsed(properties), properties, schemes), {FINGERPRINT: text}
    found = _TAIL.fullmatch(text)  # some firmware and some publications leave brand and product out
    if not found:
        return None
    return _of_tail(text, FINGERPRINT_FIELDS[2:], found.groups(), schemes)


def _id_and_incremental(text: str, schemes: SchemeIndex) -> Form | None:
    """The end of a fingerprint, with or without type and tags. One of the two has to be a number that is known."""
    found = _ID_AND_INCREMENTAL.fullmatch(text)
    if not found:
        return None
    known = ((schemes.read(found["id"]), BUILD_ID), (schemes.read(found["incremental"]), INCREMENTAL))
    if not any(read and name in read.stands_for for read, name in known):
        return None
    return _of_tail(text, FINGERPRINT_FIELDS[4:], found.groups(), schemes)


def _of_tail(text: str, fields: Sequence[str], parts: Sequence[str | None], schemes: SchemeIndex) -> Form:
    """Read what the end of a fingerprint names; publications print such ends as the fingerprint."""
    named = {name: part for name, part in zip(fields, parts, strict=True) if part}
    return with_vendor(_parsed(named), named, schemes), {**named, FINGERPRINT: text}


def _description(text: str, schemes: SchemeIndex) -> Form | None:
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
    return with_vendor(_parsed(properties), properties, schemes), properties


def _scheme(text: str, schemes: SchemeIndex) -> Form | None:
    """A vendor's own number."""
    read = schemes.read(text)
    if read is None:
        return None
    fields = ("device", "android_version", "build_id", "incremental", "region", "variant")
    parsed = ParsedBuild(
        **{name: value for name, value in read.says.items() if name in fields},
        vendor_scheme=read.scheme,
        vendor_version=read.says.get("version", text),
        build_date=read.day,
    )
    return parsed, dict(read.stands_for)


def _incremental(text: str, _schemes: SchemeIndex) -> Form | None:
    found = _ENGINEER.fullmatch(text)
    if not found and not _NUMBER.fullmatch(text):
        return None
    day = iso_day(*found.group("year", "month", "day")) if found else _day_of(text)
    if found and day is None:
        return None
    return ParsedBuild(incremental=text, build_date=day), {INCREMENTAL: text}


_FORMS: tuple[Callable[[str, SchemeIndex], Form | None], ...] = (
    _fingerprint, _description, _scheme, _incremental, _id_and_incremental,
)  # fmt: skip


def _day_of(seconds: str) -> str | None:
    """Return the day of a Unix time of ten digits (2001 to 2286), or None."""
    if re.fullmatch(r"[0-9]{10}", seconds) is None:
        return None
    return datetime.fromtimestamp(int(seconds), UTC).date().isoformat()
