"""Small line drawings: what stands where. Templates turn them into SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from gluteal_grade.report.html.numbers import fat_phrase, number
from gluteal_grade.report.html.tables import listed
from gluteal_grade.report.words import muscle_name
from gluteal_grade.result import MuscleResult, MuscleStatus, SliceModel, StudyResult
from gluteal_grade.vocabulary import Muscle, Part, Region, Side

Point = tuple[float, float]

WIDTH = 360.0
_HEIGHT = 196.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 38.0, 8.0, 10.0, 36.0
_MARKERS = 45  # slices of one muscle up to which each gets a marker
_ENDS = (("L", "left", "R", "right"), ("P", "posterior", "A", "anterior"), ("I", "inferior", "S", "superior"))
_ROW, _REGION_ROW = 30.0, 24.0
_NAMES = 108.0


@dataclass(frozen=True)
class Text:
    """A word at a place; `anchor` as in SVG."""

    x: float
    y: float
    text: str
    anchor: str = "middle"
    mark: str = ""


@dataclass(frozen=True)
class Line:
    """A straight line; `mark` for its look: ``grid``, ``edge``, ``axis`` or a side."""

    start: Point
    end: Point
    mark: str


@dataclass(frozen=True)
class Curve:
    """Points of one side, joined; a single one has only its marker."""

    points: tuple[Point, ...]
    side: str


@dataclass(frozen=True)
class Dot:
    """A measured value; `hollow` where it must not be trusted yet."""

    at: Point
    side: str
    hollow: bool = False


@dataclass
class Plot:
    """One drawing, `width` x `height` units.

    Attributes:
        label: what it shows, for those who cannot see it.
        turned: a text to be written upwards at the left edge.
    """

    label: str
    width: float = WIDTH
    height: float = _HEIGHT
    turned: str = ""
    lines: list[Line] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    dots: list[Dot] = field(default_factory=list)


@dataclass(frozen=True)
class Scale:
    """From values to units of the drawing."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Position of a value along the axis, in the plot's units."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def profile_plots(result: StudyResult, edges: Sequence[float]) -> tuple[tuple[str, Plot, Plot], ...]:
    """Per muscle with a profile: its name, fat fraction and area along the slices, both sides in each.

    Args:
        result: what was measured.
        edges: of the primary scale, fractions.
    """
    found = listed(result)
    axis = 2 if result.slice_axis is None else result.slice_axis
    profiles = {part: m.profile for part, m in found.items() if part.region is Region.WHOLE and m.profile}
    drawn = []
    for muscle in Muscle:
        own = {part.side: p for part, p in profiles.items() if part.muscle is muscle}
        if not own:
            continue
        core = all(found[Part(muscle, Region.WHOLE, side)].fat_shown.core for side in own)
        across = _positions([s.position_mm for p in own.values() for s in p])
        low, high = fat_range([v for p in own.values() for s in p if not math.isnan(v := value(s, _fat_of(core)))])
        percents = Scale(low, high, _HEIGHT - _BOTTOM, _TOP)
        fat = _profile(own, muscle, axis, across, percents, _fat_of(core))
        _edges_across(fat, edges, percents)
        top = nice_top(max(s.area_cm2 for p in own.values() for s in p))
        area = _profile(own, muscle, axis, across, Scale(0, top, _HEIGHT - _BOTTOM, _TOP), "area")
        drawn.append((muscle_name(muscle), fat, area))
    return tuple(drawn)


def _profile(own: dict[Side, tuple[SliceModel, ...]], muscle: Muscle, axis: int, across: Scale, up: Scale, what: str) -> Plot:
    name = muscle_name(muscle).lower()
    low, low_word, high, high_word = _ENDS[axis]
    words = {"core": ("Fat fraction", "%"), "fat": ("Fat fraction, mean of outline", "%"), "area": ("Area of the section", "cm²")}[what]
    sides = " and ".join(side.value for side in Side if side in own)
    plot = Plot(f"{words[0]} of the {name} along the slices, {sides}", turned=f"{words[0]}, {words[1]}")
    for tick in ticks(up.low, up.high, 6):
        y = up.at(tick)
        plot.lines.append(Line((_LEFT, y), (WIDTH - _RIGHT, y), "grid"))
        plot.texts.append(Text(_LEFT - 5, y + 3.5, number(tick, 0 if tick == round(tick) else 1), "end"))
    base = up.at(up.low)
    plot.lines.append(Line((_LEFT, base), (WIDTH - _RIGHT, base), "axis"))
    for tick in ticks(across.low, across.high, 6):
        x = across.at(tick)
        plot.lines.append(Line((x, base), (x, base + 4), "axis"))
        word = f"{high if tick > 0 else low} {abs(tick):.0f}" if round(tick) else "0"
        plot.texts.append(Text(min(x, WIDTH - 3.2 * len(word)), base + 15, word))
    plot.texts.append(Text((_LEFT + WIDTH - _RIGHT) / 2, _HEIGHT - 5, f"position, mm ({low} {low_word}, {high} {high_word})"))
    for side in Side:
        for run in _runs(own.get(side, ()), what):
            points = tuple((across.at(s.position_mm), up.at(value(s, what))) for s in run)
            plot.curves.append(Curve(points, side.value))
            if len(own[side]) <= _MARKERS or len(points) == 1:
                plot.dots += [Dot(point, side.value) for point in points]
    return plot


