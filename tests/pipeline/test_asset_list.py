"""The list of assets: what spreadsheets write is read, anything else is refused with a sentence that names the line."""

import codecs
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from phone_audit.errors import UsageError
from phone_audit.pipeline.asset_list import Asset, read_assets
from phone_audit.pipeline.phone_names import pseudonym


@pytest.fixture(autouse=True)
def _own_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def listed(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "assets.csv"
    path.write_bytes(data)
    return path


WHOLE = 'Serial;asset;Owner\r\n S1 ;A-1;"Ann; Jo"\r\n\r\nS2;A-2\r\n;A-3;\r\n'


@pytest.mark.parametrize(
    "data",
    [
        WHOLE.encode(), WHOLE.replace(";", "\t").replace("Ann\t", "Ann;").encode(), codecs.BOM_UTF8 + WHOLE.encode(),
        codecs.BOM_UTF16_LE + WHOLE.encode("utf-16-le"), b"asset,serial,owner\nA-1,S1,Ann; Jo\nA-2,S2\nA-3\n",
    ],
)  # fmt: skip
def test_a_phone_is_found_by_its_serial_number_or_its_pseudonym(tmp_path: Path, data: bytes) -> None:
    assets = read_assets(listed(tmp_path, data))
    one = Asset("S1", "A-1", ("owner: Ann; Jo",))
    assert assets.find("S1", None) == assets.find("usb", pseudonym("S1")) == one
    assert assets.find("192.0.2.1:5555", None) is assets.find("S3", pseudonym("S3")) is assets.find("", None) is None
    assert assets.summary([one]).missing == ("A-2", "A-3")
    assert assets.summary([one]).file == "assets.csv"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "assets.csv is empty."),
        (b"serial,owner\nS1,Ann\n", "has no head with the columns serial and asset, each once."),
        (b"serial,asset,Serial\nS1,A,S2\n", "has no head with the columns serial and asset, each once."),
        (b"serial,asset\nS1,A-1\n\nS2,A-2,x\n", "Line 4 of"),
        (b"serial,asset\nS1,A-1\nS2,A-2\nS1,A-3\n", "Lines 2 and 4 of"),
        (b'serial,asset\n"S1,A-1\n', "Line 2 of"),
        (b"serial,asset\nS1," + b"x" * 5000 + b"\n", "has more than 4,096 bytes."),
        (b"x" * (5 * 2**20), "is larger than"),
        (b"serial,asset," + b",".join(b"c%d" % number for number in range(20)), "has no head"),
    ],
)
def test_what_is_no_such_list_is_refused(tmp_path: Path, data: bytes, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_assets(listed(tmp_path, data))
    assert sentence in caught.value.message
    assert len(caught.value.message) < 300 + len(str(tmp_path))


@pytest.mark.parametrize("name", ["nothing", "folder"])
def test_what_cannot_be_read_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match=f"{name} cannot be read"):
        read_assets(tmp_path / name)


PART = st.sampled_from([b"serial", b"asset", b",", b";", b"\t", b'"', b"\n", b"\r", b"\0", b"S1", b"\xff", b"=1+1"])


@given(st.lists(PART, max_size=40))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_nothing_else_is_ever_raised(tmp_path: Path, parts: list[bytes]) -> None:
    try:
        assets = read_assets(listed(tmp_path, b"serial,asset\n" + b"".join(parts)))
    except UsageError:
        return
    assert len(assets.summary(()).missing) <= len(parts)


def test_the_key_of_pseudonyms_is_read_once_however_many_phones_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = listed(tmp_path, b"serial,asset\n" + b"".join(b"S%d,A%d\n" % (number, number) for number in range(50)))
    reads: list[Path] = []
    read_bytes = Path.read_bytes

    def counted(self: Path) -> bytes:
        reads.append(self)
        return read_bytes(self)

    monkeypatch.setattr(Path, "read_bytes", counted)
    assets = read_assets(path)
    assert assets.find("usb", pseudonym("S7")) == Asset("S7", "A7", ())
    assert [one.name for one in reads] == ["pseudonym.key"] * 2
