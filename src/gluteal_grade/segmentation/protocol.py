"""What every source of labels offers: the shipped network, a lab's bundle, a label map from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gluteal_grade.errors import Note
from gluteal_grade.geometry import Volume
from gluteal_grade.io import Series, Study
from gluteal_grade.vocabulary import Muscle


@dataclass(frozen=True)
class Segmentation:
    """Labels in place.

    Attributes:
        labels: uint8 RAS+ volume with the values of `anatomy.LABEL_VALUES`, on the grid of `reference`.
        reference: the series the labels belong to.
        source: what made them, for provenance (a label map's numbering, a model's name).
        source_hash: sha256 of the label file or the model's weights; of several, joined by ``+`` in the order of `source`.
        notes: doubts that do not stop the measurement.
        automatic: a network made the labels: what fails a check needs review (see `segmentation.checks`).
        uncertainty: float32 on the grid of `labels`, 0 (sure) to 1, where the segmenter gives one; `uncertainty_beside`: the same seen from
            the muscles beside the glutei.
        device: where the networks ran, in torch's words, joined by ``+``; None where none did.
        located: labels of a coarse first look, whole muscles on any grid of the same space, where there was one.
        tells: muscles beside the glutei that the source tells apart, also where it labels none of them.
    """

    labels: Volume
    reference: Series
    source: str
    source_hash: str
    notes: tuple[Note, ...] = ()
    automatic: bool = False
    uncertainty: Volume | None = None
    uncertainty_beside: Volume | None = None
    located: Volume | None = None
    device: str | None = None
    tells: frozenset[Muscle] = frozenset()


class Segmenter(Protocol):
    """Turns a study into labels."""

    def segment(self, study: Study, preferred: tuple[Series, ...]) -> Segmentation:
        """Labels on the grid of one of the study's series.

        Args:
            study: all series.
            preferred: series that the fat measurement would like to use, best first; where several fit, take the first.

        Raises:
            RefusedInput: with the reason why there are no usable labels.
        """
        ...
