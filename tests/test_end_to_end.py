"""The program as a person runs it: command, standard output, exit code."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.program import program
from tests.simulated.lab_phone import LabPhone

REPOSITORY = Path(__file__).parent.parent
BUILT = REPOSITORY / "phone_audit" / "simulated" / "data" / "nokia7plus"
ACTIVATION = "com.qualcomm.qti.autoregistration"
NOKIA = "nokia-7-plus-vnet-cn-2019"


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_DATA_HOME", "ANDROID_USER_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    (tmp_path / "home").mkdir()


@pytest.fixture
def nokia() -> Iterator[LabPhone]:
    with LabPhone("nokia7plus") as phone:
        yield phone


def run(*arguments: str | Path, given: str = "") -> subprocess.CompletedProcess[str]:
    return program(*arguments, given=given, columns=80)


def without_run(value: Any) -> Any:
    """Leave out what may differ between two runs."""
    if isinstance(value, dict):
        return {key: without_run(item) for key, item in value.items() if key != "run"}
    return [without_run(item) for item in value] if isinstance(value, list) else value


def test_demo_ends_in_the_report_of_a_known_bad_phone() -> None:
    shown = run("demo")
    assert shown.returncode == 0
    assert shown.stdout.startswith(" KNOWN-BAD  This phone matches a published incident: China Telecom")
    assert "clean" not in shown.stdout.lower()
    answer = " ".join(shown.stdout.split())
    assert "published that “AutoRegistration” sends IMEI, SIM ICCID, Wi-Fi MAC address" in answer
    assert len(shown.stdout.splitlines()) <= 40
    long = " ".join(run("demo", "--details").stdout.split())
    for part in (
        "IMEI, Wi-Fi MAC address, SIM ICCID",
        "in cleartext (HTTP) to zzhc.vnet.cn",
        f"the package {ACTIVATION} with zzhc.vnet.cn in its classes.dex",
        "00WW_3_22C_SP05, or any 00WW_3_39B from SP03",
        "This phone does not show its service pack",
    ):
        assert part in long


def test_demo_says_where_its_page_is(tmp_path: Path) -> None:
    page = tmp_path / "d.html"
    told = " ".join(run("demo", "-o", page).stderr.split())
    assert "KNOWN-BAD: Nokia 7 plus" in told
    assert "in a browser" in told
    assert run("demo", "-q", "-o", page).stderr == ""


def test_the_report_in_the_readme_is_the_real_one() -> None:
    printed = (REPOSITORY / "README.md").read_text("utf-8").split("```text\n")[1].split("```")[0].splitlines()
    lines = [line for line in printed if line.strip() != "…"]
    assert lines[0].startswith(" KNOWN-BAD")
    shown = run("demo").stdout.splitlines()
    assert [line for line in lines if line not in shown] == []


@pytest.mark.promise("saved-same-result")
def test_scan_saves_and_its_replay_gives_the_same_bytes(nokia: LabPhone, tmp_path: Path) -> None:
    live = run("scan", nokia.address, "--via", "direct", "--save", tmp_path / "saved", "-f", "json")
    assert live.returncode == 12
    replayed = run("scan", tmp_path / "saved", "-f", "json")
    assert replayed.returncode == 12
    one, other = json.loads(live.stdout), json.loads(replayed.stdout)
    assert without_run(one) == without_run(other)
    assert (one["run"]["replayed"], other["run"]["replayed"]) == (False, True)
    assert next(finding["incident"] for finding in one["findings"] if finding["confidence"] == "confirmed") == NOKIA
    assert one["device"]["serial"] is None


@pytest.mark.promise("no-serial")
def test_identifiers_only_when_asked_for(nokia: LabPhone, tmp_path: Path) -> None:
    run("scan", nokia.address, "--via", "direct", "--save", tmp_path / "saved", "-o", tmp_path / "a.json")
    serial = json.loads(run("scan", tmp_path / "saved", "-f", "json", "--with-identifiers").stdout)["device"]["serial"]
    assert serial
    assert serial not in (tmp_path / "a.json").read_text()


@pytest.mark.promise("unread-never-good")
def test_a_quick_scan_promises_nothing(nokia: LabPhone) -> None:
    shown = run("scan", nokia.address, "--via", "direct", "--depth", "quick", "-f", "json")
    document = json.loads(shown.stdout)
    assert document["apks"] == []
    assert document["verdict"]["outcome"] == "inconclusive"


@pytest.mark.slow
def test_a_cable_pulled_half_way_keeps_what_was_read() -> None:
    with LabPhone("nokia7plus", cut_after=60_000) as phone:
        shown = run("scan", phone.address, "--via", "direct", "-f", "json")
    document = json.loads(shown.stdout)
    assert document["packages"]
    assert not document["coverage"]["complete"]
    assert "device-lost" in {item["code"] for item in document["coverage"]["skipped"]}
    assert phone.address not in shown.stdout
    assert shown.returncode in (10, 12)


def test_report_draws_a_saved_result(nokia: LabPhone, tmp_path: Path) -> None:
    scanned = run(
        "scan", nokia.address, "--via", "direct", "-o", tmp_path / "a.json", "-o", tmp_path / "a.txt", "--details"
    )
    assert scanned.returncode == 12, scanned.stderr
    shown = run("report", tmp_path / "a.json", "--details")
    assert shown.returncode == 0
    head, _, body = shown.stdout.partition("\n\n")
    assert head.startswith("All of this is as stated in")
    stated = f", as stated in {tmp_path / 'a.json'}"
    assert "".join(body.split()).replace("".join(stated.split()), "") == "".join(
        (tmp_path / "a.txt").read_text().split()
    )
    assert run("report", tmp_path / "a.json", "--fail-on", "suspicious").returncode == 12


def test_apks_gives_a_record_for_every_file(tmp_path: Path) -> None:
    (tmp_path / "empty.apk").touch()
    (tmp_path / "text.apk").write_text("hello")
    whole = (BUILT / f"{ACTIVATION}.apk").read_bytes()
    (tmp_path / "cut.apk").write_bytes(whole[: len(whole) // 2])
    shutil.copy(BUILT / "com.example.weather.apk", tmp_path)
    shown = run("apks", tmp_path, "-f", "json")
    records = {Path(record["path"]).name: record for record in json.loads(shown.stdout)["apks"]}
    assert sorted(records) == ["com.example.weather.apk", "cut.apk", "empty.apk", "text.apk"]
    for name in ("cut.apk", "empty.apk", "text.apk"):
        assert records[name]["package"] is None
        assert records[name]["outcome"] == "inconclusive"
        assert records[name]["skipped"][0]["reason"].endswith(".")
    assert records["com.example.weather.apk"]["package"] == "com.example.weather"
    assert shown.returncode == 10
    assert "Traceback" not in shown.stderr


def test_apks_streams_lines() -> None:
    lines = run("apks", BUILT / f"{ACTIVATION}.apk", BUILT / "android.apk", "-f", "jsonl").stdout.splitlines()
    assert {json.loads(line)["package"] for line in lines} == {"android", ACTIVATION}  # in the order in which they end
    assert len(lines) == 2


def test_a_folder_without_apks(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("hello")
    shown = run("apks", tmp_path)
    assert shown.returncode == 3
    assert "No APK" in shown.stderr


def test_firmware_tells_candidate_fingerprint_and_fixed_build_apart() -> None:
    builds = [
        "00WW_3_22C_SP03",
        "Nokia/Onyx_00WW/B2N_sprout:9/PPR1.180610.011/00WW_3_22C:user/release-keys",
        "00WW_3_39B_SP03",
    ]
    shown = run("firmware", *builds, "-f", "json")
    document = json.loads(shown.stdout)
    assert shown.returncode == 10
    assert [build["input"] for build in document["builds"]] == builds
    assert [build["verdict"]["outcome"] for build in document["builds"]] == [
        "inconclusive",
        "inconclusive",
        "nothing-found",
    ]
    statuses = [{(match["status"], match["match"]) for match in build["matches"]} for build in document["builds"]]
    assert ("candidate", "range") in statuses[0]
    assert ("candidate", "exact") in statuses[1]
    assert statuses[2] == {("fixed", "exact")}
    assert "does not show the service pack" in document["builds"][1]["verdict"]["reasons"][0]["text"]


def test_firmware_reads_lines_and_property_files(tmp_path: Path) -> None:
    file = tmp_path / "build.prop"
    file.write_text("ro.build.display.id=00WW_3_39B_SP03\nro.product.device=B2N_sprout\n")
    shown = run("firmware", "-", file, "-f", "json", given="00WW_3_22C_SP03\n\nPPR1.180610.011\n")
    outcomes = [build["verdict"]["outcome"] for build in json.loads(shown.stdout)["builds"]]
    assert outcomes == ["inconclusive", "nothing-found", "nothing-found"]


def test_a_build_that_is_not_understood_was_not_checked() -> None:
    shown = run("firmware", "hello")
    assert shown.returncode == 10
    assert "INCONCLUSIVE" in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["apks", "no-such-file.apk"], 2, "no-such-file.apk does not exist"),
        (["firmware"], 2, "Missing argument"),
        (["firmware", "x", "-f", "pdf"], 2, "no format 'pdf'"),
        (["firmware", "x", "-f", "json", "-f", "text"], 2, "Two results would go to standard output"),
        (["report", "no-such-file.json"], 1, "cannot be read"),
        (["scan", "127.0.0.1:1"], 3, "127.0.0.1:1"),
        (["scan", "--users", "everybody"], 2, "all, current, or the number of a user"),
    ],
)
def test_what_cannot_be_done_has_a_sentence_and_its_code(arguments: list[str], code: int, sentence: str) -> None:
    shown = run(*arguments)
    assert (shown.returncode, sentence in " ".join(shown.stderr.split())) == (code, True), shown.stderr
    assert "Traceback" not in shown.stderr


def test_a_folder_that_is_no_acquisition(tmp_path: Path) -> None:
    shown = run("scan", tmp_path)
    assert shown.returncode == 1
    assert str(tmp_path) in shown.stderr


def loaded_by(*arguments: str) -> set[str]:
    """Run a command in a fresh Python and give the top-level modules that it imported."""
    code = (
        "import sys\nfrom phone_audit.cli.main import main\n"
        f"sys.argv = ['phone-audit', *{list(arguments)!r}]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "sys.stderr.write('\\n'.join({name.partition('.')[0] for name in sys.modules}))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    return set(shown.stderr.split())


HEAVY = {
    "numpy",
    "adb_shell",
    "tldextract",
    "androguard",
    "asn1crypto",
    "isal",
    "cryptography",
    "usb1",
    "requests",
    "jinja2",
    "pyarrow",
}


@pytest.mark.parametrize("arguments", [["--help"], ["scan", "--help"], ["firmware", "00WW_3_22C_SP03"]])
def test_quick_commands_load_nothing_heavy(arguments: list[str]) -> None:
    loaded = loaded_by(*arguments)
    assert "phone_audit" in loaded
    assert loaded & HEAVY == set()


# What a hostile review found


def test_output_goes_into_what_is_no_ordinary_file(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE, text=True) as reader:
        assert run("firmware", "00WW_3_39B_SP03", "-f", "json", "-o", pipe).returncode == 0
        assert pipe.is_fifo()
        assert json.loads(reader.communicate(timeout=20)[0])["schema"] == "phone-audit/firmware/1"


@pytest.mark.promise("outputs-whole")
def test_a_file_keeps_its_rights_and_a_link_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    real.touch(0o600)
    link.symlink_to(real)
    run("firmware", "00WW_3_39B_SP03", "-o", link)
    assert link.is_symlink()
    assert json.loads(real.read_text())
    assert real.stat().st_mode & 0o777 == 0o600


def test_places_are_checked_before_anything_is_read(nokia: LabPhone, tmp_path: Path) -> None:
    shown = run("scan", nokia.address, "--via", "direct", "-o", tmp_path / "none" / "x.json")
    assert shown.returncode == 2
    assert nokia.opened == []


def test_broken_knowledge_is_told_before_the_phone_is_asked(nokia: LabPhone, tmp_path: Path) -> None:
    (tmp_path / "trackers").mkdir()
    (tmp_path / "trackers" / "a.json").write_text("[]")
    shown = run("scan", nokia.address, "--via", "direct", "--knowledge", tmp_path)
    assert shown.returncode == 1
    assert "a.json" in shown.stderr
    assert nokia.opened == []


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("{} firmware x >/dev/full", 1),
        ("{} --help >/dev/full", 1),
        ("{} firmware x >&-", 1),
        ("{} firmware - <&-", 2),
        ("{} firmware 00WW_3_39B_SP03 -f json 2>&- | grep schema", 0),
        ("{} firmware 00WW_3_39B_SP03 -f json -o ''", 2),
        ("{} apks '' ", 2),
        ("{} scan '' ", 2),
        ("{} apks . --timeout inf", 2),
        ("{} firmware 00WW_3_39B_SP03 -f json --label $'\\xff' | grep xff", 0),
        ("{} scan no/such/folder", 1),
    ],
)
def test_odd_calls_end_with_a_sentence(command: str, code: int) -> None:
    shell = command.format(f"{sys.executable} -m phone_audit")
    shown = subprocess.run(
        ["bash", "-o", "pipefail", "-c", shell], capture_output=True, text=True, timeout=60, check=False, cwd=REPOSITORY
    )
    assert shown.returncode == code, shown.stderr
    assert "Traceback" not in shown.stderr
    assert "Exception ignored" not in shown.stderr


def test_a_split_finds_its_base_whatever_the_order(tmp_path: Path) -> None:
    for folder in ("p", "q"):
        (tmp_path / folder).mkdir()
    base, split = tmp_path / "p" / "base.apk", tmp_path / "p" / "split_config.xxhdpi.apk"
    other = tmp_path / "q" / "android.apk"
    shutil.copy(BUILT / "com.example.weather.apk", base)
    shutil.copy(BUILT / "com.example.weather.config.xxhdpi.apk", split)
    shutil.copy(BUILT / "android.apk", other)
    results = [
        json.loads(run("apks", *order, "-f", "json").stdout) for order in ([base, other, split], [split, other, base])
    ]
    assert without_run(results[0]) == without_run(results[1])
    assert [len(record["files"]) for record in results[0]["apks"]] == [2, 1]


@pytest.mark.slow
def test_a_replay_holds_what_was_asked_and_nothing_else(nokia: LabPhone, tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    run("scan", nokia.address, "--via", "direct", "--save", saved, "-q")
    for option in (["--save", tmp_path / "again"], ["--users", "10"], ["--depth", "quick"]):
        assert run("scan", saved, *option).returncode == 2
    assert "read again from a saved acquisition" in " ".join(run("scan", saved, "--details").stdout.split())


def test_a_record_of_one_apk_can_be_drawn(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text(run("apks", BUILT / "com.example.weather.apk", "-f", "jsonl").stdout)
    shown = run("report", tmp_path / "one.json")
    assert shown.returncode == 0
    assert shown.stdout.partition("\n\n")[2].startswith(" EXPOSED  com.example.weather")


@pytest.mark.slow
@pytest.mark.promise("nothing-left-behind")
@pytest.mark.parametrize("group", [False, True])
def test_ctrl_c_keeps_what_was_found(tmp_path: Path, group: bool) -> None:
    folder = tmp_path / "apks"
    folder.mkdir()
    whole = (BUILT / "com.example.weather.apk").read_bytes()
    for number in range(4000):
        (folder / f"{number:04}.apk").write_bytes(whole + str(number).encode())
    command = [sys.executable, "-m", "phone_audit", "apks", str(folder), "-v", "-o", str(tmp_path / "result.json")]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, cwd=REPOSITORY, start_new_session=True
    ) as running:
        assert running.stderr is not None
        for line in running.stderr:
            if line.startswith("reading files: "):
                break
        os.killpg(running.pid, signal.SIGINT) if group else running.send_signal(signal.SIGINT)
        errors = running.communicate(timeout=60)[1]
    assert running.returncode == 130, errors
    result = json.loads((tmp_path / "result.json").read_text())
    assert 1 <= len(result["apks"]) < 4000
    assert {item["code"] for item in result["skipped"]} == {"interrupted"}


def test_ctrl_c_while_waiting_for_the_dialog_ends_at_once() -> None:
    with LabPhone("nokia7plus", auth="ask") as phone:
        command = [sys.executable, "-m", "phone_audit", "scan", phone.address, "--via", "direct"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=REPOSITORY) as running:
            assert running.stderr is not None
            assert "Look at the screen" in running.stderr.readline()
            running.send_signal(signal.SIGINT)
            errors = running.communicate(timeout=10)[1]
        assert running.returncode == 130, errors


@pytest.mark.slow
def test_a_scan_says_in_what_a_phone_differs_from_a_known_good_one(nokia: LabPhone, tmp_path: Path) -> None:
    first = run("scan", nokia.address, "--via", "direct", "--save", tmp_path / "saved", "-o", tmp_path / "good.json")
    assert first.returncode == 12
    good = json.loads((tmp_path / "good.json").read_text())
    assert good["baseline"] is None
    again = run("scan", tmp_path / "saved", "--baseline", tmp_path / "good.json")
    assert "No difference was seen in what both results read." in " ".join(again.stdout.split())
    good["packages"] = [one for one in good["packages"] if one["name"] != ACTIVATION]
    good["findings"] = []
    good["verdict"]["outcome"] = "exposed"
    (tmp_path / "edited.json").write_text(json.dumps(good))
    outputs = ("-f", "json", "-o", tmp_path / "a.json", "-f", "text")
    shown = run("scan", tmp_path / "saved", "--baseline", tmp_path / "edited.json", *outputs)
    assert shown.returncode == 12
    baseline = json.loads((tmp_path / "a.json").read_text())["baseline"]
    assert (baseline["schema"], baseline["kind"]) == ("phone-audit/diff/1", "same-phone")
    assert baseline["changes"][0]["what"] == "verdict"
    assert ACTIVATION in {one["subject"] for one in baseline["changes"] if one["what"] == "package"}
    assert "This phone differs from it in" in shown.stdout
    refused = run("scan", tmp_path / "saved", "--baseline", tmp_path / "none.json")
    assert (refused.returncode, refused.stdout) == (1, "")


@pytest.mark.slow
def test_a_scan_of_which_somebody_answers_for_what_was_found(nokia: LabPhone, tmp_path: Path) -> None:
    first = run("scan", nokia.address, "--via", "direct", "--save", tmp_path / "saved", "-f", "json")
    document = json.loads(first.stdout)
    grave = [one["key"] for one in document["findings"] if one["supports"] in ("suspicious", "known-bad")]
    said = {"by": "Jo", "at": "2026-01-31", "reason": "A phone of the museum.", "until": "9000-01-01"}
    entries = [{"finding": key, "severity": "critical", **said} for key in grave]
    (tmp_path / "accept.json").write_text(json.dumps({"accept": entries}))
    (tmp_path / "first.json").write_text(first.stdout)
    told = run("report", tmp_path / "first.json", "--accept", tmp_path / "accept.json").stderr
    seen = dict(re.findall(r"([0-9a-f]{16}) .*seen: ([0-9a-f]{16})", told))
    assert seen.keys() == set(grave)
    entries = [{**entry, "seen": seen[entry["finding"]]} for entry in entries]
    (tmp_path / "accept.json").write_text(json.dumps({"accept": entries}))
    shown = run(
        "scan", tmp_path / "saved", "--accept", tmp_path / "accept.json", "-f", "json", "-o", tmp_path / "a.json"
    )
    assert shown.returncode == 0
    accepted = json.loads((tmp_path / "a.json").read_text())
    assert accepted["verdict"]["outcome"] == "known-bad"
    assert {one["key"] for one in accepted["findings"] if one["accepted_by"]} == set(grave)
    fleet = run(
        "scan", tmp_path / "saved", tmp_path / "a.json", "--accept", tmp_path / "accept.json", "-o", tmp_path / "f"
    )
    assert fleet.returncode == 10
    (row, _) = json.loads((tmp_path / "f" / "fleet.json").read_text())["scans"]
    assert (row["outcome"], row["gating"]) == ("known-bad", "exposed")
    marked = run("report", tmp_path / "a.json", "--fail-on", "suspicious")
    assert marked.returncode == 0
    assert "accepted by Jo on 2026-01-31 until 9000-01-01. A phone of the museum." in " ".join(marked.stdout.split())
