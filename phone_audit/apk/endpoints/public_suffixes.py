"""Which part of a host name can be registered, by the public suffix list.

The list is the snapshot inside tldextract: nothing is fetched and nothing is written. Only its first half counts, the
suffixes run by registries (ICANN). The second half (`github.io`, `s3.amazonaws.com`) lists names that their owners lend
out; with it a bucket at a cloud would count as an owner of its own, and whoever runs the cloud would have none.
"""

from functools import lru_cache

from tldextract import TLDExtract  # noqa: TID251

_extract = TLDExtract(cache_dir=None, suffix_list_urls=(), include_psl_private_domains=False)


@lru_cache(maxsize=4096)
def registered_domain(host: str) -> str | None:
    """Return the public suffix of a host in lower case and the one label before it; None where either is missing.

    Example:
        >>> registered_domain("stat.shop.example.co.uk")
        'example.co.uk'
        >>> registered_domain("javax.xml.xmlconstants") is None
        True
    """
    parts = _extract.extract_str(host)
    return f"{parts.domain}.{parts.suffix}" if parts.domain and parts.suffix else None


def is_public_suffix(name: str) -> bool:
    """Tell whether a whole name is one under which registries give out names.

    Example:
        >>> is_public_suffix("co.uk"), is_public_suffix("example.co.uk"), is_public_suffix("nothing")
        (True, False, False)
    """
    parts = _extract.extract_str(name)
    return not parts.domain and bool(parts.suffix)
