"""Voxels of a stack of DICOM images: decoded, put in order, scaled, in RAS+."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.pixels.utils import iter_pixels
from pydicom.uid import ImplicitVRLittleEndian

from gluteal_grade.errors import GradeError, Reason, RefusedInput
from gluteal_grade.geometry import Array, FloatArray, Volume
from gluteal_grade.io.elements import integer, item
from gluteal_grade.io.files import FileRef
from gluteal_grade.io.frames import Frame, Scaling
from gluteal_grade.io.quiet import quiet_pydicom

PIXEL_PADDING = 1  # byte that makes an odd length even (PS3.5, 8.1.1)
_LARGEST_STORED = 65535.0
_LARGEST_VALUE = 1e8
_DARK, _BRIGHT = 1, 99  # percentiles of a slice
_SHARE = 0.1  # of what lies between them


@dataclass(frozen=True)
class StackLoader:
    """Reads the voxels of a stack when called.

    Attributes:
        frames: in slice order.
        affine: voxel (column, row, slice) to RAS+ mm.
        values: ``"precise"`` undoes Philips' scaling for the display, so that the volumes of one study compare; ``"display"`` gives
            what a viewer shows. The same for every other vendor: stored * RescaleSlope + RescaleIntercept (HU on CT).
    """

    frames: tuple[Frame, ...]
    affine: FloatArray
    values: Literal["precise", "display"] = "precise"

    def __call__(self) -> Volume:
        """The volume, float32, RAS+.

        Raises:
            RefusedInput: `rescale_contradicts`, `truncated_pixels`, `unsupported_pixels`, `unreadable_dicom`.
            TransientFailure: `read_failed`.
        """
        check_scalings([frame.scaling for frame in self.frames])
        rows, columns = self.frames[0].shape
        voxels = np.empty((len(self.frames), rows, columns), dtype=np.float32)
        # file by file, for an enhanced object is read once; a file's bytes are let go before the next is opened
        numbered = sorted(enumerate(self.frames), key=lambda pair: (pair[1].file.name, pair[1].index))
        intercepts = [0.0] * len(self.frames)
        for file, group in groupby(numbered, key=lambda pair: pair[1].file):
            wanted = list(group)
            images = decoded(file, [frame.index for _, frame in wanted], (rows, columns))
            for (slot, frame), image in zip(wanted, images, strict=True):
                slope, intercept = frame.scaling.precise() if self.values == "precise" else frame.scaling.display()
                voxels[slot], intercepts[slot] = image, intercept
                if slope != 1.0:
                    voxels[slot] *= np.float32(slope)
                if intercept != 0.0:
                    voxels[slot] += np.float32(intercept)
        check_intercepts(voxels, intercepts)
        return Volume(voxels.transpose(2, 1, 0), self.affine).to_ras()


def check_scalings(scalings: Sequence[Scaling]) -> None:
    """Refuse rescale tags that cannot all be right.

    Raises:
        RefusedInput: `rescale_contradicts`: only some slices have them, a slope is negative, or values would leave all bounds.
    """
    for tag in sorted({tag for scaling in scalings for tag in scaling.given}):
        if (count := sum(tag in scaling.given for scaling in scalings)) < len(scalings):
            raise RefusedInput(Reason.RESCALE_CONTRADICTS, f"{count} of {len(scalings)} slices have a {tag}, the others none")
    slopes = [scaling.slope for scaling in scalings]
    if min(slopes) < 0:
        raise RefusedInput(Reason.RESCALE_CONTRADICTS, f"a rescale slope of {min(slopes):g}")
    if max(max(slopes) * _LARGEST_STORED, *(abs(scaling.intercept) for scaling in scalings)) > _LARGEST_VALUE:
        raise RefusedInput(Reason.RESCALE_CONTRADICTS, "a rescale slope or intercept that no scanner writes")
    usual = float(np.median([scaling.intercept for scaling in scalings]))
    reach = float(np.median(slopes)) * _LARGEST_STORED
    if any(abs(scaling.intercept - usual) > reach for scaling in scalings):
        raise RefusedInput(Reason.RESCALE_CONTRADICTS, "the rescale intercept of a slice lies beyond all values of the others")


def check_intercepts(voxels: FloatArray, intercepts: Sequence[float]) -> None:
    """Refuse a stack in which a slice's intercept, unlike the others', moves its darkest values away from theirs.

    Args:
        voxels: (slices, rows, columns), scaled.
        intercepts: what was added to each slice.

    Raises:
        RefusedInput: `rescale_contradicts`.
    """
    usual = float(np.median(intercepts))
    if all(intercept == usual for intercept in intercepts):
        return
    dark, bright = (np.percentile(voxels, share, axis=(1, 2)) for share in (_DARK, _BRIGHT))
    near = _SHARE * float(np.median(bright - dark))
    moved = np.asarray(intercepts) - usual
    if (which := (abs(moved) > near) & (abs(dark - np.median(dark) - moved) <= near)).any():
        words = f"the rescale intercept of {which.sum()} of {len(which)} slices lies under all their values, and not that of the others"
        raise RefusedInput(Reason.RESCALE_CONTRADICTS, words)


def decoded(file: FileRef, indices: list[int], shape: tuple[int, int]) -> list[Array]:
    """Stored values of some frames of a file, each (rows, columns); where nothing was measured, none brighter than the darkest of the rest.

    Raises:
        RefusedInput: `truncated_pixels`, `unsupported_pixels`, `unreadable_dicom`, `rescale_contradicts`.
        TransientFailure: `read_failed`.
    """
    with quiet_pydicom():
        data = _whole(file)
        _check_length(data)
        _check_table(data)
        shift = _bits_below(data)
        try:
            images = [image >> shift if shift else image for image in iter_pixels(data, indices=indices, raw=True)]
        except MemoryError:
            raise
        except Exception as error:  # decoders raise whatever their C libraries make of damaged data
            syntax = data.file_meta.TransferSyntaxUID.name
            raise RefusedInput(Reason.UNSUPPORTED_PIXELS, f"{type(error).__name__} while decoding {syntax}") from error
    if len(images) != len(indices) or any(image.shape != shape for image in images):
        raise RefusedInput(Reason.UNSUPPORTED_PIXELS, "decoded images have another size than the header says")
    return [_without_padding(image, data) for image in images]


def _check_table(data: Dataset) -> None:
    """Modality LUT (PS3.3 C.11.1): without it the stored values are no signal and no HU.

    Raises:
        RefusedInput: `rescale_contradicts`.
    """
    if item(data, "ModalityLUTSequence") is not None:
        raise RefusedInput(Reason.RESCALE_CONTRADICTS, "values go through a table (Modality LUT), which is not read, not through a slope")


def _bits_below(data: Dataset) -> int:
    """How many bits lie below the stored ones: 4 where 12 of 16 bits end at the uppermost, as old files have it (PS3.5, 8.1.1).

    pydicom takes the lower bits whatever High Bit (0028,0102) says, so such values would wrap around: it is told that all bits are stored.
    """
    if data.file_meta.TransferSyntaxUID.is_encapsulated:
        return 0
    stored, high = integer(data, "BitsStored"), integer(data, "HighBit")
    if stored is None or high is None or not 0 < stored <= high < (integer(data, "BitsAllocated") or 0):
        return 0
    data.BitsStored = high + 1
    return high + 1 - stored


def _without_padding(image: Array, data: Dataset) -> Array:
    """Pixel Padding Value (0028,0120), or all to its range's limit (0028,0121), is what lies outside the field of view (PS3.3 C.7.5.1.1.2).

    As 65535 it would be the brightest tissue, and is made as dark as the darkest of the rest. One that is darker than the rest stays.
    """
    bounds = [integer(data, key) for key in ("PixelPaddingValue", "PixelPaddingRangeLimit")]
    if not bounds[0]:
        return image
    # written as an unsigned number though the pixels are signed
    whole = 1 << (integer(data, "BitsAllocated") or 16)
    known = [b - whole if image.dtype.kind == "i" and b >= whole // 2 else b for b in bounds if b is not None]
    padded = (image >= min(known)) & (image <= max(known))
    if not padded.any() or padded.all() or max(known) <= image[~padded].min():
        return image
    return np.where(padded, image[~padded].min(), image)


def _whole(file: FileRef) -> Dataset:
    with file.open() as stream:
        try:
            data = pydicom.dcmread(stream, force=True)
        except (GradeError, MemoryError):
            raise
        except Exception as error:
            raise RefusedInput(Reason.UNREADABLE_DICOM, f"{type(error).__name__} while reading") from error
    if "PixelData" not in data:
        raise RefusedInput(Reason.TRUNCATED_PIXELS, "a header without pixel data")
    if "TransferSyntaxUID" not in data.file_meta:
        data.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian  # the default of PS3.10 for files without meta header
    if not data.file_meta.TransferSyntaxUID.is_transfer_syntax:
        raise RefusedInput(Reason.UNSUPPORTED_PIXELS, "an unknown transfer syntax")
    return data


def _check_length(data: Dataset) -> None:
    if data.file_meta.TransferSyntaxUID.is_compressed:
        return
    frames, bits = integer(data, "NumberOfFrames") or 1, integer(data, "BitsAllocated") or 0
    samples = integer(data, "SamplesPerPixel") or 1
    expected = (integer(data, "Rows") or 0) * (integer(data, "Columns") or 0) * samples * frames * bits // 8
    if len(data.PixelData) < expected:
        raise RefusedInput(Reason.TRUNCATED_PIXELS, f"{expected - len(data.PixelData)} of {expected} bytes of pixel data are missing")
    if len(data.PixelData) > expected + PIXEL_PADDING:
        raise RefusedInput(Reason.TRUNCATED_PIXELS, f"{len(data.PixelData)} bytes of pixel data, {expected} by the header")
