"""One block of LZ4, unpacked up to a length that is known.

Source: lz4 `doc/lz4_Block_format.md`. Our own, since the kept library unpacks whole blocks only: EROFS keeps blocks
of which the first part alone is wanted, and such as are followed by other bytes. That library would also be one more
that reads hostile bytes.
"""

_LAST = 15
_SHORTEST = 4


def unpack_lz4(packed: bytes, size: int, start: int = 0, *, short: bool = False) -> bytes:
    r"""Return the first `size` bytes of what a block holds. Raises a ValueError where it is damaged, or holds fewer.

    Args:
        packed: the block, and what may follow it.
        size: bytes that are wanted; at most some MB, which is the caller's to see to.
        start: where the block begins.
        short: whether it may hold fewer; then nothing follows it.

    Example:
        >>> unpack_lz4(b"\x1fa\x01\x00\x00", 20)
        b'aaaaaaaaaaaaaaaaaaaa'
    """
    out = bytearray()
    have = 0
    at = start
    try:
        while have < size:
            token = packed[at]
            at += 1
            count = token >> 4
            if count == _LAST:
                while (more := packed[at]) == 255:
                    count += 255
                    at += 1
                count += more
                at += 1
            if count:
                out += packed[at : at + count]
                at += count
                have += count
                if have >= size or (short and at == len(packed)):
                    break
            distance = packed[at] | packed[at + 1] << 8
            at += 2
            count = token & _LAST
            if count == _LAST:
                while (more := packed[at]) == 255:
                    count += 255
                    at += 1
                count += more
                at += 1
            count += _SHORTEST
            begin = have - distance
            if begin < 0 or not distance:
                raise ValueError("a block of LZ4 is damaged")
            if distance >= count:
                out += out[begin : begin + count]
            else:
                count = min(count, size - have)
                out += (out[begin:] * (count // distance + 1))[:count]
            have += count
    except IndexError as error:
        raise ValueError("a block of LZ4 is damaged") from error
    if len(out) < size and not (short and at == len(packed)):
        raise ValueError("a block of LZ4 is damaged")
    return bytes(out[:size])
