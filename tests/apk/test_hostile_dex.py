"""DEX files made to use up time or memory: each has its record within its budget, and the rest of the package is read.

A second DEX file stands beside each of them; what it holds must be found whatever the first one does.
"""

import struct
from collections.abc import Callable, Iterator

import pytest

from phone_audit.apk.worker.pool import WorkerPool
from phone_audit.model.apk import ApkInfo
from tests.apk.dex.assembler import RETURN, Class, Method, assemble, const_string, invoke_static
from tests.apk.dex.builder import HEADER, string_data, uleb128
from tests.apk.packages import dex, package
from tests.apk.zips import Part

TIME_BUDGET = 100.0
"""Far beyond what a busy machine needs: each takes less than a second of processor time; squares take hours."""
MEMORY = 768
MEGABYTES = 4
FORGED = 1 << 31
STRINGS, TYPES, PROTOS, FIELDS, METHODS, CLASSES = range(0x38, 0x68, 8)
"""Where the header gives the size of each table, and the offset behind it."""
HERE, BESIDE = "here.vendor.dev", "beside.vendor.dev"
_URL = f"http://{HERE}/x"
_HONEST = assemble(
    [
        Class("Lx/A;", [Method("f()V", (*const_string(_URL), *invoke_static("Lx/B;->g()V"), RETURN))], [("T", "text")]),
        Class("Lx/B;", [Method("g()V")], parent="Lx/A;"),
    ]
)


Analyse = Callable[[bytes], ApkInfo]
Hosts = Callable[[bytes], tuple[set[str], set[str]]]


@pytest.fixture(scope="module")
def analyse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Analyse]:
    """Analyses a package with this DEX file in a process within its budgets, one process for all."""
    path = tmp_path_factory.mktemp("hostile") / "a.apk"
    beside = dex(f"http://{BESIDE}/y", name="classes2.dex")
    with WorkerPool(1, timeout=TIME_BUDGET, memory_mb=MEMORY) as pool:

        def analysed(content: bytes) -> ApkInfo:
            path.write_bytes(package("base", Part("classes.dex", content, deflate=False), beside))
            ((info, _),) = pool.analyse([(path, "a.apk")])
            return info

        yield analysed


@pytest.fixture(scope="module")
def hosts_of(analyse: Analyse) -> Hosts:
    """Gives the hosts that are found with this DEX file in a package, and the codes of what was not read."""

    def hosts(content: bytes) -> tuple[set[str], set[str]]:
        info = analyse(content)
        assert info.package == "fixture.split"
        codes = {skipped.code for skipped in info.skipped}
        assert not codes & {"time-budget", "memory-budget", "crashed"}
        return {endpoint.host for endpoint in info.endpoints or ()}, codes

    return hosts


def _with_words(content: bytes, *words: tuple[int, int]) -> bytes:
    """Overwrite 32-bit numbers at these places."""
    changed = bytearray(content)
    for place, word in words:
        struct.pack_into("<I", changed, place, word)
    return bytes(changed)


def _made(body: bytes, tables: dict[int, tuple[int, int]]) -> bytes:
    """Return a header with these tables, size and offset of each, and a body behind it."""
    head = b"dex\n035\0" + bytes(24) + struct.pack("<3I", HEADER + len(body), HEADER, 0x12345678)
    pairs = [(at, number) for at, (size, offset) in tables.items() for at, number in ((at, size), (at + 4, offset))]
    return _with_words(head.ljust(HEADER, b"\0") + body, *pairs)


def test_the_honest_file_is_read_whole(hosts_of: Hosts) -> None:
    assert hosts_of(_HONEST) == ({HERE, BESIDE}, set())


@pytest.mark.parametrize("table", [STRINGS, TYPES, PROTOS, FIELDS, METHODS, CLASSES])
def test_a_forged_count_of_two_to_the_31(hosts_of: Hosts, table: int) -> None:
    hosts, codes = hosts_of(_with_words(_HONEST, (table, FORGED)))
    assert BESIDE in hosts
    assert (HERE in hosts) or table == STRINGS  # the table of strings then runs on into the others
    assert ("table" in codes) or table in (PROTOS, FIELDS, METHODS)


def test_all_counts_forged_in_a_large_file(hosts_of: Hosts) -> None:
    """Every table claims the whole file, of which each word is an offset into the file."""
    words = struct.pack(f"<{MEGABYTES << 18}I", *range(HEADER, HEADER + (MEGABYTES << 18)))
    tables = dict.fromkeys((STRINGS, TYPES, PROTOS, FIELDS, METHODS, CLASSES), (FORGED, HEADER))
    hosts, codes = hosts_of(_made(words, tables))
    assert hosts == {BESIDE}
    assert codes == {"table", "too-many-types"}


