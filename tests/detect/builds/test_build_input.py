"""Forms of build identifiers. What is read here are real ones, from the sources of the incidents."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone_audit.detect.builds.build_input import BuildInput
from phone_audit.detect.builds.build_input import understand as understand_with
from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.results import ParsedBuild
from tests.judge.cases import NOKIA_FINGERPRINT

KNOWN = load_knowledge()


def understand(text: str) -> BuildInput:
    return understand_with(text, KNOWN)


NOKIA = ParsedBuild(
    brand="Nokia",
    product="Onyx_00WW",
    device="B2N_sprout",
    android_version="9",
    build_id="PPR1.180610.011",
    incremental="00WW_3_22C",
    type="user",
    tags="release-keys",
    vendor_scheme="hmd",
    vendor_version="00WW_3_22C",
    region="WW",
)


@pytest.mark.parametrize(
    ("text", "parsed", "properties"),
    [
        (NOKIA_FINGERPRINT, NOKIA, {"ro.build.fingerprint": NOKIA_FINGERPRINT}),
        (
            "google/passion/passion/mahimahi:2.2/FRF91/43546:user/release-keys",
            ParsedBuild(brand="google", product="passion", device="passion", android_version="2.2", build_id="FRF91",
                        incremental="43546", type="user", tags="release-keys", vendor_scheme="aosp",
                        vendor_version="FRF91", build_date="2010-06-30"),
            {"ro.build.fingerprint": "google/passion/passion/mahimahi:2.2/FRF91/43546:user/release-keys"},
        ),
        (
            "ALLVIEW/ALLVIEW/ALLVIEW:4.4.2/KVT49L/:user/release-keys",
            ParsedBuild(brand="ALLVIEW", product="ALLVIEW", device="ALLVIEW", android_version="4.4.2",
                        build_id="KVT49L", type="user", tags="release-keys", vendor_scheme="aosp",
                        vendor_version="KVT49L", build_date="2013-11-18"),
            {"ro.build.fingerprint": "ALLVIEW/ALLVIEW/ALLVIEW:4.4.2/KVT49L/:user/release-keys"},
        ),
        (
            "sp7731c_1h10_32v4_bird:6.0/MRA58K/android.20170629.214736:user/release-keys",
            ParsedBuild(device="sp7731c_1h10_32v4_bird", android_version="6.0", build_id="MRA58K",
                        incremental="android.20170629.214736", type="user", tags="release-keys",
                        vendor_scheme="aosp", vendor_version="MRA58K", build_date="2015-08-27"),
            {
                "ro.product.device": "sp7731c_1h10_32v4_bird",
                "ro.build.version.release": "6.0",
                "ro.build.id": "MRA58K",
                "ro.build.version.incremental": "android.20170629.214736",
                "ro.build.type": "user",
                "ro.build.tags": "release-keys",
                "ro.build.fingerprint": "sp7731c_1h10_32v4_bird:6.0/MRA58K/android.20170629.214736:user/release-keys",
            },
        ),
        (
            "full_k62v1_64_bsp-userdebug 11 RP1A.200720.011 mp1V825 test-keys",
            ParsedBuild(product="full_k62v1_64_bsp", android_version="11", build_id="RP1A.200720.011",
                        incremental="mp1V825", type="userdebug", tags="test-keys",
                        vendor_scheme="mediatek",
                        vendor_version="full_k62v1_64_bsp-userdebug 11 RP1A.200720.011 mp1V825 test-keys"),
            {
                "ro.build.display.id": "full_k62v1_64_bsp-userdebug 11 RP1A.200720.011 mp1V825 test-keys",
                "ro.build.id": "RP1A.200720.011",
                "ro.build.version.incremental": "mp1V825",
                "ro.product.name": "full_k62v1_64_bsp",
                "ro.build.version.release": "11",
                "ro.build.type": "userdebug",
                "ro.build.tags": "test-keys",
            },
        ),
        (
            "00WW_3_22C_SP03",
            ParsedBuild(vendor_scheme="hmd", vendor_version="00WW_3_22C_SP03", region="WW"),
            {"ro.build.display.id": "00WW_3_22C_SP03"},
        ),
        (
            "02US_1_080",
            ParsedBuild(vendor_scheme="hmd", vendor_version="02US_1_080", region="US"),
            {"ro.build.display.id": "02US_1_080"},
        ),
        (
            "V12.5.4.0.RGBCNXM",
            ParsedBuild(device="GB", android_version="11", incremental="V12.5.4.0.RGBCNXM", vendor_scheme="miui",
                        vendor_version="V12.5.4.0.RGBCNXM", region="CN", variant="XM"),
            {"ro.build.version.incremental": "V12.5.4.0.RGBCNXM"},
        ),
        (
            "A320YDXU4CSB3",
            ParsedBuild(device="A320Y", incremental="A320YDXU4CSB3", vendor_scheme="samsung",
                        vendor_version="A320YDXU4CSB3", region="DX", build_date="2019-02"),
            {"ro.build.version.incremental": "A320YDXU4CSB3"},
        ),
        (
            "R16NW.A320YDXU4CSB3",
            ParsedBuild(device="A320Y", build_id="R16NW", incremental="A320YDXU4CSB3", vendor_scheme="samsung",
                        vendor_version="A320YDXU4CSB3", region="DX", build_date="2019-02"),
            {
                "ro.build.version.incremental": "A320YDXU4CSB3",
                "ro.build.id": "R16NW",
                "ro.build.display.id": "R16NW.A320YDXU4CSB3",
            },
        ),
        (
            "PPR1.180610.011",
            ParsedBuild(android_version="9", build_id="PPR1.180610.011", vendor_scheme="aosp",
                        vendor_version="PPR1.180610.011", build_date="2018-06-10"),
            {"ro.build.id": "PPR1.180610.011", "ro.build.display.id": "PPR1.180610.011"},
        ),
        (
            "QKQ1.190910.002/V12.0.2",
            ParsedBuild(build_id="QKQ1.190910.002", incremental="V12.0.2", vendor_scheme="aosp",
                        vendor_version="QKQ1.190910.002", build_date="2019-09-10"),
            {
                "ro.build.id": "QKQ1.190910.002",
                "ro.build.version.incremental": "V12.0.2",
                "ro.build.fingerprint": "QKQ1.190910.002/V12.0.2",
            },
        ),
        (
            "QKQ1.190910.002/V12.0.2.0.QFACNXM:user/release-keys",
            ParsedBuild(android_version="10", build_id="QKQ1.190910.002", incremental="V12.0.2.0.QFACNXM",
                        type="user", tags="release-keys", vendor_scheme="miui", vendor_version="V12.0.2.0.QFACNXM",
                        region="CN", variant="XM"),
            {
                "ro.build.id": "QKQ1.190910.002",
                "ro.build.version.incremental": "V12.0.2.0.QFACNXM",
                "ro.build.type": "user",
                "ro.build.tags": "release-keys",
                "ro.build.fingerprint": "QKQ1.190910.002/V12.0.2.0.QFACNXM:user/release-keys",
            },
        ),
        (
            "NHG47K",
            ParsedBuild(android_version="7", build_id="NHG47K", vendor_scheme="aosp", vendor_version="NHG47K",
                        build_date="2017-02-16"),
            {"ro.build.id": "NHG47K", "ro.build.display.id": "NHG47K"},
        ),
        (
            "1606120123",
            ParsedBuild(incremental="1606120123", build_date="2020-11-23"),
            {"ro.build.version.incremental": "1606120123"},
        ),
        (
            "12621605",
            ParsedBuild(incremental="12621605"),
            {"ro.build.version.incremental": "12621605"},
        ),
        (
            "eng.root.20161223.224055",
            ParsedBuild(incremental="eng.root.20161223.224055", build_date="2016-12-23"),
            {"ro.build.version.incremental": "eng.root.20161223.224055"},
        ),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)  # fmt: skip
def test_forms(text: str, parsed: ParsedBuild, properties: dict[str, str]) -> None:
    build = understand(f"  {text}\n")
    assert (build.name, build.parsed, build.properties, build.from_properties) == (text, parsed, properties, False)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "foo",
        "Nokia 7 plus",
        "TA-1046",
        "00WW_3_22C_SP03 and more",
        "PPR1.181310.011",
        "V12.5.4.0.RGBCNX",
        "A320YDXU4CMB3X",
        "NOKIA/Onyx:9",
        "eng.root.20161323",
        "12345",
        "P10_PRO_MAX_V1.3_20201123",
        "foo/bar",
        "12621605/12621605",
        "QKQ1.190910.002/",
        "QKQ1.190910.002/V12.0.2/",
        "V12.0.2.0.QFACNXM/QKQ1.190910.002",
        "9" * 600,
    ],
)
def test_what_has_no_known_form(text: str) -> None:
    """It is still held against what publishers name, as any of the three numbers that it may be."""
    build = understand(text)
    assert build.parsed is None
    assert build.properties == dict.fromkeys(
        ("ro.build.display.id", "ro.build.id", "ro.build.version.incremental"), text
    )


def test_a_property_file() -> None:
    text = (
        f"[ro.build.fingerprint]: [{NOKIA_FINGERPRINT}]\n[ro.build.display.id]: [00WW_3_22C_SP03]\n"
        "[ro.build.date.utc]: [1537920000]\n[ro.serialno]: [B2NGAA8851000123]\n"
    )
    build = understand(text)
    assert build.name == "00WW_3_22C_SP03"
    assert build.from_properties
    assert build.properties["ro.product.device"] == "B2N_sprout"
    assert build.parsed == NOKIA.model_copy(
        update={
            "vendor_scheme": "hmd",
            "vendor_version": "00WW_3_22C_SP03",
            "build_date": "2018-09-26",
        }
    )


def test_a_vendor_version_that_only_the_incremental_shows() -> None:
    build = understand("ro.build.display.id=RKQ1\nro.build.id=RKQ1\nro.build.version.incremental=V12.5.4.0.RGBCNXM\n")
    assert build.parsed == ParsedBuild(
        android_version="11",
        build_id="RKQ1",
        incremental="V12.5.4.0.RGBCNXM",
        vendor_scheme="miui",
        vendor_version="V12.5.4.0.RGBCNXM",
        region="CN",
        variant="XM",
    )


def test_a_property_file_without_a_build() -> None:
    build = understand("dalvik.vm.heapsize=512m\nx=y\n")
    assert build.parsed is None
    assert build.name == "properties without a build"


def test_bytes_that_are_no_utf8_can_be_published() -> None:
    assert understand("abc\udcff").name == "abc\\udcff"


@pytest.mark.parametrize(
    "text", ["ppr1.180610.011", "qkq1.190910.002/v12.0.2", "00ww_3_22c_sp03", "v12.5.4.0.rgbcnxm", "g991bxxu5cvdd"]
)
def test_lower_case_is_read_as_the_vendor_writes_it(text: str) -> None:
    build, upper = understand(text), understand(text.upper())
    assert build.parsed is not None
    assert (build.name, build.parsed, build.properties) == (text, upper.parsed, upper.properties)


def test_a_build_number_with_the_build_id_before_it() -> None:
    build = understand("PPR1.180610.011.00WW_3_39B_SP03")
    assert build.properties == {"ro.build.display.id": "00WW_3_39B_SP03", "ro.build.id": "PPR1.180610.011"}


def test_a_vendors_own_number_counts_before_that_of_the_platform() -> None:
    text = "ro.build.display.id=QP1A.190711.020\nro.build.version.incremental=V12.5.4.0.RGBCNXM\n"
    parsed = understand(text).parsed
    assert parsed is not None
    assert (parsed.vendor_scheme, parsed.region) == ("miui", "CN")


PIECES = st.sampled_from(
    [
        "00WW_3_22C",
        "_SP",
        "03",
        "Nokia",
        "/",
        ":",
        "9",
        "PPR1",
        ".",
        "180610",
        "user",
        "-keys",
        "V12",
        "RGBCNXM",
        "[ro.a]: [",
        "]",
        "\n",
        "=",
        "ro.build.id",
        "\x00",
        "\udcff",
        " ",
    ]
)


@given(st.lists(PIECES, max_size=14).map("".join))
def test_almost_valid_text_is_always_understood_somehow(text: str) -> None:
    build = understand(text)
    build.name.encode()
    assert all(build.properties.values()) or build.from_properties or build.name == ""
