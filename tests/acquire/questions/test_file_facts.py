from hypothesis import given
from hypothesis import strategies as st

from phone_audit.acquire.questions.file_facts import PathStatus, parse_hashes, parse_look

HASH = "0123456789abcdef" * 4


def test_records_of_all_kinds() -> None:
    text = "\0folder\0/a b\0warning: x\n\0fifo\0/c\nd\0\0files\x0012\n0\n\0/e\0/f'g"
    assert parse_look(text) == {
        "/a b": PathStatus("folder", None),
        "/c\nd": PathStatus("fifo", None),
        "/e": PathStatus("file", 12),
        "/f'g": PathStatus("file", 0),
    }


def test_a_path_that_is_called_files_is_a_path() -> None:
    assert parse_look("\0missing\0files\0\0files\x001\n\0/x") == {
        "files": PathStatus("missing", None),
        "/x": PathStatus("file", 1),
    }


def test_sizes_that_do_not_fit_the_paths_are_not_believed() -> None:
    assert parse_look("\0files\x001\n\0/x\0/y") == {"/x": PathStatus("file", None), "/y": PathStatus("file", None)}


def test_a_phone_without_stat_has_no_sizes() -> None:
    assert parse_look("\0files\0\0/x") == {"/x": PathStatus("file", None)}


def test_cut_and_foreign_records_are_left_out() -> None:
    assert parse_look("\0folder\0/a\0\0gadget\0/b\0\0fil") == {"/a": PathStatus("folder", None)}
    assert parse_look("sh: set: not found\n") == {}
    assert parse_look("") == {}


def test_hashes_by_index() -> None:
    text = f"@0\n{HASH}  -\n@1\nsha256sum: -: Permission denied\n@2\n\\{HASH}  -\n@7\n"
    assert parse_hashes(text) == {0: HASH, 2: HASH}


def test_no_hash_tool() -> None:
    assert parse_hashes("@none\n") == {}


@given(st.lists(st.sampled_from(["\0", "files", "folder", "/a", "12", "\n", "@", HASH, "  -"])).map("".join))
def test_almost_valid_input_never_raises(text: str) -> None:
    assert all(parse_look(text))
    assert all(index >= 0 for index in parse_hashes(text))
