import pytest

from phone_audit.apk.endpoints.endpoints import Surroundings, is_endpoint, key_domains
from phone_audit.apk.text.host_text import find_bare_host

_AROUND = Surroundings(
    classes=[[b"Landroid/net/Uri;", b"Lio/vendor/de/A;"], [b"Lokio/io;"]],
    url_domains={"seen.id", "seen.dev"},
    key_domains=key_domains(["x5.tbs.org.64", "quiet.example.com.cn", "libfoo.so.1"]),
    known=lambda host: host in {"known.name", "8.8.8.8"},
    texts={"1.1.1.1", "1.0.0.1", "8.8.4.4"},
)


def _taken(text: str) -> bool:
    found = find_bare_host(text)
    assert found is not None
    return is_endpoint(found, _AROUND)


@pytest.mark.parametrize(
    "text",
    [
        "zzhc.vnet.cn",
        "t.co.uk",
        "stats.jpush.cn",
        "vendor.com",
        "a.vendor.com/x",
        "known.name",
        "api.seen.id",
        "other.name:443",
        "java.vendor.com:443",
        "14.17.43.18",
        "1.0.0.1:53",
        "8.8.8.8",
        "1.1.1.1",  # both addresses of a name server
        "1.0.0.1",
    ],
)
def test_hosts(text: str) -> None:
    assert _taken(text)


@pytest.mark.parametrize(
    "text",
    [
        "8.8.4.4",  # the other one is not there
        "com.example.app",
        "com.tencent.mm",
        "com.lenovo.cn",
        "org.json.us",
        "android.net",  # a package that the file names
        "io.vendor.de",
        "okio.io",  # a class
        "java.io",
        "user.name",
        "ro.build.display.id",
        "libmain.so",
        "main.py",
        "coverage.ec",
        "trace.zip",
        "b.mx",
        "tbs.org",  # the beginning of a key
        "x5.tbs.org",
        "1.2.3.4",
        "2.5.29.14",
        "1.17.0.0",
        "20.4.1.2",
        "4.3.1.200",
        "20.0.1.200",
    ],
)
def test_look_alikes(text: str) -> None:
    assert not _taken(text)


def test_a_longer_host_makes_no_key_of_a_shorter_one() -> None:
    assert key_domains(["vendor.com.cn", "vendor.com"]) == frozenset()
