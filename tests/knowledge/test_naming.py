import pytest

from phone_audit.knowledge.naming import (
    address_fault,
    digest_fault,
    host_fault,
    prefix_fault,
    public_suffixes,
)


@pytest.mark.parametrize("host", ["a.io", "zzhc.vnet.cn", "x-1.a.co.uk", "8.8.8.8", "xn--80ak6aa92e.com"])
def test_hosts_that_a_fact_may_name(host: str) -> None:
    assert host_fault(host) is None


@pytest.mark.parametrize(
    ("host", "fault"),
    [
        ("com", "is no host name"),
        ("", "is no host name"),
        ("-a.io", "is no host name"),
        ("a..io", "is no host name"),
        ("a.io/x", "is no host name"),
        ("http://a.io", "is no host name"),
        ("A.io", "is not in lower case"),
        ("com.cn", "is a public suffix"),
        ("co.uk", "is a public suffix"),
        ("github.io", "is a public suffix"),
        ("192.168.1.1", "is no public address"),
        ("1.2.3", "is no IP address"),
    ],
)
def test_hosts_that_are_none_or_too_wide(host: str, fault: str) -> None:
    assert fault in str(host_fault(host))


def test_a_hosting_company_may_be_named_as_owner_and_a_registry_may_not() -> None:
    assert host_fault("github.io", as_owner=True) is None
    assert "public suffix" in str(host_fault("com.cn", as_owner=True))


def test_addresses() -> None:
    assert address_fault("1.1.1.1") is None
    assert address_fault("2606:4700::1111") is None
    assert "no IP address" in str(address_fault("one"))
    assert "no public address" in str(address_fault("10.0.0.1"))


def test_class_prefixes() -> None:
    assert prefix_fault("com.vendor.sdk") is None
    assert prefix_fault("com.vendor.") is None
    assert prefix_fault("me.vendor.Sdk") is None
    for wrong in ("com", ".vendor.", "com..vendor", "com.back-trace.", "com.vendor/sdk", ""):
        assert "is no prefix of class names" in str(prefix_fault(wrong))


def test_hashes_have_the_length_of_their_algorithm() -> None:
    assert digest_fault("a" * 64, "sha256") is None
    assert digest_fault("0" * 40, "sha1") is None
    assert digest_fault("f" * 32, "md5") is None
    assert "write 64 digits" in str(digest_fault("a" * 40, "sha256"))
    assert "is no md5" in str(digest_fault("A" * 32, "md5"))


def test_the_sections_of_suffixes() -> None:
    assert set(public_suffixes()) == {"registry", "hosting"}
    assert all(suffix == suffix.lower() and "." in suffix for names in public_suffixes().values() for suffix in names)
