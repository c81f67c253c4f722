"""A file or a folder of a feed → the user's knowledge folder; and every feed of the shared material."""

import hashlib
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from phone_audit.errors import KnowledgeError, UsageError
from phone_audit.knowledge.check.folder import check_feeds
from phone_audit.knowledge.feeds import importing
from phone_audit.knowledge.feeds.importing import FeedDetails, class_of, feed_date, import_feed, read_feed
from phone_audit.knowledge.feeds.index import Indicators
from phone_audit.knowledge.feeds.indicator import Rejected
from phone_audit.knowledge.files import Problem, Report
from tests.knowledge.feeds.cases import CASES
from tests.knowledge.folders import shared

NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)


def reporter(problems: list[Problem]) -> Callable[[str, str], Report]:
    return lambda file, entry: lambda place, text: problems.append(Problem(file, entry, place, text))


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_what_a_feed_says_of_itself(tmp_path: Path) -> None:
    path = write(tmp_path, "ioc.yaml", CASES["stalkerware"][0])
    imported = read_feed("stalkerware", path, FeedDetails(date="2026-01-31", title="My list"), lambda: NOW)
    head = imported.head
    assert (head.feed, head.format, head.title) == ("stalkerware-ioc", "stalkerware", "My list")
    assert (head.publisher, head.licence, head.date) == ("AssoEchap", "CC-BY-4.0", "2026-01-31")
    assert head.imported == "2026-02-01T12:00:00Z"
    assert head.counts == {"address": 1, "certificate": 1, "host": 2, "name": 2, "package": 2, "url": 1}
    assert head.left_out == {"it has no name": 1, "… is no package name": 2}
    assert imported.rejected[0] == Rejected("7", "'7' is no package name")


def test_what_was_imported_is_found_and_passes_the_check(tmp_path: Path) -> None:
    for name, (text, _, _) in CASES.items():
        path = write(tmp_path, f"{name}.txt", text)
        import_feed(read_feed(name, path, FeedDetails(feed=name), lambda: NOW), tmp_path / "own")
    problems: list[Problem] = []
    heads = check_feeds(tmp_path / "own", reporter(problems), bundled=False)
    assert problems == []
    assert {head.feed for head in heads} == set(CASES)
    known = Indicators(sorted((tmp_path / "own" / "indicators").glob("*.jsonl")))
    hit = known.of("host", "c2.spyone.example")
    assert {listed.feed.licence for listed in hit} == {"CC-BY-4.0"}


def test_a_suffix_that_a_longer_list_knows_is_left_out(tmp_path: Path) -> None:
    path = write(tmp_path, "list.txt", "city.kawasaki.jp\nspy.city.kawasaki.jp\n")
    imported = read_feed("values", path, FeedDetails(), lambda: NOW, lambda host: host == "city.kawasaki.jp")
    assert [item.value for item in imported.indicators] == ["spy.city.kawasaki.jp"]
    assert "is a public suffix" in imported.rejected[0].why
    assert len(read_feed("values", path, FeedDetails(class_="commonplace"), lambda: NOW).indicators) == 2


def test_an_import_again_takes_the_place_of_the_first(tmp_path: Path) -> None:
    for host in ("a.example", "b.example"):
        path = write(tmp_path, "list.txt", host)
        kept = import_feed(read_feed("values", path, FeedDetails(), lambda: NOW), tmp_path)
    assert [kept] == list((tmp_path / "indicators").iterdir())
    assert not Indicators([kept]).of("host", "a.example")


def test_a_folder_is_one_feed(tmp_path: Path) -> None:
    (tmp_path / "trails").mkdir()
    write(tmp_path / "trails", "android_one.txt", "a.example\n/path\n")
    write(tmp_path / "trails", "android_two.txt", "b.example\n")
    write(tmp_path / "trails", "README.md", "c.example\n")
    imported = read_feed("maltrail", tmp_path / "trails", FeedDetails(), lambda: NOW)
    assert imported.head.feed == "maltrail"
    assert {(item.about.name, item.value) for item in imported.indicators} == {
        ("one", "a.example"),
        ("two", "b.example"),
    }


