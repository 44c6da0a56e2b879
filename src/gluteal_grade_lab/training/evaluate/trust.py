"""Outline trust: do its doubt and its size over the coarse look's tell a bad outline? On hard draws of people and on real hips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.stats import rankdata

from gluteal_grade.geometry import FloatArray, Volume
from gluteal_grade.io.nifti import read_volume
from gluteal_grade.segmentation.trust import outgrowth
from gluteal_grade.vocabulary import GLUTEI, Muscle, Side
from gluteal_grade_lab.training.evaluate import real
from gluteal_grade_lab.training.evaluate.cases import PLANES, VALIDATION_BODIES, WHOLE, Case
from gluteal_grade_lab.training.evaluate.ledger import Row
from gluteal_grade_lab.training.evaluate.runner import Table
from gluteal_grade_lab.training.evaluate.tables import markdown, short
from gluteal_grade_lab.training.evaluate.workbench import SHIPPED, Found, Workbench
from gluteal_grade_lab.training.metrics import dice, muscle_value, whole_muscles

NAME = "trust"
LEARNT: tuple[str, ...] = (
    *("pelvicref_001_core", "pelvicref_004_skin", "pelvicref_005_core"),
    *(f"ts_s{n}_loose" for n in ("0000", "0001", "0004", "0006", "0010", "0011")),
    *("phantom_f_mid", "phantom_m_mid"),
)
BODIES = (*LEARNT, *VALIDATION_BODIES)
_IMAGES_LEARNT = frozenset({"join7", "ideal_002"})  # by one of the four states whose mean the shipped weights are
GOOD = 0.8  # Dice from which an outline is good
_BARELY_ML = 2.0  # what is less than that has no outline
_FIRST_SEED = {LEARNT: 910_000, VALIDATION_BODIES: 960_000}
_RNG = {LEARNT: 99, VALIDATION_BODIES: 7}
_SLICES_MM, _SLICES_P = (3, 4, 5, 7, 10, 16, 24), (0.15, 0.15, 0.25, 0.2, 0.1, 0.08, 0.07)
_TURNS = ((0.0, 0, 1.0), (8.0, 2, 1.0), (-8.0, 0, 1.0), (0.0, 0, 0.93), (0.0, 0, 1.07))  # degrees, axis, zoom
_PENALTY = 0.02  # on the squared exponents


@dataclass(frozen=True)
class Posed:
    """A real image whose header says that it lies a little turned, or is smaller or larger: another question to the same networks."""

    image: real.RealCase
    degrees: float
    axis: int
    zoom: float
    model: str = SHIPPED

    @property
    def key(self) -> str:
        """Image and pose."""
        return f"{self.image.file} {self.degrees:g} about {'xyz'[self.axis]}, x {self.zoom:g}"


def _hard(bodies: tuple[str, ...], count: int) -> list[Case]:
    """Slices up to 24 mm, muscles that are mostly fat, cut fields."""
    rng = np.random.default_rng(_RNG[bodies])
    found = []
    for n in range(count):
        mode = ("t1", "water", "fat", "stir", "t1", "water")[rng.integers(6)]
        plane = (PLANES[0], PLANES[0], PLANES[1])[rng.integers(3)]
        slice_mm = float(rng.choice(_SLICES_MM, p=_SLICES_P))
        fat = None if rng.random() < 0.6 else float(rng.uniform(20, 85))
        fov = (WHOLE, WHOLE, WHOLE, "right_hip", "left_hip", "cut_top", "cut_bottom")[rng.integers(7)]
        width = float(rng.choice((1.2, 1.4, 1.6, 2.0)))
        found.append(Case(bodies[n % len(bodies)], mode, _FIRST_SEED[bodies] + n, plane, slice_mm, width, fov, fat))
    return found


def measure(item: Case | Posed, bench: Workbench) -> list[Row]:
    """Segment; what each outline tells beside its Dice."""
    if isinstance(item, Posed):
        return _posed(item, bench)
    study = item.draw(bench)
    truth = whole_muscles(study.labels.array)
    found = bench.find(study.image, False, item.model)
    facts = asdict(item) | {"draw": item.key, "person": _person(item.body), "learnt": item.body in LEARNT}
    return [facts | row for row in _rows(found, [truth], np.arange(truth.shape[2]))]


def _posed(item: Posed, bench: Workbench) -> list[Row]:
    folder = bench.setup.data / "mri"
    image = read_volume(bench.setup.data / item.image.file, as_float=True)
    readings = [read_volume(folder / "labels" / f"{item.image.name}_rater{r}.nii.gz") for r in item.image.raters]
    first, last, step = item.image.slices
    found = bench.find(_pose(image, item), False, item.model)
    facts = {"draw": item.key, "person": item.image.name, "learnt": item.image.name in _IMAGES_LEARNT}
    return [facts | row for row in _rows(found, [_sided(r, found) for r in readings], np.arange(first, last + 1, step))]


def _pose(image: Volume, item: Posed) -> Volume:
    """The same voxels, turned and zoomed about their middle by the header."""
    a, b = (axis for axis in range(3) if axis != item.axis)
    turn, angle = np.eye(4) * item.zoom, np.deg2rad(item.degrees)
    turn[3, 3] = 1
    turn[[a, b], [a, b]] = item.zoom * np.cos(angle)
    turn[a, b], turn[b, a] = -item.zoom * np.sin(angle), item.zoom * np.sin(angle)
    middle = image.affine @ np.append((np.array(image.shape) - 1) / 2, 1)
    there, back = np.eye(4), np.eye(4)
    there[:3, 3], back[:3, 3] = middle[:3], -middle[:3]
    return Volume(image.array, there @ turn @ back @ image.affine)


def _sided(reading: Volume, found: Found) -> npt.NDArray[np.uint8]:
    """A rater's 1-3 as values of whole muscles: of the one side that was found, or of the side of the image they lie on (RAS+)."""
    numbers = np.asarray(reading.array, np.uint8)
    sides = [side for side in Side if (whole_muscles(found.labels.array) // 100 == muscle_value(GLUTEI[0], side) // 100).any()]
    half = np.arange(numbers.shape[0])[:, None, None] >= numbers.shape[0] // 2
    right = np.full(numbers.shape, sides == [Side.RIGHT]) if len(sides) == 1 else np.broadcast_to(half, numbers.shape)
    out = np.zeros(numbers.shape, np.uint8)
    for number, muscle in enumerate(GLUTEI, start=1):
        for side in Side:
            out[(numbers == number) & (right == (side is Side.RIGHT))] = muscle_value(muscle, side)
    return out


def _rows(found: Found, truths: Sequence[npt.NDArray[np.uint8]], drawn: npt.NDArray[np.intp]) -> list[Row]:
    """One row for each outline; Dice is the mean over those who drew."""
    if found.uncertainty is None:
        return []
    labels, ml = whole_muscles(found.labels.array), found.labels.grid.voxel_volume_ml
    rows: list[Row] = []
    for side in Side:
        for muscle in GLUTEI:
            value = muscle_value(muscle, side)
            mask = labels == value
            if mask.sum() * ml < _BARELY_ML or not (mask[:, :, drawn].any() or any((t[:, :, drawn] == value).any() for t in truths)):
                continue
            score = float(np.mean([dice(mask[:, :, drawn], t[:, :, drawn] == value) for t in truths]))
            told = {
                "doubt": float(found.uncertainty.array[mask].mean()),
                "outgrowth": outgrowth(float(mask.sum() * ml), _coarse_ml(found.located, value)),
            }
            rows.append({"side": side.value, "muscle": muscle.value, "dice": score} | told)
    return rows


def _coarse_ml(located: Volume | None, value: int) -> float:
    """Volume of a muscle in the coarse look."""
    if located is None:
        raise ValueError("outline trust is of segmenters with a coarse look")
    return float((whole_muscles(located.array) == value).sum() * located.grid.voxel_volume_ml)


def _person(body: str) -> str:
    return body if body in VALIDATION_BODIES else body.rsplit("_", 1)[0]


@dataclass(frozen=True)
class Curve:
    """Trust is 1 / (1 + (doubt / half)^steepness * larger^outgrowth), see `segmentation.trust`."""

    half: FloatArray  # of each of `GLUTEI`
    steepness: float
    outgrowth: float

    def trust(self, rows: Sequence[Row]) -> FloatArray:
        """Of each row."""
        doubt, larger, muscle = _known(rows)
        return np.asarray(1 / (1 + (doubt / self.half[muscle]) ** self.steepness * larger**self.outgrowth))


def fitted(rows: Sequence[Row]) -> Curve:
    """The curve under which good and bad outlines are most likely; every person counts alike."""
    doubt, larger, muscle = _known(rows)
    bad = _bad(rows)
    persons = [row["person"] for row in rows]
    weight = np.array([1 / persons.count(person) for person in persons])
    weight *= len(rows) / weight.sum()

    def loss(p: FloatArray) -> float:
        score = p[-2] * (np.log(doubt) - p[muscle]) + p[-1] * np.log(larger)
        return float((weight * (np.logaddexp(0, score) - score * bad)).sum() + _PENALTY * (p[-2:] ** 2).sum())

    found = minimize(loss, np.concatenate([np.full(len(GLUTEI), np.log(0.12)), [8.0, 0.0]])).x
    return Curve(np.exp(found[:-2]), float(found[-2]), float(found[-1]))


def without_the_person(rows: Sequence[Row]) -> FloatArray:
    """Trust of each row by the curve of all other people."""
    out = np.zeros(len(rows))
    for person in {row["person"] for row in rows}:
        own = np.array([row["person"] == person for row in rows])
        curve = fitted([row for row, mine in zip(rows, own, strict=True) if not mine])
        out[own] = curve.trust([row for row, mine in zip(rows, own, strict=True) if mine])
    return out


def auroc(trust: FloatArray, bad: npt.NDArray[np.bool_]) -> float:
    """How often a bad outline is trusted less than a good one; NaN without one of both."""
    if bad.all() or not bad.any():
        return float("nan")
    ranks = rankdata(-trust)
    return float((ranks[bad].sum() - bad.sum() * (bad.sum() + 1) / 2) / (bad.sum() * (~bad).sum()))


def _known(rows: Sequence[Row]) -> tuple[FloatArray, FloatArray, npt.NDArray[np.intp]]:
    doubt = np.array([max(row["doubt"], 1e-6) for row in rows])
    return doubt, np.array([row["outgrowth"] for row in rows]), np.array([GLUTEI.index(Muscle(row["muscle"])) for row in rows])


def _bad(rows: Sequence[Row]) -> npt.NDArray[np.bool_]:
    return np.array([row["dice"] < GOOD for row in rows])


def render(rows: list[Row]) -> str:
    """Each person by the curve of the others, and the curve of all."""
    trust, bad = without_the_person(rows), _bad(rows)
    score = np.array([row["dice"] for row in rows])
    muscles, learnt = np.array([row["muscle"] for row in rows]), np.array([row["learnt"] for row in rows])
    persons = np.array([row["person"] for row in rows])
    groups = [("all", np.ones(len(rows), bool)), ("learnt", learnt), ("not learnt", ~learnt)]
    groups += [(short(muscle), muscles == muscle.value) for muscle in GLUTEI]
    groups += [(person, persons == person) for person in dict.fromkeys(persons[~learnt].tolist())]
    lines = []
    for name, some in groups:
        trusted = some & (trust >= 0.5)
        lines.append(
            [
                name,
                int(some.sum()),
                f"{auroc(trust[some], bad[some]):.2f}",
                f"{(bad & some & ~trusted).sum()} of {(bad & some).sum()}",
                f"{(~bad & some & ~trusted).sum()} of {(~bad & some).sum()}",
                f"{np.median(score[trusted]):.2f}" if trusted.any() else "-",
            ]
        )
    curve = fitted(rows)
    halves = ", ".join(f"{short(muscle)} {half:.3f}" for muscle, half in zip(GLUTEI, curve.half, strict=True))
    head = ["outlines of", "number", "AUROC", "bad ones doubted", "good ones doubted", "Dice of the trusted, median"]
    powers = f"steepness {curve.steepness:.1f}, outgrowth {curve.outgrowth:.1f}"
    return f"{markdown(head, lines)}\n\nBad: Dice under {GOOD}. Of all: half at {halves}; {powers}."


def table(bodies: Sequence[str]) -> Table:
    """Of each of some of `BODIES` `draws` hard studies, of those not learnt four times as many; each real image in five poses."""

    def items(draws: int) -> list[Case | Posed]:
        drawn = [*_hard(LEARNT, draws * len(LEARNT)), *_hard(VALIDATION_BODIES, 4 * draws * len(VALIDATION_BODIES))]
        return [*(case for case in drawn if case.body in bodies), *(Posed(image, *turn) for image in real.CASES for turn in _TURNS)]

    return Table(NAME, "Outline trust, each person by the others", items, measure, render)
