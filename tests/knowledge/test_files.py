import json
import os
from pathlib import Path

import pytest

from phone_audit.errors import KnowledgeError
from phone_audit.knowledge.files import DataFile, SchemaError, digest_of, parse, read_file, read_folder
from phone_audit.knowledge.kinds import HOSTS, INCIDENTS, TRACKERS
from tests.knowledge.folders import incident, tracker, write, write_facts, write_incident


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match="There is no knowledge folder") as raised:
        read_folder(tmp_path / "nowhere", 1)
    assert "--knowledge" in raised.value.hint


def test_a_folder_that_holds_no_knowledge_says_what_it_should_hold(tmp_path: Path) -> None:
    (tmp_path / "notes.json").write_text("{}")
    with pytest.raises(KnowledgeError, match="holds no knowledge") as raised:
        read_folder(tmp_path, 1)
    assert "incidents, trackers, hosts, host_rules, keys, rules" in raised.value.hint


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "hosts" / "folder.json").mkdir(parents=True)
    with pytest.raises(KnowledgeError, match=r"folder\.json cannot be read: it is a folder"):
        read_folder(tmp_path, 1)


def test_files_come_in_the_order_of_kinds_and_names(tmp_path: Path) -> None:
    write_facts(tmp_path, "trackers", tracker(), name="b.json")
    write_facts(tmp_path, "trackers", name="a.json")
    write_incident(tmp_path, incident())
    (tmp_path / "trackers" / "LICENSE").write_text("not read")
    names = ["incidents/maker-leak-2026.json", "trackers/a.json", "trackers/b.json"]
    assert [file.name for file in read_folder(tmp_path, 1)] == names


def test_the_digest_tells_content_name_and_folder_apart_and_not_the_path(tmp_path: Path) -> None:
    folders = {
        "same": write_facts(tmp_path / "same", "trackers", tracker()),
        "other-place": write_facts(tmp_path / "other-place", "trackers", tracker()),
        "content": write_facts(tmp_path / "content", "trackers", tracker(name="Other")),
        "name": write_facts(tmp_path / "name", "trackers", tracker(), name="other.json"),
    }
    digests = {name: digest_of(read_folder(folder, 1)) for name, folder in folders.items()}
    assert digests["same"] == digests["other-place"]
    assert len({digests["same"], digests["content"], digests["name"]}) == 3
    assert digest_of(read_folder(folders["same"], 2)) != digests["same"]


def test_the_digest_tells_two_files_from_one_that_holds_both() -> None:
    first, second = DataFile("keys", 1, Path("a.json"), b"A"), DataFile("keys", 1, Path("b.json"), b"B")
    both = DataFile("keys", 1, Path("a.json"), b"A1/keys/b.jsonB")
    assert digest_of([first, second]) != digest_of([both])


def test_an_unknown_field_is_named_with_file_and_entry(tmp_path: Path) -> None:
    write_facts(tmp_path, "trackers", tracker(), {**tracker(id="t-2"), "hostz": []})
    with pytest.raises(KnowledgeError) as raised:
        parse(TRACKERS, read_folder(tmp_path, 0)[0])
    assert str(raised.value) == "trackers/facts.json: t-2: hostz: there is no such field; remove it or correct its name"


def test_a_missing_field_is_named(tmp_path: Path) -> None:
    entry = incident(packages=[{"value": "com.a", "confidence": "sourced", "source": 1}])
    write_incident(tmp_path, entry)
    with pytest.raises(KnowledgeError) as raised:
        parse(INCIDENTS, read_folder(tmp_path, 0)[0])
    expected = "incidents/maker-leak-2026.json: maker-leak-2026: packages[0].standalone: missing; add this field"
    assert str(raised.value) == expected


def test_a_file_of_the_user_is_named_by_its_path(tmp_path: Path) -> None:
    write_facts(tmp_path, "trackers", tracker(id=7))
    with pytest.raises(KnowledgeError) as raised:
        parse(TRACKERS, read_folder(tmp_path, 1)[0])
    place = tmp_path / "trackers" / "facts.json"
    assert str(raised.value) == f"{place}: 7: id: Input should be a valid string, found 7"


