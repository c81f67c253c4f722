"""A list that somebody made is read in time that grows with its length, however long its lines are."""

import pytest

from phone_audit.knowledge.feeds.importing import _reason
from phone_audit.knowledge.feeds.indicator import About, Rejected
from phone_audit.knowledge.feeds.plain_lists import read_csv, read_hosts
from phone_audit.knowledge.hosts import suffixes

ABOUT = About("list", "listed")
LONG = 2_000_000


@pytest.mark.promise("work-grows-with-size")
@pytest.mark.parametrize("line", ["/", "/a", "#@", "# ", "||a", "||a$", "127.1", "0.0.0.0 ", "a.", " #a"])
def test_a_long_line_of_a_block_list(line: str) -> None:
    assert all(isinstance(row, Rejected) for row in read_hosts((line * (LONG // len(line))).encode(), ABOUT))


@pytest.mark.parametrize("key", ["certa", "sha256a", "_hasha", "sha-1"])
def test_a_long_name_of_a_column(key: str) -> None:
    """Quoted, the name of a column holds line feeds, and is as long as Python's reader takes."""
    name = f'"{key * (120_000 // len(key))}\n!"'
    rows = list(
        read_csv(f"{name}\n".encode() + b"".join(b"%s\n%s\n" % (b"ab" * 32, b"x" * 20) for _ in range(50)), ABOUT)
    )
    assert len(rows) == 100


def test_a_reason_that_quotes_a_long_number() -> None:
    assert len(_reason(Rejected("x", "7" * LONG))) == 120
    assert _reason(Rejected("x", "203.0.113.7 is no public address")) == "… is no public address"


def test_a_name_of_many_labels_is_looked_up_by_as_many_as_a_name_can_have() -> None:
    found = list(suffixes(f"{'a.' * 500_000}evil.example"))
    assert found[-2:] == ["evil.example", "example"]
    assert len(found) < 130
    assert list(suffixes("eu.ads.example")) == ["eu.ads.example", "ads.example", "example"]