def test_a_folder_of_several_formats(tmp_path: Path) -> None:
    """The feed has the licence of the format that has one, and a file of no format costs itself alone."""
    folder = tmp_path / "mixed"
    folder.mkdir()
    write(folder, "a-list.txt", "spy.example\n")
    write(folder, "ioc.yaml", CASES["stalkerware"][0])
    write(folder, "odd.bin", "{}")
    imported = read_feed("auto", folder, FeedDetails(), lambda: NOW)
    assert (imported.head.publisher, imported.head.licence) == ("AssoEchap", "CC-BY-4.0")
    assert [item.row for item in imported.rejected if "no format" in item.why] == ["odd.bin"]
    with pytest.raises(UsageError):
        read_feed("auto", folder / "odd.bin", FeedDetails(), lambda: NOW)


def test_the_class_that_the_user_names_stands(tmp_path: Path) -> None:
    path = write(tmp_path, "list.txt", "a.example\n")
    imported = read_feed("auto", path, FeedDetails(class_="spyware"), lambda: NOW)
    assert [item.about.class_ for item in imported.indicators] == ["spyware"]
    warning = write(tmp_path, "warning.json", CASES["misp-warninglist"][0])
    kept = read_feed("misp-warninglist", warning, FeedDetails(class_="spyware"), lambda: NOW)
    assert {item.about.class_ for item in kept.indicators} == {"commonplace"}, "the opposite of a sign stays that"


@pytest.mark.parametrize("name", ["../../escape", "/etc/x", "a b", "..", ""])
def test_the_name_of_a_feed_stays_in_its_folder(tmp_path: Path, name: str) -> None:
    imported = read_feed("values", write(tmp_path, "list.txt", "a.example"), FeedDetails(feed=name), lambda: NOW)
    assert import_feed(imported, tmp_path / "own").parent == tmp_path / "own" / "indicators"


def test_what_unfolds_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "MOST_ROWS", 50)
    many = "".join(f"- {{name: n{number}, packages: [c.one, c.two]}}\n" for number in range(40))
    with pytest.raises(KnowledgeError, match="holds more than 50 rows"):
        read_feed("stalkerware", write(tmp_path, "ioc.yaml", many), FeedDetails(), lambda: NOW)


def test_what_is_refused_as_a_whole(tmp_path: Path) -> None:
    empty = write(tmp_path, "empty.txt", "# nothing\n")
    with pytest.raises(KnowledgeError, match="holds nothing that could be taken"):
        read_feed("values", empty, FeedDetails(), lambda: NOW)
    with pytest.raises(KnowledgeError, match="cannot be read as stix: it is no JSON"):
        read_feed("stix", empty, FeedDetails(), lambda: NOW)
    with pytest.raises(UsageError, match="There is no format"):
        read_feed("nope", empty, FeedDetails(), lambda: NOW)
    with pytest.raises(UsageError, match="does not exist"):
        read_feed("stix", tmp_path / "none", FeedDetails(), lambda: NOW)
    with pytest.raises(UsageError, match="no format that can be told"):
        read_feed("auto", write(tmp_path, "x.bin", "{}"), FeedDetails(), lambda: NOW)
    (tmp_path / "bare").mkdir()
    with pytest.raises(UsageError, match="holds no file of this format"):
        read_feed("stix", tmp_path / "bare", FeedDetails(), lambda: NOW)
    with pytest.raises(UsageError, match="There is no class"):
        class_of("evil")
    with pytest.raises(UsageError, match="is not a day"):
        feed_date("31.1.2026")
    assert feed_date("2026-01-31") == "2026-01-31"