def test_a_word_that_is_not_allowed_is_named_with_those_that_are(tmp_path: Path) -> None:
    write_incident(tmp_path, incident(severity="bad"))
    with pytest.raises(KnowledgeError) as raised:
        parse(INCIDENTS, read_folder(tmp_path, 0)[0])
    assert str(raised.value) == (
        "incidents/maker-leak-2026.json: maker-leak-2026: severity: "
        "Input should be 'critical', 'high', 'medium', 'low' or 'info', found 'bad'"
    )


@pytest.mark.parametrize("text", ["", "{", "[]", '{"entries": 1}', "\x00"])
def test_what_is_no_such_file_is_said_to_be_none(tmp_path: Path, text: str) -> None:
    write(tmp_path, "trackers", text, "broken.json")
    with pytest.raises(KnowledgeError, match=r"^trackers/broken\.json: file: "):
        parse(TRACKERS, read_folder(tmp_path, 0)[0])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_file_as_windows_writes_it(encoding: str, tmp_path: Path) -> None:
    write_incident(tmp_path, incident())
    (path,) = (tmp_path / "incidents").iterdir()
    (plain,) = read_folder(tmp_path, 1)
    path.write_bytes(path.read_text(encoding="utf-8").encode(encoding))
    (file,) = read_folder(tmp_path, 1)
    assert parse(INCIDENTS, file) == parse(INCIDENTS, plain)
    assert digest_of([file]) == digest_of([plain])


@pytest.mark.timeout(10)
def test_a_pipe_or_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine/hosts").mkdir(parents=True)
    os.mkfifo(tmp_path / "mine/hosts/a.json")
    with pytest.raises(KnowledgeError, match=r"a\.json cannot be read: it is no regular file"):
        read_folder(tmp_path / "mine", 1)
    (tmp_path / "mine/hosts/a.json").unlink()
    (tmp_path / "mine/hosts/a.json").symlink_to("/etc/passwd")
    with pytest.raises(KnowledgeError, match=r"a\.json cannot be read: it is a link"):
        read_folder(tmp_path / "mine", 1)


def test_files_larger_than_any_knowledge_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hosts").mkdir()
    for name in ("a", "b"):
        (tmp_path / f"hosts/{name}.json").write_bytes(b" " * 600_000)
    monkeypatch.setattr("phone_audit.knowledge.files.KNOWLEDGE_FOLDER", 2**20)
    with pytest.raises(KnowledgeError, match="larger than 1 MB together"):
        read_folder(tmp_path, 1)
    with (tmp_path / "hosts/a.json").open("wb") as file:
        file.truncate(33 * 2**20)
    with pytest.raises(KnowledgeError, match=r"a\.json was not read: it is larger than 32 MB"):
        read_folder(tmp_path, 1)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"sources": [' + "[]," * 200_000, "more than 300,000 values"),
        ('{"sources": ' + "[" * 100, "nested more than 64"),
        ('{"sources": "\\ud800", "entries": []}', "no JSON"),
    ],
)
def test_what_holds_more_than_any_is_not_parsed(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "hosts").mkdir()
    (tmp_path / "hosts/a.json").write_text(text)
    with pytest.raises(KnowledgeError, match=sentence):
        parse(HOSTS, read_folder(tmp_path, 1)[0])


def test_every_entry_that_breaks_the_schema_is_told_its_first_fault(tmp_path: Path) -> None:
    (tmp_path / "hosts").mkdir()
    long = "x" * 10_000
    entries = [{"id": "one"}, {"host": "b.example", "owner": 1}, {"host": "c.example", long: long}]
    (tmp_path / "hosts/a.json").write_text(json.dumps({"sources": [[]] * 1000, "entries": entries}))
    with pytest.raises(SchemaError) as raised:
        read_file(HOSTS, read_folder(tmp_path, 1)[0])
    places = [problem.entry for problem in raised.value.problems]
    assert places.count("file") == 1
    assert set(places) == {"file", "one", "b.example", "c.example"}
    assert max(map(len, map(str, raised.value.problems))) < 500


def test_only_files_of_the_package_are_parsed_uncounted(tmp_path: Path) -> None:
    """A folder that is checked is number 0 too, and somebody else may have written it."""
    many = tracker(categories=["a"] * 300_001)
    (file,) = read_folder(write_facts(tmp_path, "trackers", many), 0)
    with pytest.raises(SchemaError, match="more than 300,000 values"):
        read_file(TRACKERS, file)
