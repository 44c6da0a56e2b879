"""NIfTI-1 and NIfTI-2 single files: read to RAS+ volumes, written to the same bytes every time."""

from __future__ import annotations

import gzip
import math
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, cast

import nibabel as nib
import numpy as np
from nibabel.arrayproxy import ArrayProxy
from nibabel.filebasedimages import ImageFileError
from nibabel.spatialimages import HeaderDataError

from gluteal_grade.errors import Note, Reason, RefusedInput, TransientFailure
from gluteal_grade.geometry import Array, Grid, Volume
from gluteal_grade.io.files import FileRef, single
from gluteal_grade.io.nifti_affine import stored_affine

_GZIP_MAGIC = b"\x1f\x8b"
_HEADER_BYTES = 544  # NIfTI-2 with its extension flag
_LONGEST_EXTENSION = 1 << 20
_PADDING = 4096  # bytes behind the voxels that may be a writer's padding
_MOST_PACKED = 1100  # deflate packs 1032 to 1 at best
_BLOCK, _BLOCKS = 1 << 20, 512  # bytes, and how many of them are read to see whether a refused file is damaged
_SCANNER = 1  # NIFTI_XFORM_SCANNER_ANAT: the coordinates are the patient's, as the image this comes from had them


@dataclass(frozen=True)
class NiftiHeader:
    """What a NIfTI file says of its grid.

    Attributes:
        grid: array as stored, RAS+ affine.
        integer: stored as whole numbers without scaling.
        scaled: scl_slope and scl_inter change the values.
        offset: scl_inter.
        description: the ``descrip`` field.
        notes: what in it contradicts itself without changing a volume or a side.
    """

    grid: Grid
    integer: bool
    scaled: bool
    description: str
    notes: tuple[Note, ...] = ()
    offset: float = 0.0


def read_header(source: Path | FileRef) -> NiftiHeader:
    """The header alone; voxels of a compressed file stay compressed.

    Raises:
        RefusedInput: `empty_file`, `unreadable_nifti`, `not_3d`, `unsupported_pixels`, `no_geometry`, `bad_affine`, `sheared_affine`.
        TransientFailure: `read_failed`.
    """
    with _unpacked(_ref(source)) as (stream, limit):
        parsed = _parsed(stream.read(_HEADER_BYTES))
        facts = _facts(parsed)
        _needed(parsed, facts.grid, limit)
    return facts


def read_volume(source: Path | FileRef, *, as_float: bool = False) -> Volume:
    """One 3-D volume, RAS+. A fourth axis of length one is dropped.

    Args:
        source: ``.nii`` or ``.nii.gz``, on disk or in a zip.
        as_float: float32 whatever is stored; else integers stay what they are where no scaling applies (label maps), the rest is float32.

    Raises:
        RefusedInput: as `read_header`, and `unreadable_nifti` where voxels are missing or damaged.
        TransientFailure: `read_failed`.
    """
    with _unpacked(_ref(source)) as (stream, limit):
        head = stream.read(_HEADER_BYTES)
        parsed = _parsed(head)
        header = _facts(parsed)
        needed = _needed(parsed, header.grid, limit)
        content = head + stream.read(needed - len(head)) if needed > len(head) else head
        _check_rest(stream, len(content) - needed)
    _needed(parsed, header.grid, len(content))
    voxels = ArrayProxy(BytesIO(content), parsed)
    try:
        if header.integer and not as_float:
            array: Array = np.asanyarray(voxels)
        else:
            array = np.asarray(voxels, dtype=np.float32)
    except (OSError, ValueError, EOFError, OverflowError) as error:
        raise RefusedInput(Reason.UNREADABLE_NIFTI, "the voxels cannot be read") from error
    return Volume(array.reshape(header.grid.shape, order="F"), header.grid.affine).to_ras()


