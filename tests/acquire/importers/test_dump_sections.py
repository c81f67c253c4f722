from hypothesis import given
from hypothesis import strategies as st

from phone_audit.acquire.importers.answers import from_dumps, listed_as, settings_answers
from phone_audit.acquire.importers.dump_sections import split_sections
from phone_audit.model.text import parse_getprop

DASHES = b"-" * 79 + b"\n"


def service(name: bytes, body: bytes) -> bytes:
    return DASHES + b"DUMP OF SERVICE %b:\n%b--------- 0.012s was the duration of dumpsys %b, ending at: x\n" % (
        name,
        body,
        name,
    )


def test_services_are_told_apart() -> None:
    text = b"Currently running services:\n" + service(b"package", b"Packages:\n") + service(b"user", b"Users:\n")
    assert split_sections(text).services == {"package": b"Packages:\n", "user": b"Users:\n"}


def test_a_priority_is_no_part_of_the_name() -> None:
    assert split_sections(DASHES + b"DUMP OF SERVICE CRITICAL SurfaceFlinger:\nx\n").services == {
        "SurfaceFlinger": b"x\n"
    }


def test_text_inside_a_dump_that_pretends_its_end_does_not_cut_it() -> None:
    body = b"a\n--------- 0.1s was the duration of dumpsys package, ending at: x\nb\n"
    assert split_sections(service(b"package", body)).services == {"package": body}


def test_a_header_without_the_dashes_above_it_is_text() -> None:
    body = b"versionName=1\nDUMP OF SERVICE user:\nUserInfo{99:x:0}\n"
    assert split_sections(service(b"package", body) + service(b"user", b"U\n")).services == {
        "package": body,
        "user": b"U\n",
    }


def test_a_service_that_is_there_twice_is_noted_and_both_are_read() -> None:
    answers, skipped = from_dumps(service(b"package", b"real\n") + service(b"package", b"false\n"))
    assert answers["dumpsys package"] == b"real\nfalse\n"
    assert [note.code for note in skipped] == ["contradiction"]


def test_a_text_cut_in_the_middle_keeps_what_is_there() -> None:
    text = service(b"user", b"U\n") + DASHES + b"DUMP OF SERVICE package:\nPackages:\n  Package [a"
    assert split_sections(text).services["package"] == b"Packages:\n  Package [a"


def test_sections_of_a_bug_report() -> None:
    text = (
        b"------ SYSTEM PROPERTIES (getprop) ------\n[a]: [b]\n"
        b"------ 0.1s was the duration of 'SYSTEM PROPERTIES' ------\n"
        b"------ KERNEL LOG (dmesg) ------\nk\n"
    )
    assert split_sections(text).commands == {"getprop": b"[a]: [b]\n", "dmesg": b"k\n"}


def test_settings_of_another_user_and_unknown_tables_are_left_out() -> None:
    dump = (
        "CONFIG SETTINGS (user 0)\n_id:1 name:x value:y\nGLOBAL SETTINGS (user 0)\nversion: 213\n"
        "_id:28 name:adb_enabled pkg:android value:1 default:0 defaultSystemSet:true\n"
        "_id:7 name:http_proxy pkg:a value:h:1\n"
        "SECURE SETTINGS (user 10)\n_id:1 name:s pkg:a value:1\n"
        "SECURE SETTINGS (user 0)\n_id:1 name:s pkg:a value:a b\n"
    )
    assert settings_answers(dump) == {
        "settings list global": b"adb_enabled=1\nhttp_proxy=h:1\n",
        "settings list secure": b"s=a b\n",
    }


@given(st.dictionaries(st.from_regex(r"[a-z.]{1,20}", fullmatch=True), st.text("abc []:=", max_size=20)))
def test_properties_survive_being_listed(properties: dict[str, str]) -> None:
    assert parse_getprop(listed_as(properties).decode()) == properties


@given(st.binary(max_size=500))
def test_no_text_breaks_the_split(text: bytes) -> None:
    split_sections(text)
    split_sections(DASHES + b"DUMP OF SERVICE a:\n" + text)