@pytest.mark.slow
def test_a_million_strings_that_are_the_ends_of_one(hosts_of: Hosts) -> None:
    count = MEGABYTES << 18
    text = b"\x7f" + b"http://" * ((MEGABYTES << 20) // 7) + b"\0"
    at = HEADER + 4 * count
    body = struct.pack(f"<{count}I", *range(at, at + count)) + text
    hosts, codes = hosts_of(_made(body, {STRINGS: (count, HEADER), TYPES: (1 << 16, HEADER)}))
    assert BESIDE in hosts
    assert "overlap" in codes


def _classes_of_one_item(item: bytes, step: int) -> bytes:
    """Return 60,000 classes whose class_data begins at the same place, or each `step` bytes further inside one item."""
    count = 60_000
    at = HEADER + 32 * count
    defs = b"".join(struct.pack("<8I", 0, 1, 0, 0, 0, 0, at + step * number, 0) for number in range(count))
    return _made(defs + item, {CLASSES: (count, HEADER)})


@pytest.mark.parametrize("step", [0, 1])
@pytest.mark.parametrize("number", [b"\x01", b"\x7f", b"\xff\xff\x03"])
def test_class_data_that_is_told_again_and_again(hosts_of: Hosts, step: int, number: bytes) -> None:
    item = b"".join(uleb128(count) for count in (0, 0, 60_000, 60_000)) + number * (1 << 20)
    assert hosts_of(_classes_of_one_item(item, step))[0] == {BESIDE}


def test_class_data_that_is_the_table_of_classes_itself(hosts_of: Hosts) -> None:
    count = 60_000
    defs = b"".join(struct.pack("<8I", 0, 1, 0, 0, 0, 0, HEADER + 32 * number, 0) for number in range(count))
    assert hosts_of(_made(defs, {CLASSES: (count, HEADER)}))[0] == {BESIDE}


def _methods_in_one_code(length: int) -> bytes:
    """Return thousands of methods, each of which claims all code behind it and loads a URL again and again."""
    filler = (*const_string(_URL), *invoke_static("Lx/A;->m00000()V")) * length
    content = bytearray(assemble([Class("Lx/A;", [Method(f"m{number:05}()V", filler) for number in range(3000)])]))
    head = struct.pack("<4H2I", 4, 1, 1, 0, 0, 5 * length)
    place = content.find(head)
    while place >= 0:
        struct.pack_into("<I", content, place + 12, 0x7FFFFFFF)
        place = content.find(head, place + len(head))
    return bytes(content)


def test_code_that_lies_on_top_of_other_code(hosts_of: Hosts) -> None:
    assert hosts_of(_methods_in_one_code(40))[0] == {HERE, BESIDE}


@pytest.mark.parametrize("parents", [("Lx/A;", "Lx/B;"), ("Lx/B;", "Lx/A;")])
def test_classes_that_extend_themselves_or_each_other(hosts_of: Hosts, parents: tuple[str, str]) -> None:
    virtual = Method("run()V", (*const_string(_URL), 0x106E, *invoke_static("Lx/B;->run()V")[1:], RETURN), direct=False)
    classes = [Class("Lx/A;", [virtual], parent=parents[0]), Class("Lx/B;", [virtual], parent=parents[1])]
    assert hosts_of(assemble(classes))[0] == {HERE, BESIDE}


def _with_long_type(size: int) -> bytes:
    """Return a file whose method takes 250 parameters of a type whose name has `size` bytes."""
    method = Method(f"f({'Ln;' * 250})V", (*const_string(_URL), RETURN))
    content = assemble([Class("Lx/A;", [method])])
    short = content.index(string_data("Ln;"))
    entry = content.index(struct.pack("<I", short), HEADER)
    return _with_words(content, (entry, len(content))) + string_data(f"L{'n' * size};")


def test_parameters_with_names_of_megabytes(analyse: Analyse) -> None:
    """Written out, the method's name would have 500 MB."""
    info = analyse(_with_long_type(2 << 20))
    held = [one for endpoint in info.endpoints or () if endpoint.host == HERE for one in endpoint.held_by]
    assert [(one.class_, one.method) for holder in held for one in holder.evidence] == [("x.A", "f(?)?")]


@pytest.mark.parametrize("damage", [lambda data: data[: len(data) // 2], lambda data: data[:HEADER]])
def test_a_file_cut_short(hosts_of: Hosts, damage: Callable[[bytes], bytes]) -> None:
    hosts, codes = hosts_of(damage(_HONEST))
    assert BESIDE in hosts
    assert "truncated" in codes