def read_extensions(source: Path | FileRef) -> bytes:
    """What stands between header and voxels: NIfTI header extensions, a megabyte at most; empty where there are none.

    Raises:
        RefusedInput: `empty_file`, `unreadable_nifti`.
        TransientFailure: `read_failed`.
    """
    with _unpacked(_ref(source)) as (stream, _):
        head = stream.read(_HEADER_BYTES)
        parsed = _parsed(head)
        end = min(_data_offset(parsed), _LONGEST_EXTENSION)
        return (head + stream.read(max(end - len(head), 0)))[int(parsed.sizeof_hdr) : end]


def save_volume(volume: Volume, path: Path, *, description: str = "") -> None:
    """Write ``.nii`` or ``.nii.gz``: qform and sform both set, code 1 (scanner), mm; no time stamp, so equal volumes give equal bytes.

    Booleans are stored as uint8, 64-bit numbers as 32-bit ones where they fit (few viewers read 64-bit labels).

    Raises:
        TransientFailure: `output_not_writable`.
    """
    array = _storable(volume.array)
    image = nib.Nifti1Image(array, np.asarray(volume.affine), dtype=array.dtype)
    image.set_qform(np.asarray(volume.affine), code=_SCANNER)
    image.set_sform(np.asarray(volume.affine), code=_SCANNER)
    image.header.set_xyzt_units("mm")
    image.header["descrip"] = description.encode("ascii", "replace")[:79]
    content = image.to_bytes()
    if path.name.endswith(".gz"):
        # noise does not pack: on images and fat fractions level 6 takes off a few hundredths, in two to seven times the time
        content = gzip.compress(content, compresslevel=6 if array.dtype.itemsize == 1 else 1, mtime=0)
    try:
        path.write_bytes(content)
    except OSError as error:
        raise TransientFailure(Reason.OUTPUT_NOT_WRITABLE, error.strerror or "cannot be written") from error


def _storable(array: Array) -> Array:
    if array.dtype == np.bool_:
        return array.astype(np.uint8)
    if array.dtype == np.float64 or array.dtype == np.float16:
        return array.astype(np.float32)
    if array.dtype in (np.int64, np.uint64):
        low, high = (int(array.min()), int(array.max())) if array.size else (0, 0)
        narrow = next((t for t in (np.uint8, np.int16, np.int32) if np.iinfo(t).min <= low and high <= np.iinfo(t).max), None)
        return array if narrow is None else array.astype(narrow)
    return array


def _ref(source: Path | FileRef) -> FileRef:
    if isinstance(source, FileRef):
        return source
    try:
        return single(source)
    except FileNotFoundError as error:
        raise RefusedInput(Reason.INPUT_NOT_FOUND, source.name) from error
    except OSError as error:
        raise TransientFailure(Reason.READ_FAILED, error.strerror or "cannot be read") from error


@contextmanager
def _unpacked(ref: FileRef) -> Iterator[tuple[BinaryIO, int]]:
    """A stream of the unpacked bytes, and at most how many there can be: a header may claim any size, memory is taken for none of it."""
    if ref.size == 0:
        raise RefusedInput(Reason.EMPTY_FILE)
    with ref.open() as stream:
        try:
            packed = stream.read(2) == _GZIP_MAGIC
            stream.seek(0)
            unpacked = cast(BinaryIO, gzip.GzipFile(fileobj=stream)) if packed else stream
            try:
                yield unpacked, ref.size * _MOST_PACKED if packed else ref.size
            except RefusedInput:
                if packed:  # what a damaged file says of itself is no finding: damage is
                    _drain(unpacked)
                raise
        except (OSError, EOFError, zlib.error) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise TransientFailure(Reason.READ_FAILED, error.strerror or "cannot be read") from error
            raise RefusedInput(Reason.UNREADABLE_NIFTI, "the compressed file is damaged or cut short") from error


def _drain(stream: BinaryIO) -> None:
    """Read on, that gzip may check what it has unpacked; not without end."""
    for _ in range(_BLOCKS):
        if not stream.read(_BLOCK):
            return


