import pytest

from phone_audit.apk.endpoints.public_suffixes import registered_domain


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("zzhc.vnet.cn", "vnet.cn"),
        ("stat.shop.example.co.uk", "example.co.uk"),
        ("example.com", "example.com"),
        ("a.s3.amazonaws.com", "amazonaws.com"),  # a private suffix: the registry's names count
        ("someone.github.io", "github.io"),
        ("a_b.example.com", "example.com"),
        ("xn--fiq228c.com", "xn--fiq228c.com"),
        ("co.uk", None),
        ("com", None),
        ("localhost", None),
        ("javax.xml.xmlconstants", None),
        ("www.localnetwork.uop", None),
        ("printer.local", None),
    ],
)
def test_registered_domain(host: str, domain: str | None) -> None:
    assert registered_domain(host) == domain
