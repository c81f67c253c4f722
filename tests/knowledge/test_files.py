from pathlib import Path

import pytest

from phone_audit.errors import KnowledgeError
from phone_audit.knowledge.fact_schema import TrackerFile
from phone_audit.knowledge.files import DataFile, digest_of, parse, read_folder
from phone_audit.knowledge.incident_schema import IncidentEntry
from tests.knowledge.folders import incident, tracker, write, write_facts, write_incident


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match="There is no knowledge folder") as raised:
        read_folder(tmp_path / "nowhere", 1)
    assert "--knowledge" in raised.value.hint


def test_a_folder_that_holds_no_knowledge_says_what_it_should_hold(tmp_path: Path) -> None:
    (tmp_path / "notes.json").write_text("{}")
    with pytest.raises(KnowledgeError, match="holds no knowledge") as raised:
        read_folder(tmp_path, 1)
    assert "incidents, trackers, hosts, keys, rules" in raised.value.hint


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "hosts" / "folder.json").mkdir(parents=True)
    with pytest.raises(KnowledgeError, match=r"folder\.json cannot be read: Is a directory"):
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
        parse(TrackerFile, read_folder(tmp_path, 0)[0])
    assert str(raised.value) == "trackers/facts.json: t-2: hostz: there is no such field; remove it or correct its name"


def test_a_missing_field_is_named(tmp_path: Path) -> None:
    entry = incident(packages=[{"value": "com.a", "confidence": "sourced", "source": 1}])
    write_incident(tmp_path, entry)
    with pytest.raises(KnowledgeError) as raised:
        parse(IncidentEntry, read_folder(tmp_path, 0)[0])
    expected = "incidents/maker-leak-2026.json: maker-leak-2026: packages[0].standalone: missing; add this field"
    assert str(raised.value) == expected


def test_a_file_of_the_user_is_named_by_its_path(tmp_path: Path) -> None:
    write_facts(tmp_path, "trackers", tracker(id=7))
    with pytest.raises(KnowledgeError) as raised:
        parse(TrackerFile, read_folder(tmp_path, 1)[0])
    place = tmp_path / "trackers" / "facts.json"
    assert str(raised.value) == f"{place}: 7: id: Input should be a valid string, found 7"


def test_a_word_that_is_not_allowed_is_named_with_those_that_are(tmp_path: Path) -> None:
    write_incident(tmp_path, incident(severity="bad"))
    with pytest.raises(KnowledgeError) as raised:
        parse(IncidentEntry, read_folder(tmp_path, 0)[0])
    assert str(raised.value) == (
        "incidents/maker-leak-2026.json: maker-leak-2026: severity: "
        "Input should be 'critical', 'high', 'medium', 'low' or 'info', found 'bad'"
    )


@pytest.mark.parametrize("text", ["", "{", "[]", '{"entries": 1}', "\x00"])
def test_what_is_no_such_file_is_said_to_be_none(tmp_path: Path, text: str) -> None:
    write(tmp_path, "trackers", text, "broken.json")
    with pytest.raises(KnowledgeError, match=r"^trackers/broken\.json: file: "):
        parse(TrackerFile, read_folder(tmp_path, 0)[0])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_file_as_windows_writes_it(encoding: str, tmp_path: Path) -> None:
    write_incident(tmp_path, incident())
    (path,) = (tmp_path / "incidents").iterdir()
    (plain,) = read_folder(tmp_path, 1)
    path.write_bytes(path.read_text(encoding="utf-8").encode(encoding))
    (file,) = read_folder(tmp_path, 1)
    assert parse(IncidentEntry, file) == parse(IncidentEntry, plain)
    assert digest_of([file]) == digest_of([plain])
