"""Fixtures for every test: a home of its own, the device kit, the stock adb client, the corpus."""

import functools
import gc
import os
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

from tests.kit import AdbServer, Kit, Phone, free_port, running_adb_server, running_kit, shared_folder, unavailable

# The machines that run the tests are shared and noisy: no example fails for being slow.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


LEFT_OUT = {
    "slow": "slow by nature",
    "adbd": "needs Debian's adbd and the device kit",
    "corpus": "needs the corpus of real APKs",
    "browser": "needs Chromium and Playwright",
    "cluster": "needs Dask and an S3 server for tests",
}
"""Markers of what is not run unless it is asked for: by `--all`, or by an expression of markers with `-m`."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that runs everything."""
    parser.addoption(
        "--all",
        action="store_true",
        help="run also what is slow, or needs the device kit, the corpus, a browser or a cluster",
    )


@functools.cache
def _shared_by(file: str) -> str:
    """What takes long to make and is shared by a file of tests and others; else the file itself."""
    text = Path(file).read_text("utf-8")
    return next((marker for marker in ("corpus", "adbd") if f"pytest.mark.{marker}" in text), file)


class _MadeOnce(LoadFileScheduling):  # type: ignore[misc]
    """Files of tests that share the corpus or the phones of the kit are run by the same process."""

    def _split_scope(self, nodeid: str) -> str:
        return _shared_by(super()._split_scope(nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    """Share out the tests."""
    return _MadeOnce(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect without looking for garbage, and never look for it among the tests themselves: there are many."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what nobody should have to wait for, and say why."""
    if config.getoption("--all") or config.option.markexpr:
        return
    for item in items:
        for marker, why in LEFT_OUT.items():
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=f"{why}; --all runs it, as .ci/run does"))
                break


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home folder of the tests: the ADB key in it is made once."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def _own_surroundings(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the tests away from the developer's keys, settings and adb server."""
    for name in os.environ:
        if name.startswith(("ANDROID_", "ADB_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(free_port()))


@pytest.fixture(scope="session")
def kit() -> Iterator[Kit]:
    """The device kit; `kit.phone(profile)` starts a phone."""
    with running_kit() as kit:
        yield kit


@pytest.fixture(scope="session")
def nokia(kit: Kit) -> Phone:
    """Nokia 7 Plus, Android 9: 256 KB messages, sync v1."""
    return kit.phone("nokia7plus-bad")


@pytest.fixture(scope="session")
def oreo(kit: Kit) -> Phone:
    """Nokia 7 Plus, Android 8.1: protocol 1.0 with check sums."""
    return kit.phone("nokia7plus-oreo")


@pytest.fixture(scope="session")
def pixel(kit: Kit) -> Phone:
    """Pixel 8, Android 15: everything that adbd 34 can do."""
    return kit.phone("clean-pixel")


@pytest.fixture(scope="session")
def usb_kit(kit: Kit) -> Kit:
    """The kit, where its USB bus works too."""
    if shutil.which("cc") is None:
        unavailable("the kit's USB bus needs a C compiler")
    tried = kit.usb("1", "")
    if tried.returncode:
        unavailable(f"the kit's USB bus does not work: {tried.stderr.strip()[-300:]}")
    return kit


@pytest.fixture(scope="session")
def stock_adb() -> str:
    """The stock adb client; without `adb_server` no server runs."""
    path = shutil.which("adb")
    if path is None:
        unavailable("the stock adb client is not installed")
    return path


@pytest.fixture(scope="session")
def _session_adb_server(stock_adb: str) -> Iterator[AdbServer]:
    del stock_adb
    with running_adb_server() as server:
        yield server


@pytest.fixture
def adb_server(_session_adb_server: AdbServer, monkeypatch: pytest.MonkeyPatch) -> AdbServer:
    """A stock adb server of the tests' own, which code under test finds by its environment."""
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(_session_adb_server.port))
    return _session_adb_server


@pytest.fixture(scope="session")
def corpus_reference() -> Path:
    """The folder that describes the corpus (`reference.json`, `index.tsv`)."""
    folder = shared_folder() / "corpus"
    if not folder.is_dir():
        pytest.skip(f"there is no corpus at {folder} (PHONE_AUDIT_SHARED names the folder above)")
    return folder


@pytest.fixture(scope="session")
def corpus(corpus_reference: Path) -> Path:
    """The folder of real APKs."""
    folder = os.environ.get("PHONE_AUDIT_CORPUS")
    if not folder or not Path(folder).is_dir():
        pytest.skip("PHONE_AUDIT_CORPUS does not name the folder of APKs that shared/corpus/get.sh makes")
    return Path(folder)
