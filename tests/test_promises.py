"""Every promise of docs/security.md is held by a test, and the table there says which."""

from pathlib import Path

import pytest

from tests.promises import BEGIN, DOCUMENT, END, Holder, holders, promises, table, with_table

AGAIN = "run: python tests/promises.py"


def test_every_promise_is_held() -> None:
    assert sorted(promises().keys() - {one.promise for one in holders()}) == []


def test_no_test_holds_a_promise_that_nobody_made() -> None:
    assert [one for one in holders() if one.promise not in promises()] == []


def test_the_table_is_the_real_one() -> None:
    document = DOCUMENT.read_text("utf-8")
    assert document.count(BEGIN) == document.count(END) == 1
    assert document == with_table(document, table(promises(), holders())), AGAIN


@pytest.mark.parametrize("ending", ["test_a.py", "below/test_b.py"])
def test_marks_are_found_on_tests_and_on_files(tmp_path: Path, ending: str) -> None:
    path = tmp_path / "tests" / ending
    path.parent.mkdir(parents=True)
    path.write_text(
        'pytestmark = [pytest.mark.adbd, pytest.mark.promise("whole")]\n'
        '@pytest.mark.promise("one", "two")\n@pytest.mark.corpus\ndef test_x(): ...\n'
        '@pytest.mark.parametrize("a", [1])\ndef test_y(): ...\n'
    )
    file = f"tests/{ending}"
    assert holders(tmp_path / "tests") == [
        Holder("whole", file, ""), Holder("one", file, "test_x"), Holder("two", file, "test_x"),
    ]  # fmt: skip


def test_a_table_takes_the_place_of_the_one_before() -> None:
    drawn = table(
        {"a": "A.", "b": "B."}, [Holder("a", "tests/test_x.py", "test_y"), Holder("a", "tests/test_x.py", "test_z")]
    )
    assert "| A. | [`tests/test_x.py`](../tests/test_x.py): `y`, `z` |\n| B. |  |\n" in drawn
    assert with_table(f"up\n{BEGIN}old\n{END}down\n", drawn) == f"up\n{BEGIN}{drawn}{END}down\n"
