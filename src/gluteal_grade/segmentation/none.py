"""The segmenter of a release without a network: refuses, and says what to do."""

from __future__ import annotations

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.segmentation.protocol import Segmentation
from gluteal_grade.study import Series, Study


class NoSegmenter:
    """Stands where the shipped network will."""

    def segment(self, study: Study, preferred: tuple[Series, ...]) -> Segmentation:  # noqa: ARG002
        """Refuse.

        Raises:
            RefusedInput: `no_segmenter`, always.
        """
        raise RefusedInput(Reason.NO_SEGMENTER, "no label map was given")
