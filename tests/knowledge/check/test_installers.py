"""What is refused of facts on what installs apps."""

from pathlib import Path
from typing import Any

import pytest

from phone_audit.knowledge.check.folder import check_folder
from tests.knowledge.folders import write_facts

STORE = {"id": "com.store", "name": "Store", "role": "store", "source": "s"}
SIGNED = {"signers": ["a" * 64], "signers_source": "s"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, ""),
        (SIGNED, ""),
        ({"id": "a b"}, "is no package"),
        (SIGNED | {"role": "browser"}, "signers: only of a store"),
        ({"signers": ["a" * 64]}, "signers_source: name the source"),
        ({"signers_source": "s"}, "signers_source: name the source"),
        (SIGNED | {"signers_source": "other"}, "there is no source 'other'"),
        (SIGNED | {"signers": ["A"]}, "SHA-256"),
    ],
)
def test_an_installer(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    found = [str(one) for one in check_folder(write_facts(tmp_path, "installers", STORE | changes)).problems]
    assert len(found) == bool(said)
    assert said in "".join(found)
