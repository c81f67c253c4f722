"""What the program says of everything at hand, kept and compared, so that a change of its inside changes no result.

    python tests/benchmarks/oracle.py record FOLDER     what this checkout says; phones are read and saved in FOLDER
    python tests/benchmarks/oracle.py again FOLDER NEW  the same, of the phones that were saved in FOLDER
    python tests/benchmarks/oracle.py compare OLD NEW   lists every difference; the exit code is 1 where there is one

Asked are `apks` over the corpus (`PHONE_AUDIT_CORPUS`), `scan` of every profile of the device kit and its replay,
`firmware` over published and ordinary builds, and `scan` of acquisitions of other tools. Compared is all but `run`, and
sentences for people apart from the rest: their changes are listed side by side, and do not count as differences.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.acquire.importers import made  # noqa: E402
from tests.kit import running_kit, shared_folder  # noqa: E402

SENTENCES = {"message", "text", "reason", "title", "headline", "cannot_hold", "risk"}
"""Fields that are read by people and by no script."""
BUILDS_AT_ONCE = 200


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("record", "again", "compare"))
    parser.add_argument("first", type=Path)
    parser.add_argument("second", type=Path, nargs="?")
    chosen = parser.parse_args()
    if chosen.what == "compare":
        return compare(chosen.first, chosen.second)
    if chosen.what == "record":
        save_phones(chosen.first)
    record(chosen.first, chosen.second or chosen.first)
    return 0


def save_phones(folder: Path) -> None:
    """Read each phone of the kit, save what it answers, and see that a replay says the same."""
    profiles = sorted(path.name for path in (shared_folder() / "device" / "profiles").iterdir())
    with running_kit() as kit:
        for profile in profiles:
            saved = folder / "saved" / profile
            saved.parent.mkdir(parents=True, exist_ok=True)
            live = run("scan", kit.phone(profile).address, "--save", saved)
            replayed = run("scan", saved)
            same = without_run(live)["findings"] == without_run(replayed)["findings"]
            print(f"{profile}: {live['verdict']['outcome']}, its replay {'equal' if same else 'DIFFERENT'}")


def record(saves: Path, folder: Path) -> None:
    """Keep what this checkout says of everything but live phones."""
    results = folder / "results"
    results.mkdir(parents=True, exist_ok=True)
    for name, document in documents(saves):
        (results / f"{name}.json").write_text(json.dumps(without_run(document), indent=1, sort_keys=True), "utf-8")
        print(name)


def documents(saves: Path) -> Iterator[tuple[str, Any]]:
    corpus = os.environ.get("PHONE_AUDIT_CORPUS")
    if corpus:
        yield "apks", run("apks", corpus)
    for saved in sorted((saves / "saved").iterdir()):
        yield f"scan {saved.name}", run("scan", saved)
    builds = published_builds() + ordinary_builds()
    for start in range(0, len(builds), BUILDS_AT_ONCE):
        yield f"firmware {start:05}", run("firmware", *builds[start : start + BUILDS_AT_ONCE])
    with tempfile.TemporaryDirectory() as scratch:
        for name, place in foreign(Path(scratch)):
            yield f"foreign {name}", without_place(run("scan", place), scratch)


def published_builds() -> list[str]:
    cases = json.loads((ROOT / "tests" / "detect" / "incidents" / "must_show.json").read_bytes())
    given = [build["given"] for case in cases for build in case["builds"]]
    return [one for one in given if isinstance(one, str)]


def ordinary_builds() -> list[str]:
    lines = (ROOT / "fixtures" / "dumps" / "ordinary.jsonl").read_text("utf-8").splitlines()
    properties = [json.loads(line)["properties"] for line in lines]
    return [one[name] for one in properties for name in ("ro.build.fingerprint", "ro.build.display.id") if name in one]


def foreign(scratch: Path) -> Iterator[tuple[str, Path]]:
    phone = made.recorded()
    yield "androidqf", made.androidqf(phone, scratch / "androidqf")
    yield "bugreport", made.bugreport(phone, scratch / "bugreport.zip")
    yield "hubble", made.hubble(phone, scratch / "hubble")
    yield "mvt", made.mvt(phone, scratch / "mvt")
    yield "plain", made.plain(phone, scratch / "plain")


def run(*words: object) -> Any:
    """Return the JSON that a command gives."""
    command = [sys.executable, "-m", "phone_audit", *map(str, words), "-f", "json", "--fail-on", "never", "--no-cache"]
    done = subprocess.run(command, capture_output=True, check=False, cwd=ROOT)
    if done.returncode not in (0, 10):
        raise SystemExit(
            f"{' '.join(command[:5])} …: {done.returncode}: {done.stderr.decode('utf-8', 'replace')[-500:]}"
        )
    return json.loads(done.stdout)


def without_run(document: Any) -> Any:
    if isinstance(document, dict):
        return {name: without_run(value) for name, value in document.items() if name not in ("run", "tool")}
    return [without_run(value) for value in document] if isinstance(document, list) else document


def without_place(document: Any, scratch: str) -> Any:
    return json.loads(json.dumps(document).replace(scratch, "SCRATCH"))


def compare(old: Path, new: Path) -> int:
    """List what differs between two records."""
    names = sorted({path.name for folder in (old, new) for path in (folder / "results").iterdir()})
    different, sentences = 0, set()
    for name in names:
        sides = [folder / "results" / name for folder in (old, new)]
        if not all(path.exists() for path in sides):
            print(f"{name}: only in {next(path for path in sides if path.exists())}")
            different += 1
            continue
        for place, before, after in differences("", *(json.loads(path.read_bytes()) for path in sides)):
            if place.rpartition(".")[2].rstrip("[]0123456789") in SENTENCES:
                sentences.add((str(before), str(after)))
            else:
                different += 1
                print(f"{name}{place}: {json.dumps(before)[:200]} -> {json.dumps(after)[:200]}")
    for before, after in sorted(sentences):
        print(f"sentence:\n  - {before}\n  + {after}")
    print(f"{len(names)} documents, {different} differences, {len(sentences)} sentences changed")
    return 1 if different else 0


def differences(place: str, old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for name in sorted(old.keys() | new.keys()):
            yield from differences(f"{place}.{name}", old.get(name), new.get(name))
    elif isinstance(old, list) and isinstance(new, list):
        for number, (before, after) in enumerate(zip_longest(old, new)):
            yield from differences(f"{place}[{number}]", before, after)
    elif old != new:
        yield place, old, new


if __name__ == "__main__":
    sys.exit(main())