def value(s: SliceModel, what: str) -> float:
    """What is drawn of a slice: percent (of the muscle itself: core; mean of the outline: fat) or square centimetres."""
    return {"core": 100 * s.fat_fraction_core, "fat": 100 * s.fat_fraction, "area": s.area_cm2}[what]


def _fat_of(core: bool) -> str:
    """Which fat is drawn: what is graded, as grade edges are drawn across it; of both sides the same."""
    return "core" if core else "fat"


def _runs(profile: Sequence[SliceModel], what: str) -> list[list[SliceModel]]:
    """Slices side by side that have a value."""
    runs: list[list[SliceModel]] = []
    last: int | None = None
    for s in profile:
        if math.isnan(value(s, what)):
            continue
        if last is None or s.index - last != 1:
            runs.append([])
        runs[-1].append(s)
        last = s.index
    return runs


def _positions(found: Sequence[float]) -> Scale:
    low, high = min(found), max(found)
    pad = max(0.02 * (high - low), 1.0)
    return Scale(low - pad, high + pad, _LEFT, WIDTH - _RIGHT)


def _edges_across(plot: Plot, edges: Sequence[float], up: Scale) -> None:
    for edge in edges:
        if up.low < 100 * edge < up.high:
            plot.lines.append(Line((_LEFT, up.at(100 * edge)), (WIDTH - _RIGHT, up.at(100 * edge)), "edge"))


def range_plot(result: StudyResult, edges: Sequence[float]) -> Plot | None:
    """Fat fraction with its interval, right above left, muscles and their regions; None where nothing was measured."""
    found = {part: m for part, m in listed(result).items() if not math.isnan(m.fat_fraction)}
    if not found:
        return None
    names = tuple(dict.fromkeys((p.muscle, p.region) for p in found))
    heights = [_ROW if region is Region.WHOLE else _REGION_ROW for _, region in names]
    base = _TOP + 6 + sum(heights)
    bounds = [100 * v for m in found.values() for v in m.fat_shown[:3] if not math.isnan(v)]
    low, high = fat_range(bounds)
    across = Scale(low, high, _NAMES, WIDTH - _RIGHT - 6)
    plot = Plot(_told(found), height=base + _BOTTOM)
    for tick in ticks(low, high, 6):
        x = across.at(tick)
        plot.lines.append(Line((x, _TOP), (x, base), "grid"))
        plot.texts.append(Text(x, base + 14, number(tick, 0)))
    for edge in edges:
        if low < 100 * edge < high:
            plot.lines.append(Line((across.at(100 * edge), _TOP), (across.at(100 * edge), base), "edge"))
    plot.lines.append(Line((_NAMES, base), (WIDTH - _RIGHT - 6, base), "axis"))
    plot.texts.append(Text((_NAMES + WIDTH - _RIGHT) / 2, base + 30, "fat fraction, % (95 % interval)"))
    y = _TOP + 3
    for (muscle, region), height in zip(names, heights, strict=True):
        middle = y + height / 2
        name, mark = (muscle_name(muscle), "name") if region is Region.WHOLE else (region.value, "region")
        plot.texts.append(Text(0 if mark == "name" else 12, middle + 3.5, name, "start", mark))
        for side, offset in ((Side.RIGHT, -5.0), (Side.LEFT, 5.0)):
            if (m := found.get(Part(muscle, region, side))) is not None:
                _draw_range(plot, m, across, middle + offset)
        y += height
    return plot


def _draw_range(plot: Plot, m: MuscleResult, across: Scale, y: float) -> None:
    fat = m.fat_shown
    if not math.isnan(fat.low) and not math.isnan(fat.high):
        plot.lines.append(Line((across.at(100 * fat.low), y), (across.at(100 * fat.high), y), m.side.value))
    plot.dots.append(Dot((across.at(100 * fat.value), y), m.side.value, m.status is MuscleStatus.NEEDS_REVIEW))


def _told(found: dict[Part, MuscleResult]) -> str:
    whole = [f"{part}: {fat_phrase(m)}" for part, m in found.items() if part.region is Region.WHOLE]
    return f"Fat fraction with 95 % interval, right against left. {'; '.join(whole)}"


def fat_range(percents: Sequence[float]) -> tuple[float, float]:
    """Ends of a percent axis: 0 to 30, 60 or 100, wider in steps of 10 where values lie outside."""
    highest, lowest = max(percents, default=0.0), min(percents, default=0.0)
    high = next((top for top in (30.0, 60.0, 100.0) if highest <= top), 10.0 * math.ceil(highest / 10))
    low = 0.0 if lowest >= -0.5 else 10.0 * math.floor(lowest / 10)
    return low, high


def nice_top(highest: float) -> float:
    """The next round number above, so that an axis ends at a tick."""
    step = _step(highest, 4) if highest > 0 else 1.0
    return step * max(1, math.ceil(highest / step - 1e-9))


def ticks(low: float, high: float, most: int) -> list[float]:
    """Round values within an axis, so many at the most."""
    step = _step(high - low, most - 1)
    first = math.ceil(low / step - 1e-9)
    return [n * step for n in range(first, math.floor(high / step + 1e-9) + 1)]


def _step(width: float, parts: int) -> float:
    """The smallest of 1, 2, 5 x 10^n that divides a width into so many parts at the most."""
    raw = width / parts
    power = 10.0 ** math.floor(math.log10(raw))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= raw * (1 - 1e-9))