FEEDS: tuple[tuple[str, str], ...] = (
    ("stix", "mvt-indicators"), ("stix", "amnestytech-investigations"),
    ("values", "amnestytech-investigations"), ("csv", "amnestytech-investigations/2020-09-25_finfisher__sha256.csv"),
    ("stalkerware", "stalkerware-indicators/ioc.yaml"), ("stalkerware", "stalkerware-indicators/watchware.yaml"),
    ("stalkerware-samples", "stalkerware-indicators/samples.csv"),
    ("stalkerware-network", "stalkerware-indicators/network.csv"), ("hosts", "stalkerware-indicators/hosts"),
    ("exodus", "exodus-trackers"), ("appmanager", "exodus-trackers"), ("uad-ng", "uad-ng"),
    *(("debloat-list", f"android-debloat-list/{name}.json") for name in ("aosp", "carrier", "google", "misc", "oem")),
    ("suss", "fdroid-suss"), ("xray", "xray-domains"), ("disconnect", "disconnect"),
    ("duckduckgo", "duckduckgo-android-tds"), ("misp-galaxy", "misp-galaxy"), ("maltrail", "maltrail-android-firmware"),
    ("drweb", "drweb-iocs"), ("cve", "cve-preinstalled-firmware"), ("certificates", "signing-certificates"),
    ("baseline", "gsi-baselines"), ("csv", "badbox-iocs/cstrucco-c2-ips.csv"),
    *(("values", f"badbox-iocs/hy350max-{name}.txt") for name in ("domains", "ips", "packages", "pihole-denylist")),
    *(("hosts", f"native-tracking-domains/{name}") for name in ("hagezi", "nextdns", "perflyst")),
)  # fmt: skip
MOST_LEFT_OUT = 0.04
LARGE = {"eset-malware-ioc", "maltrail-android", "popular-domains"}
"""Lists that are not everywhere: only the bundled files are made of them."""


@pytest.mark.parametrize(("format_", "path"), FEEDS)
def test_every_shared_feed_is_imported(format_: str, path: str, tmp_path: Path) -> None:
    imported = read_feed(format_, shared("feeds", *path.split("/")), FeedDetails(feed="it"), lambda: NOW)
    assert len(imported.indicators) > 0
    assert len(imported.rejected) <= max(2, MOST_LEFT_OUT * len(imported.indicators))
    assert all(item.row and item.why for item in imported.rejected)
    import_feed(imported, tmp_path)
    problems: list[Problem] = []
    check_feeds(tmp_path, reporter(problems), bundled=False)
    assert problems == []


def test_the_list_of_shared_feeds_is_whole() -> None:
    folders = {path.name for path in shared("feeds").iterdir() if path.is_dir()}
    assert folders - LARGE == {path.partition("/")[0] for _, path in FEEDS}


@pytest.mark.timeout(10)
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "list.txt")
    with pytest.raises(KnowledgeError, match="it is no regular file"):
        read_feed("hosts", tmp_path / "list.txt", FeedDetails(), lambda: NOW)


def test_a_link_in_a_folder_is_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "feed"
    folder.mkdir()
    write(folder, "a.txt", "0.0.0.0 a.example\n")
    (folder / "b.txt").symlink_to(write(tmp_path, "elsewhere.txt", "0.0.0.0 b.example\n"))
    imported = read_feed("hosts", folder, FeedDetails(), lambda: NOW)
    assert [item.value for item in imported.indicators] == ["a.example"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_line_longer_than_any_is_left_out_and_told(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "list.txt"
    path.write_text("0.0.0.0 a.example\n||" + "/" * 70_000 + "\n0.0.0.0 b.example\n", encoding)
    imported = read_feed("hosts", path, FeedDetails(), lambda: NOW)
    assert [item.value for item in imported.indicators] == ["a.example", "b.example"]
    assert imported.rejected == [Rejected("list.txt: line 2", "it is longer than 64 KB")]
    assert imported.head.input_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("format_", "text", "sentence"),
    [
        ("stix", "[]," * 6_000_000, "more than 5,000,000 values"),
        ("exodus", "[" * 100, "nested more than 64 levels"),
        ("stalkerware", "- a\n" * 1_100_000, "larger than 4 MB"),
        ("suss", '{"signatures": ' + "7" * 5000 + "}", "more than 400 digits"),
    ],
)
def test_a_feed_that_holds_more_than_any_is_refused(tmp_path: Path, format_: str, text: str, sentence: str) -> None:
    with pytest.raises(KnowledgeError, match=f"was not read: it .*{sentence}"):
        read_feed(format_, write(tmp_path, "feed", text), FeedDetails(), lambda: NOW)
