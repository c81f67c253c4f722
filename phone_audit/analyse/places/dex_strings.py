"""Encoded URLs in the strings and in the byte arrays of DEX files."""

from collections.abc import Iterator

from phone_audit.analyse.dex.file import DexFile
from phone_audit.analyse.places.encoded import encoded_in, xored_in
from phone_audit.analyse.places.extents import native_extent
from phone_audit.analyse.places.found import Mention
from phone_audit.analyse.places.marks import scanner


def decoded_mentions(dex: DexFile) -> Iterator[Mention]:
    """Give the URLs that a DEX file holds in an encoded form.

    The text forms are searched where the strings lie, those XORed with one byte in the whole file, since code keeps
    them in byte arrays too.
    """
    strings = dex.strings
    if not strings.items.size:
        return
    low, high = int(strings.starts.min()), int(strings.ends.max())
    whole = memoryview(dex.data.data).cast("B")
    marks = scanner().marks(dex.data[low:high], xored=False)
    for decoded in encoded_in(whole[low:high], native_extent, marks):
        yield Mention(decoded.found, "decoded", dex.name, low + decoded.offset, decoded.encoding, decoded.rule)
    for decoded in xored_in(whole, native_extent, scanner().xored(dex.data)):
        yield Mention(decoded.found, "decoded", dex.name, decoded.offset, decoded.encoding, decoded.rule)
