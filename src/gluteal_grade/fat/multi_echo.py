"""Fat fraction from three or more gradient echoes of one acquisition (`docs/explanation/dixon.md`)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np

from gluteal_grade.config import FatSettings
from gluteal_grade.errors import Note, Reason, RefusedInput
from gluteal_grade.fat.dixon import noise_note, snr_facts, spread_of, weighting_note
from gluteal_grade.fat.echo_model import EchoFit, EchoModel, echo_model, fit_echoes
from gluteal_grade.fat.fatmap import FatMap
from gluteal_grade.fat.method import FatMethod, always
from gluteal_grade.fat.pair import load_together, refuse_turned, signal_floor, without_misfits, without_missing
from gluteal_grade.fat.rician import without_floor
from gluteal_grade.fat.weighting import relaxation_at, weighting_of
from gluteal_grade.imaging import Mask, body_mask, noise_of
from gluteal_grade.io import Series
from gluteal_grade.vocabulary import Method, SeriesKind

_LEAST_NOISE = 0.002  # of the median signal, where no noise was found
_FATTY = (0.1, 0.2, 0.3, 0.4)  # muscle that noise may take for its like beyond a half
_TOLD = 1.5  # SD of the noise, half the way between the two, below which that moves means by more than a point: `lab measure multi-echo`
_FASTER = 1.5  # times the nominal R2*, where it cannot be fitted: with iron or age
_BRIGHT = 90.0  # percentile of the residuals: a wrong field strength or echo time shows in fat, and a tenth of any pelvis is fat


def from_echoes(echoes: Sequence[Series], settings: FatSettings) -> FatMap:
    """Proton-density fat fraction of water, six peaks of fat and R2*, fitted to the magnitudes.

    The noise floor of each echo and T1 weighting are corrected as on water and fat images. With three echoes R2* is held at its nominal
    value. The first series is the one a reader looks at; the order does not matter otherwise.

    Args:
        echoes: of one acquisition, each with its echo time and field strength.
        settings: the spectrum of fat, limits, relaxation.

    Raises:
        RefusedInput: `echoes_unfit` where these echo times cannot tell water from fat, or the signals do not follow them;
            `grid_mismatch`, `turned_over`, `empty_slices`, or what reading the images raises.
    """
    shown = echoes[0]
    model = _model(echoes, settings)
    images = load_together(echoes)
    body = body_mask(images[0].with_array(np.asarray(reduce(np.add, (i.array for i in images)))), air_ratio=settings.dixon.air_over_tissue)
    for series, image in zip(echoes[1:], images[1:], strict=True):
        refuse_turned(shown, series, images[0], image)
    noise = tuple(noise_of(image.array, body, shown.slice_axis, settings.noise) for image in images)
    sigma = float(np.median([n.sigma for n in noise if n])) if any(noise) else 0.0
    clean = [without_floor(i.array, n.sigma if n else None, body, shown.slice_axis).signal for i, n in zip(images, noise, strict=True)]
    brightest = np.asarray(reduce(np.maximum, (image.array for image in images)))
    typical = float(np.median(brightest[body])) if body.any() else 0.0
    seen = body & (brightest > max(signal_floor(brightest, body, settings), 2 * sigma))
    fitted = fit_echoes(clean, model, seen, max(sigma, _LEAST_NOISE * typical, 1e-6), shown.slice_axis)
    left = _check_fit(fitted, seen, sigma, settings)
    weighting = weighting_of(shown.acquisition, settings.dixon)
    fraction = fitted.fraction
    if weighting and settings.dixon.correct_t1:
        fraction = fraction / (fraction + np.float32(weighting.t1) * (1 - fraction))
    single = model.precision() * 100 * (sigma / typical if typical > 0 else 0.0)
    ends = (noise[0], noise[-1])
    found = FatMap(
        images[0].with_array(np.asarray(fraction, np.float32)),
        Method.MULTI_ECHO,
        tuple(echoes),
        images[0],
        images[0].with_array(body),
        _facts(fitted, model, seen, left) | snr_facts(typical, ends),
        (
            _how(model, echoes),
            *_doubt(model, float(np.median(fitted.r2_star[seen])), sigma, typical),
            *noise_note(ends),
            *weighting_note(weighting, settings, decay=False),
        ),
        spread=spread_of(single, ends, typical, weighting, settings),
    )
    for image in images[1:]:
        found = without_missing(found, images[0], image)
    return without_misfits(found, images[0], images[1])


def _model(echoes: Sequence[Series], settings: FatSettings) -> EchoModel:
    times = [one.acquisition.te_ms for one in echoes]
    field = echoes[0].acquisition.field_strength_t
    if field is None or any(te is None for te in times):
        raise RefusedInput(Reason.ECHOES_UNFIT, "echo times or field strength are not told")
    tissue = relaxation_at(field, settings.dixon) or min(settings.dixon.relaxation, key=lambda r: abs(r.field_t - field))
    told = [te for te in times if te is not None]
    model = echo_model(told, field, 1000 / tissue.water_t2_star_ms, settings.multi_echo)
    words = f"echo times {', '.join(f'{te:.4g}' for te in sorted(told))} ms at {field:g} T"
    precision, apart = model.precision(), model.told_apart()
    if precision > settings.multi_echo.worst_precision:
        raise RefusedInput(Reason.ECHOES_UNFIT, f"{words} do not tell water from fat: at 1 % noise a voxel is {precision:.0%} off")
    if apart < settings.multi_echo.least_told_apart:
        raise RefusedInput(Reason.ECHOES_UNFIT, f"{words} do not tell which of water and fat is the more")
    return model


def _check_fit(fitted: EchoFit, seen: Mask, sigma: float, settings: FatSettings) -> float:
    """What the fit leaves beyond noise where it leaves most, over the amplitude; refused where that is too much."""
    if not seen.any():
        raise RefusedInput(Reason.ECHOES_UNFIT, "no tissue in view")
    noise = sigma / np.maximum(fitted.amplitude[seen], 1e-9)
    beyond = np.sqrt(np.maximum(fitted.residual[seen] ** 2 - noise**2, 0))
    left = float(np.percentile(beyond, _BRIGHT))
    if left > settings.multi_echo.most_residual:
        words = f"the echoes do not follow water and fat: {left:.0%} of the signal is left over (echo times or field strength wrong?)"
        raise RefusedInput(Reason.ECHOES_UNFIT, words)
    return left


def _facts(fitted: EchoFit, model: EchoModel, seen: Mask, left: float) -> dict[str, float]:
    facts = {"echoes": float(len(model.te_s)), "fit_residual": left}
    if model.fits_r2_star:
        facts["r2_star_per_s"] = float(np.median(fitted.r2_star[seen]))
    return facts


def _how(model: EchoModel, echoes: Sequence[Series]) -> Note:
    times = ", ".join(f"{one.acquisition.te_ms:.4g}" for one in sorted(echoes, key=lambda s: s.acquisition.te_ms or 0))
    decay = "R2* fitted" if model.fits_r2_star else f"R2* taken for {model.nominal:.0f} per second"
    return Note(Reason.MULTI_ECHO, f"water, six peaks of fat fitted to the magnitudes of {len(echoes)} echoes (TE {times} ms); {decay}")


def _doubt(model: EchoModel, r2_star: float, sigma: float, typical: float) -> tuple[Note, ...]:
    """A word where noise may take muscle for its like beyond a half, or the other way about."""
    rate = r2_star if model.fits_r2_star else _FASTER * model.nominal
    apart = np.sqrt(len(model.te_s)) * model.told_apart(_FATTY, rate) * typical
    if not sigma or not typical or apart >= 2 * _TOLD * sigma:
        return ()
    told = f"signal to noise {typical / sigma:.0f}, R2* {rate:.0f} per second"
    words = f"{told}: with these echo times noise may take fatty muscle for fattier, or the other way about"
    return (Note(Reason.AMBIGUOUS_DOMINANCE, words),)


def _measure(series: Sequence[Series], settings: FatSettings) -> FatMap:
    return from_echoes(series, settings)


METHOD = FatMethod(
    Method.MULTI_ECHO,
    kinds=(SeriesKind.GRADIENT_ECHO,),
    place=always(25, 25, "several gradient echoes, no water and fat images or map"),
    measure=_measure,
    train=True,
)