def _check_rest(stream: BinaryIO, surplus: int) -> None:
    """Read to the end, where gzip checks length and checksum; refused where more follows the voxels than a little padding.

    A header that names fewer voxels than the file holds belongs to another image, or damage has made the stream longer.
    """
    while surplus <= _PADDING and (block := stream.read(_PADDING)):
        surplus += len(block)
    if surplus > _PADDING:
        raise RefusedInput(Reason.UNREADABLE_NIFTI, "the file goes on behind the voxels that its header names")


def _needed(header: Any, grid: Grid, limit: int) -> int:
    """Bytes of the whole file up to its last voxel; refused if more than `limit`."""
    needed = _data_offset(header) + math.prod(grid.shape) * int(header.get_data_dtype().itemsize)
    if needed > limit:
        raise RefusedInput(Reason.UNREADABLE_NIFTI, f"{needed} bytes are needed, {limit} at most are there")
    return needed


def _data_offset(header: Any) -> int:
    """Where the voxels begin. In a single file that is never within the header and its extension flag (nifti1.h, `vox_offset`)."""
    offset, least = float(header["vox_offset"]), int(header.single_vox_offset)
    if not math.isfinite(offset) or offset < least:
        raise RefusedInput(
            Reason.UNREADABLE_NIFTI, f"vox_offset is {offset:g}: voxels would begin within the header, which ends at {least}"
        )
    return int(offset)


def _parsed(content: bytes) -> Any:
    """The header as nibabel holds it; of single files only."""
    for kind, magic in ((nib.Nifti1Header, b"n+1"), (nib.Nifti2Header, b"n+2")):
        if len(content) < kind.sizeof_hdr:
            raise RefusedInput(Reason.UNREADABLE_NIFTI, "the file ends in the header")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                # without what follows: extensions are not ours to read here, and those of a label table are longer than `content`
                # its check logs to stderr and mends what should be refused
                header = kind.from_fileobj(BytesIO(content[: kind.sizeof_hdr]), check=False)
        except (ImageFileError, HeaderDataError, ValueError, OverflowError, TypeError, KeyError):
            continue
        if bytes(header["magic"].tobytes())[:3] == magic:
            return header
    raise RefusedInput(Reason.UNREADABLE_NIFTI, "no NIfTI header")


def _facts(header: Any) -> NiftiHeader:
    try:
        shape = tuple(int(n) for n in header.get_data_shape())
        dtype = header.get_data_dtype()
        slope, inter = (float(v) if v is not None and np.isfinite(v) else None for v in header.get_slope_inter())
    except (HeaderDataError, ValueError, KeyError) as error:
        raise RefusedInput(Reason.UNREADABLE_NIFTI, "size, type or scaling in the header cannot be") from error
    if dtype.names is not None or dtype.kind not in "iuf":
        raise RefusedInput(Reason.UNSUPPORTED_PIXELS, "colour or complex voxels")
    if int(header["bitpix"]) not in (0, 8 * dtype.itemsize):
        raise RefusedInput(Reason.UNREADABLE_NIFTI, f"bitpix {int(header['bitpix'])} does not belong to voxels of {dtype.name}")
    trimmed = shape
    while len(trimmed) > 3 and trimmed[-1] == 1:
        trimmed = trimmed[:-1]
    if len(trimmed) != 3 or min(trimmed) < 1:
        raise RefusedInput(Reason.NOT_3D, f"shape {'x'.join(str(n) for n in shape)}, not three axes")
    scaled = (slope is not None and slope != 1.0) or bool(inter)
    affine, notes = stored_affine(header)
    return NiftiHeader(
        grid=Grid((trimmed[0], trimmed[1], trimmed[2]), affine),
        integer=dtype.kind in "iu" and not scaled,
        scaled=scaled,
        description=bytes(header["descrip"].tobytes()).split(b"\0")[0].decode("latin-1"),
        notes=notes,
        offset=inter or 0.0,
    )
