"""Encoded URLs in the strings and in the byte arrays of DEX files."""

from collections.abc import Iterator

from phone_audit.apk.assets.encoded import all_of, encoded_in, xored_in
from phone_audit.apk.assets.extents import native_extent
from phone_audit.apk.assets.found import Mention
from phone_audit.apk.assets.marks import MOST, scanner
from phone_audit.apk.assets.urls import too_many
from phone_audit.apk.dex.file import DexFile
from phone_audit.errors import ApkError
from phone_audit.model.finding import Skipped


def decoded_mentions(dex: DexFile, cut: list[Skipped]) -> Iterator[Mention]:
    """Yield the URLs that a DEX file holds in an encoded form.

    The text forms are searched where the strings lie, those XORed with one byte in the whole file, since code keeps
    them in byte arrays too.

    Args:
        dex: the file.
        cut: takes what is told where not everything was looked at.
    """
    try:
        yield from _decoded(dex)
    except ApkError as error:
        cut.append(Skipped(subject=dex.name, step="dex", code=error.code, reason=error.message))


def _decoded(dex: DexFile) -> Iterator[Mention]:
    strings = dex.strings
    if not strings.items.size:
        return
    low, high = int(strings.starts.min()), int(strings.ends.max())
    whole = memoryview(dex.data.data).cast("B")
    marks = scanner().marks(dex.data[low:high], xored=False)
    changed = scanner().xored(dex.data)
    texts = (one._replace(offset=low + one.offset) for one in encoded_in(whole[low:high], native_extent, marks))
    for one in all_of([texts, xored_in(whole, native_extent, changed)]):
        yield Mention(one.found, "decoded", dex.name, one.offset, one.encoding, one.rule)
    if marks._replace(plain=(), wide=()).full or len(changed) >= MOST:
        raise too_many(MOST)
