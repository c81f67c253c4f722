"""The search outside DEX files over every real package: hand-checked examples, and that nothing is cut or slow."""

import pytest

from phone_audit.model.apk import ApkInfo, Endpoint

pytestmark = [pytest.mark.corpus, pytest.mark.timeout(300)]

RADIO = {
    "37.251.146.169", "98.211.68.9", "amoris.sknt.ru", "c3.radioboss.fm", "hirschmilch.de", "live.playradio.org",
    "mega.radio.fm", "pool.radiopaloma.de", "radio4.cdm-radio.com", "streams.br.de",
}  # fmt: skip
"""Stations of eisenradio: in the tables of Python bytecode in `assets/private.tar`, a tar archive under gzip."""

PLACES = {
    "4d084aab60-app-free-release.apk": {"capstonetwo-c4aae.firebaseio.com": "resource"},
    "8b2543e42c-Sudoku.apk": {"rrmprod.amobee.com": "resource"},
    "8de37d5d87-base.apk": {"janudiet.oneapp.dev": "asset"},
    "93d5ed9656-NetworkStack_210000000.apk": {"www.googleapis.cn": "resource"},
    "2838d935df-bugsnag-android-core-5.32.3.aar": {"sessions.bugsnag.com": "dex-string"},
    "bc5344a116-alipaySdk-20160223.jar": {"mcgw.alipay.com": "dex-string"},
    "f888b95773-Yosemite.apk": {"jieshuo.ltd": "asset"},
}
SDKS = {
    "007e011c0f-jcore-android-3.3.2.jar": "JiGuang Aurora Mobile JPush",
    "2838d935df-bugsnag-android-core-5.32.3.aar": "Bugsnag",
    "35e0cc1730-jpush-android-4.8.1.jar": "JiGuang Aurora Mobile JPush",
}


def counted(info: ApkInfo) -> dict[str, Endpoint]:
    return {one.host: one for one in info.endpoints or () if one.ruled_out is None}


def test_the_stations_of_a_radio_written_in_python(corpus_records: dict[str, ApkInfo]) -> None:
    found = counted(corpus_records["faf6acc49f-eisenradio-2.0-arm64-v8a-debug.apk"])
    assert found.keys() >= RADIO
    for host in RADIO:
        assert any("assets/private.tar!" in one.where for by in found[host].held_by for one in by.evidence)
    assert not [host for host in found if "crl" in host or "ocsp" in host]


@pytest.mark.parametrize("name", PLACES)
def test_hosts_outside_dex_files(corpus_records: dict[str, ApkInfo], name: str) -> None:
    found = counted(corpus_records[name])
    for host, kind in PLACES[name].items():
        assert kind in {one.kind for by in found[host].held_by for one in by.evidence}


@pytest.mark.parametrize("name", SDKS)
def test_trackers_of_libraries_in_java(corpus_records: dict[str, ApkInfo], name: str) -> None:
    info = corpus_records[name]
    assert SDKS[name] in {one.name for one in info.trackers or () if one.tier == "present"}
    assert ("dex", "java-bytecode") in {(one.step, one.code) for one in info.skipped}


def test_nothing_outside_dex_files_is_cut(corpus_records: dict[str, ApkInfo]) -> None:
    notes = [(name, note) for name, info in corpus_records.items() for note in info.skipped if note.step == "native"]
    assert {(name, note.code) for name, note in notes} == {("061f382bcd-incorrect-manifest-size.apk", "damaged-entry")}
