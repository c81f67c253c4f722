"""What is read of the corpus, once for all tests over it, which one process runs."""

from pathlib import Path

import pytest

from phone_audit.apk.discover import InputFile, find_apks
from phone_audit.apk.package_code import CodeFacts
from phone_audit.apk.worker.pool import WorkerPool
from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.apk import ApkInfo
from tests.apk.precision.measure import read_packages


@pytest.fixture(scope="session")
def corpus_records(corpus: Path) -> dict[str, ApkInfo]:
    """The record of each file, by its name."""
    found = [one for one in find_apks([corpus]) if isinstance(one, InputFile)]
    with WorkerPool(2, timeout=60, memory_mb=1024) as pool:
        infos = [info for info, _ in pool.analyse((one.path, one.shown_as) for one in found)]
    assert [info.path for info in infos] == [one.shown_as for one in found]
    return {Path(info.path).name: info for info in infos}


@pytest.fixture(scope="session")
def corpus_code(corpus: Path) -> dict[str, CodeFacts]:
    """What the DEX files alone say of each package that has any, by the name of its file."""
    return read_packages(corpus, load_knowledge())
