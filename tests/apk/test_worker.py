"""Worker processes: whatever a file does to one, each file has its record, in order and in time."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from phone_audit.apk.read_apk import read_apk
from phone_audit.apk.worker.pool import WorkerPool
from phone_audit.apk.worker.process import WORKER
from phone_audit.apk.worker.tasks import ApkInput
from phone_audit.errors import PhoneAuditError
from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.apk import ApkInfo
from phone_audit.model.finding import Skipped
from tests.apk.packages import dex, fixture, package
from tests.apk.zips import Part

MISBEHAVING = WORKER.replace("phone_audit.apk.worker.child", "tests.apk.misbehaving")
ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("androguard", "asn1crypto", "isal", "loguru", "lxml", "numpy", "tldextract")


def write(folder: Path, name: str, data: bytes | None = None) -> tuple[Path, str]:
    path = folder / name
    path.write_bytes(fixture("policy") if data is None else data)
    return path, name


def run(
    items: Sequence[tuple[Path, str]],
    *,
    jobs: int = 1,
    timeout: float = 30.0,
    program: str = WORKER,
    memory: int = 1024,
) -> list[tuple[ApkInfo, float]]:
    with WorkerPool(jobs, timeout=timeout, memory_mb=memory, program=program) as pool:
        return list(pool.analyse(items))


def goes_wrong(folder: Path, name: str, timeout: float = 30.0) -> ApkInfo:
    ((info, _),) = run([write(folder, f"{name}.apk")], timeout=timeout, program=MISBEHAVING)
    return info


def skips(info: ApkInfo) -> list[tuple[str, str]]:
    return [(skipped.step, skipped.code) for skipped in info.skipped]


def test_the_same_record_as_without_a_worker(tmp_path: Path) -> None:
    path, name = write(tmp_path, "a.apk", package("policy", dex("http://ads.example.net/x")))
    ((info, seconds),) = run([(path, name)])
    assert info == read_apk(path, shown_as=name, knowledge=load_knowledge())
    assert seconds > 0


@pytest.mark.parametrize("jobs", [1, 3])
def test_records_come_in_the_order_given(tmp_path: Path, jobs: int) -> None:
    names = ["slow-dex.apk", "b.apk", "text.apk", "slow-manifest.apk", *(f"{n}.apk" for n in range(30))]
    items = [write(tmp_path, name, package("base", Part(str(n)))) for n, name in enumerate(names)]
    results = run(items, jobs=jobs, program=MISBEHAVING)
    assert [info.path for info, _ in results] == names
    assert [info.package for info, _ in results] == ["fixture.split"] * len(names)


def test_records_are_given_as_they_are_ready(tmp_path: Path) -> None:
    items = [write(tmp_path, "a.apk"), write(tmp_path, "hang-dex.apk", fixture("base"))]
    with WorkerPool(1, timeout=1000, memory_mb=1024, program=MISBEHAVING) as pool:
        info, _ = next(pool.analyse(items))
    assert info.path == "a.apk"


def test_one_worker_serves_many_files_and_a_second_call(tmp_path: Path) -> None:
    items = [write(tmp_path, f"{n}.apk", package("base", Part(str(n)))) for n in range(3)]
    with WorkerPool(1, timeout=30, memory_mb=1024) as pool:
        assert not pool.pids
        pids = {pool.pids for _ in pool.analyse(items)}
        assert len(list(pool.analyse(items))) == 3
        assert pids == {pool.pids}


def test_no_files_start_no_worker() -> None:
    with WorkerPool(2, timeout=30, memory_mb=1024, program="raise SystemExit(1)") as pool:
        assert list(pool.analyse([])) == []


def test_no_file_waits_for_a_slow_one_to_be_finished(tmp_path: Path) -> None:
    names = ["hang-dex.apk", *(f"{number}.apk" for number in range(40))]
    paths = [write(tmp_path, name, package("base", Part(name)))[0] for name in names]
    with WorkerPool(2, timeout=1000, memory_mb=1024, program=MISBEHAVING) as pool:
        finished = pool.as_finished([ApkInput(path, path.name) for path in paths])
        assert sorted(next(finished)[0] for _ in range(40)) == [*range(1, 41)]


@pytest.mark.promise("nothing-left-behind")
def test_an_unfinished_call_leaves_nothing_behind(tmp_path: Path) -> None:
    items = [write(tmp_path, "a.apk"), write(tmp_path, "slow-dex.apk", fixture("base"))]
    with WorkerPool(1, timeout=30, memory_mb=1024, program=MISBEHAVING) as pool:
        results = pool.analyse(items)
        next(results)
        results.close()
        assert [info.path for info, _ in pool.analyse(items[:1])] == ["a.apk"]


def test_equal_bytes_are_read_once_and_have_a_record_each(tmp_path: Path) -> None:
    data = package("base", Part("classes.dex", b"no dex"))
    same = [write(tmp_path, name, data) for name in ("slow-dex.apk", "b.apk", "c.apk")]
    other = write(tmp_path, "d.apk", data[:10] + b"\1" + data[11:])
    results = run([*same, other], jobs=2, program=MISBEHAVING)
    assert [(info.path, seconds == 0.0) for info, seconds in results] == [
        ("slow-dex.apk", False),
        ("b.apk", True),
        ("c.apk", True),
        ("d.apk", False),
    ]
    first, second = results[0][0], results[1][0]
    assert [file.path for file in second.files] == ["b.apk"]
    assert [skipped.subject for skipped in second.skipped] == ["b.apk!classes.dex"]
    assert first.sha256 == second.sha256


def test_a_v4_signature_beside_one_copy_makes_it_another_file(tmp_path: Path) -> None:
    items = [write(tmp_path, name, fixture("rotated")) for name in ("a.apk", "b.apk")]
    (tmp_path / "b.apk.idsig").write_bytes((ROOT / "fixtures" / "manifests" / "rotated.apk.idsig").read_bytes())
    schemes = [info.signature.schemes for info, _ in run(items) if info.signature]
    assert schemes == [("v1", "v2", "v3"), ("v1", "v2", "v3", "v4")]


@pytest.mark.slow
@pytest.mark.promise("child-budget")
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("abort-manifest", "crashed"),
        ("raise-manifest", "crashed"),
        ("exit-manifest", "crashed"),
        ("nonsense-manifest", "crashed"),
        ("endless-manifest", "crashed"),
        ("dense-manifest", "crashed"),
        ("deep-manifest", "crashed"),
        ("infinite-manifest", "crashed"),
        ("connect-manifest", "crashed"),
        ("run-manifest", "crashed"),
        ("kill-manifest", "memory-budget"),
        ("gluttony-manifest", "memory-budget"),
    ],
)
def test_a_step_that_ends_the_worker_is_left_out_and_the_rest_is_read(tmp_path: Path, name: str, code: str) -> None:
    info = goes_wrong(tmp_path, name)
    assert skips(info) == [("manifest", code)]
    assert (info.package, info.endpoints) == (None, ())
    assert info.signature is not None


def test_to_say_again_that_it_is_ready_gives_a_worker_no_more_time(tmp_path: Path) -> None:
    info = goes_wrong(tmp_path, "ready-dex")
    assert skips(info) == [("dex", "crashed")]


def test_the_reason_names_how_the_worker_ended_and_is_harmless(tmp_path: Path) -> None:
    assert goes_wrong(tmp_path, "raise-dex").skipped == (
        Skipped(
            subject="raise-dex.apk",
            step="dex",
            code="crashed",
            reason="The dex step ended the process that reads files "
            "(exit status 1: RuntimeError: made-up  [31mfailure [0m).",
        ),
    )
    assert "signal 6" in goes_wrong(tmp_path, "abort-dex").skipped[0].reason


@pytest.mark.promise("child-confined")
def test_the_network_and_other_processes_are_refused(tmp_path: Path) -> None:
    for name, event in (("connect-dex", "socket.getaddrinfo"), ("run-dex", "subprocess.Popen")):
        assert event in goes_wrong(tmp_path, name).skipped[0].reason


@pytest.mark.slow
@pytest.mark.promise("child-budget")
@pytest.mark.parametrize(
    ("name", "unknown"), [("hang-signature", "signature"), ("hang-manifest", "package"), ("hang-dex", "endpoints")]
)
def test_a_step_that_takes_too_long_is_left_out_and_the_rest_is_read(tmp_path: Path, name: str, unknown: str) -> None:
    info = goes_wrong(tmp_path, name, timeout=4.0)
    assert skips(info) == [(name.removeprefix("hang-"), "time-budget")]
    known = {"signature", "package", "endpoints"} - {unknown}
    assert getattr(info, unknown) is None
    assert all(getattr(info, field) is not None for field in known)
    assert info.skipped[0].reason.endswith("did not end within the time budget of 4 seconds.")


def test_a_file_whose_bytes_cannot_be_read_in_time_has_a_record(tmp_path: Path) -> None:
    info = goes_wrong(tmp_path, "hang-read", timeout=1.0)
    assert (info.path, info.sha256, skips(info)) == ("hang-read.apk", None, [("read", "time-budget")])


@pytest.mark.promise("damage-is-noted")
def test_the_files_after_a_bad_one_are_read(tmp_path: Path) -> None:
    names = ["kill-read.apk", "a.apk", "abort-dex.apk", "b.apk"]
    results = run([write(tmp_path, n, package("base", Part(n))) for n in names], jobs=2, program=MISBEHAVING)
    assert [(info.path, skips(info)) for info, _ in results] == [
        ("kill-read.apk", [("read", "memory-budget")]),
        ("a.apk", []),
        ("abort-dex.apk", [("dex", "crashed")]),
        ("b.apk", []),
    ]


def test_what_a_library_prints_does_not_disturb(tmp_path: Path) -> None:
    info = goes_wrong(tmp_path, "print-dex")
    assert (info.package, info.skipped) == ("fixture.policy", ())


@pytest.mark.promise("child-budget")
def test_code_that_needs_more_memory_than_allowed(tmp_path: Path) -> None:
    bomb = package("base", Part("classes.dex", b"\0" * (120 * 2**20)))
    items = [write(tmp_path, "bomb.apk", bomb), write(tmp_path, "next.apk")]
    (bad, _), (good, _) = run(items, memory=260)
    assert skips(bad) == [("dex", "memory-budget")]
    assert (bad.package, bad.endpoints, good.package) == ("fixture.split", None, "fixture.policy")


def test_a_worker_that_held_much_memory_is_replaced(tmp_path: Path) -> None:
    bomb = write(tmp_path, "bomb.apk", package("base", Part("classes.dex", b"\0" * (120 * 2**20))))
    with WorkerPool(1, timeout=30, memory_mb=260) as pool:
        (pids,) = {pool.pids for _ in pool.analyse([bomb])}
        assert pids == ()


def test_a_worker_that_does_not_start() -> None:
    pool = WorkerPool(1, timeout=5, memory_mb=64, knowledge_dirs=[Path("refuse-to-start")], program=MISBEHAVING)
    with pool, pytest.raises(PhoneAuditError) as caught:
        list(pool.analyse([(Path("a.apk"), "a.apk")]))
    assert caught.value.message == "The process that reads APKs does not start: nothing works today."


def test_knowledge_that_cannot_be_read_stops_the_worker(tmp_path: Path) -> None:
    pool = WorkerPool(1, timeout=5, memory_mb=1024, knowledge_dirs=[tmp_path / "nowhere"])
    with pool, pytest.raises(PhoneAuditError, match=r"does not start: .*nowhere"):
        list(pool.analyse([(Path("a.apk"), "a.apk")]))


def test_a_name_that_is_no_utf8(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.apk"))
    path.write_bytes(fixture("policy"))
    ((info, _),) = run([(path, "\udcff.apk")])
    assert (info.path, info.package) == ("\\udcff.apk", "fixture.policy")


@pytest.mark.promise("parent-reads-no-apk")
def test_the_parent_imports_nothing_that_touches_hostile_bytes() -> None:
    code = (
        "import sys, phone_audit.apk.worker.pool, phone_audit.apk.discover, phone_audit.apk.records;"
        "import phone_audit.apk.range_planner, phone_audit.pipeline.apks, phone_audit.pipeline.scan;"
        "import phone_audit.pipeline.firmware, phone_audit.pipeline.watch;"
        f"print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


@pytest.mark.promise("child-confined")
def test_the_worker_sees_nothing_of_the_parents_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("SECRET_OF_THE_PARENT", "x")
    (tmp_path / "json.py").write_text("raise SystemExit('the wrong json')")
    monkeypatch.chdir(tmp_path)
    with WorkerPool(1, timeout=30, memory_mb=1024) as pool:
        list(pool.analyse([write(tmp_path, "a.apk")]))
        (pid,) = pool.pids
        environment = Path(f"/proc/{pid}/environ")
        if environment.exists():
            assert b"SECRET_OF_THE_PARENT" not in environment.read_bytes()


@pytest.mark.promise("nothing-left-behind")
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_no_worker_outlives_a_parent_that_is_killed(tmp_path: Path) -> None:
    path, _ = write(tmp_path, "hang-dex.apk")
    code = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from phone_audit.apk.worker import tasks
from phone_audit.apk.worker import pool as worker_pool
begin_step = tasks.Task.begin_step
def tell(self, step, now):
    begin_step(self, step, now)
    if step == "dex":
        print(*pool.pids, flush=True)
tasks.Task.begin_step = tell
pool = worker_pool.WorkerPool(1, timeout=1000, memory_mb=1024, program={MISBEHAVING!r})
list(pool.analyse([(Path({str(path)!r}), "a")]))
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        assert _runs(worker)
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    until = time.monotonic() + 60
    while _runs(worker) and time.monotonic() < until:
        time.sleep(0.02)
    assert not _runs(worker)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_worker_that_was_started_early_reads_the_first_file(tmp_path: Path) -> None:
    path = tmp_path / "a.apk"
    path.write_bytes(b"no archive")
    with WorkerPool(2, timeout=60, memory_mb=1024) as pool:
        assert not pool.pids
        pool.start()
        (early,) = pool.pids
        pool.start()
        assert pool.pids == (early,)
        ((info, _),) = list(pool.analyse([(path, "a.apk")]))
        assert info.sha256 is not None
        assert pool.pids == (early,)


def test_a_worker_that_was_started_in_vain_ends_with_the_pool() -> None:
    with WorkerPool(1, timeout=60, memory_mb=1024) as pool:
        pool.start()
        (pid,) = pool.pids
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
