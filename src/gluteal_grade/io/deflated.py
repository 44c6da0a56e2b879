"""How large a deflated DICOM file becomes, found out before it is unpacked whole."""

from __future__ import annotations

import struct
import zlib
from typing import BinaryIO

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.io.zips import MAX_MEMBER_BYTES, MAX_RATIO, RATIO_FREE_BYTES

_BLOCK = 1 << 20
_DEFLATED = b"1.2.840.10008.1.2.1.99"  # Deflated Explicit VR Little Endian (PS3.5 A.5)
_LONGEST_META = 64 << 10


def check_deflated(stream: BinaryIO) -> None:
    """Refuse a deflated data set that expands beyond what images do; the same bounds as for zips. The stream is left at its start.

    Raises:
        RefusedInput: `unsafe_zip`, `unreadable_dicom` where the deflated part is damaged.
    """
    head = stream.read(_LONGEST_META)
    start = _end_of_meta(head)
    if start is not None and _DEFLATED in head[:start]:
        stream.seek(start)
        _check_size(stream)
    stream.seek(0)


def _end_of_meta(head: bytes) -> int | None:
    """Where the data set begins: after the elements of group 0002, which are explicit and little-endian (PS3.10, 7.1)."""
    if head[128:132] != b"DICM":
        return None
    place = 132
    while head[place : place + 2] == b"\x02\x00":
        long = head[place + 4 : place + 6] in (b"OB", b"UN", b"OW", b"UT", b"SQ")
        width, offset = (4, 8) if long else (2, 6)
        length = head[place + offset : place + offset + width]
        if len(length) < width:
            return None
        place += offset + width + struct.unpack("<L" if long else "<H", length)[0]
    return place


def _check_size(stream: BinaryIO) -> None:
    unpacker, packed, unpacked = zlib.decompressobj(-zlib.MAX_WBITS), 0, 0
    try:
        while block := stream.read(_BLOCK):
            packed += len(block)
            while block:
                unpacked += len(unpacker.decompress(block, _BLOCK))
                block = unpacker.unconsumed_tail
                if unpacked > MAX_MEMBER_BYTES or (unpacked > RATIO_FREE_BYTES and unpacked > MAX_RATIO * packed):
                    raise RefusedInput(
                        Reason.UNSAFE_ZIP, f"a deflated file of {packed >> 20} MiB expands to more than {unpacked >> 20} MiB"
                    )
            if unpacker.eof:
                return
    except zlib.error as error:
        raise RefusedInput(Reason.UNREADABLE_DICOM, "the deflated part is damaged") from error
