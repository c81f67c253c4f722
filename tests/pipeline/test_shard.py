"""Several runs share the files of a folder."""

from pathlib import PurePosixPath

import pytest

from phone_audit.errors import UsageError
from phone_audit.pipeline.shard import Shard, read_shard

NAMES = [f"{folder}/{name}" for folder in range(40) for name in ("base.apk", "split_config.arm64_v8a.apk", "x.apk")]


@pytest.mark.parametrize("count", [1, 2, 7])
def test_each_file_is_in_exactly_one_share(count: int) -> None:
    shares = [{name for name in NAMES if Shard(number, count).holds(name)} for number in range(1, count + 1)]
    assert sorted(name for share in shares for name in share) == sorted(NAMES)
    assert all(shares)


def test_a_package_is_not_torn_apart() -> None:
    for folder in {PurePosixPath(name).parent for name in NAMES}:
        together = [Shard(1, 3).holds(f"{folder}/{name}") for name in ("base.apk", "split_config.arm64_v8a.apk")]
        assert together[0] == together[1]
    assert {
        Shard(1, 3).holds(f"{folder}/x.apk") == Shard(1, 3).holds(f"{folder}/base.apk") for folder in range(40)
    } == {
        True,
        False,
    }


def test_the_share_of_a_file_never_changes() -> None:
    """Runs of other versions and on other computers go together."""
    assert [name for name in NAMES[:15] if Shard(1, 3).holds(name)] == [
        "0/base.apk",
        "0/split_config.arm64_v8a.apk",
        "0/x.apk",
        "4/x.apk",
    ]


@pytest.mark.parametrize("text", ["", "0/3", "4/3", "1/0", "1", "a/b", "1/3/5", "-1/3", "1/99999999999"])
def test_what_is_no_share(text: str) -> None:
    with pytest.raises(UsageError, match="is no share"):
        read_shard(text)
    assert read_shard("2/3") == Shard(2, 3)
