"""Training learns, resumes exactly, and its exported weights are those of the average."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from gluteal_grade_lab.training.patches import Sample
from gluteal_grade_lab.training.train import Budget, Plan, build_network, export, slim, start, take_weights, train
from gluteal_grade_lab.training.validate import make_validation

NETWORK = {
    "_target_": "UNet", "spatial_dims": 3, "in_channels": 1, "out_channels": 2, "channels": [4, 8], "strides": [2], "norm": "INSTANCE",
}  # fmt: skip
PLAN = Plan(NETWORK, (16, 16, 16), 1.5, (1.0, 1.0), (), 5e-3, 0.9, 2, 1)


def balls(index: int) -> Sample:
    """A bright ball at a random place: learnable in a few steps."""
    generator = torch.Generator().manual_seed(index)
    axes = torch.arange(16.0)
    centre = torch.rand(3, generator=generator) * 8 + 4
    squared = (axes - centre[0])[:, None, None] ** 2 + (axes - centre[1])[None, :, None] ** 2 + (axes - centre[2])[None, None, :] ** 2
    labels = (squared < 16).to(torch.uint8)
    return Sample(0.7 * labels + 0.1 * torch.rand((16, 16, 16), generator=generator), labels, "ball")


@pytest.mark.long
@pytest.mark.parametrize("bfloat16", [False, True])
def test_it_learns(tmp_path: Path, bfloat16: bool) -> None:
    validate = make_validation(balls, 4, ("ball",))
    state = train(replace(PLAN, bfloat16=bfloat16), balls, tmp_path, Budget(150, 5), validate=validate, workers=0)
    assert state.step == 150
    assert validate(state.average.eval())["ball"] > 0.9
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert lines[-1]["loss"] < 0.6 * lines[0]["loss"]
    assert (tmp_path / "level.pt").exists()


def test_a_resumed_run_equals_an_unbroken_one(tmp_path: Path) -> None:
    whole = train(PLAN, balls, tmp_path / "whole", Budget(9, 5), workers=0)
    # the learning rate level: the first part stops before it falls
    first = start(PLAN, torch.device("cpu"))
    first.save(tmp_path / "zero.pt")
    part = train(PLAN, balls, tmp_path / "part", Budget(9, 5), resume=tmp_path / "zero.pt", workers=0)
    for a, b in zip(whole.average.parameters(), part.average.parameters(), strict=True):
        assert torch.allclose(a, b, atol=1e-6)


def test_a_terminated_run_is_saved(tmp_path: Path) -> None:
    def interrupted(index: int) -> Sample:
        if index == 6:
            os.kill(os.getpid(), signal.SIGTERM)
        return balls(index)

    handler = signal.getsignal(signal.SIGTERM)
    train(PLAN, interrupted, tmp_path, Budget(50, 5), workers=0)
    assert torch.load(tmp_path / "last.pt", weights_only=True)["step"] == 3
    assert signal.getsignal(signal.SIGTERM) == handler


def test_a_run_whose_whole_group_is_terminated_is_saved(tmp_path: Path) -> None:
    def interrupted(index: int) -> Sample:
        if index == 40:
            os.kill(os.getppid(), signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGTERM)
        return balls(index)

    train(PLAN, interrupted, tmp_path, Budget(2000, 5), workers=1)
    assert 0 < torch.load(tmp_path / "last.pt", weights_only=True)["step"] < 2000


def test_a_sample_that_fails_ends_the_run_and_keeps_what_was_learnt(tmp_path: Path) -> None:
    """As a program of its own: once it ended in waiting for ever for a worker that let its SIGTERM pass."""
    program = f"""
from pathlib import Path
from tests.lab.training.test_train import PLAN, balls
from gluteal_grade_lab.training.train import Budget, train

def broken(index):
    return balls(index) if index < 6 else 1 // 0

try:
    train(PLAN, broken, Path({str(tmp_path)!r}), Budget(2000, 5), workers=1)
except Exception as error:
    kept = error  # as a traceback that is printed keeps it, and with it the loader
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=300, cwd=Path(__file__).resolve().parents[3])
    assert torch.load(tmp_path / "last.pt", weights_only=True)["step"] >= 1


def test_a_checkpoint_holds_everything(tmp_path: Path) -> None:
    state = train(PLAN, balls, tmp_path, Budget(5, 5), workers=0)
    other = start(PLAN, torch.device("cpu"))
    other.load(tmp_path / "last.pt")
    assert other.step == 5
    for name, value in state.network.state_dict().items():
        assert torch.equal(value, other.network.state_dict()[name])
    assert other.optimizer.state_dict()["state"].keys() == state.optimizer.state_dict()["state"].keys()


def test_a_slim_checkpoint_goes_on(tmp_path: Path) -> None:
    state = train(PLAN, balls, tmp_path, Budget(60, 5), workers=0)
    path = slim(tmp_path / "last.pt", tmp_path / "kept" / "ball.pt")
    assert path.stat().st_size < 0.4 * (tmp_path / "last.pt").stat().st_size
    other = train(PLAN, balls, tmp_path / "more", Budget(61, 5), resume=path, workers=0)
    assert other.step == 61
    for a, b in zip(state.network.parameters(), other.average.parameters(), strict=True):
        assert float((a - b).detach().abs().max()) < 0.02


def test_exported_weights_answer_like_the_average(tmp_path: Path) -> None:
    state = train(PLAN, balls, tmp_path, Budget(60, 5), workers=0)
    weights = torch.load(export(state, tmp_path / "bundle"), weights_only=True)
    assert {value.dtype for value in weights.values()} == {torch.float16}
    network = build_network(NETWORK)
    network.load_state_dict({name: value.float() for name, value in weights.items()})
    image = balls(3).image[None, None]
    with torch.inference_mode():
        apart = (network.eval()(image).softmax(1) - state.average.eval()(image).softmax(1)).abs().max()
    assert float(apart) < 0.01


def test_offsets_are_added_to_the_scores(tmp_path: Path) -> None:
    state = start(PLAN, torch.device("cpu"))
    weights = torch.load(export(state, tmp_path, (0.0, -2.0)), weights_only=True)
    network = build_network(NETWORK)
    network.load_state_dict({name: value.float() for name, value in weights.items()})
    image = balls(3).image[None, None]
    with torch.inference_mode():
        added = network.eval()(image) - state.average.eval()(image)
    assert added[:, 0].abs().max() < 0.01
    assert (added[:, 1] + 2).abs().max() < 0.01


def test_fine_tuning_begins_with_the_exported_weights(tmp_path: Path) -> None:
    first = train(PLAN, balls, tmp_path / "first", Budget(60, 5), workers=0)
    weights = export(first, tmp_path / "bundle")
    tuned = train(PLAN, balls, tmp_path / "tuned", Budget(1, 5), weights=weights, workers=0)
    for a, b in zip(first.average.parameters(), tuned.average.parameters(), strict=True):
        assert float((a - b).detach().abs().max()) < 0.01


def test_a_network_of_more_classes_keeps_what_the_old_one_knew(tmp_path: Path) -> None:
    old = train(PLAN, balls, tmp_path / "old", Budget(60, 5), workers=0)
    wide = replace(PLAN, network_def=NETWORK | {"out_channels": 4}, class_weights=(1.0, 1.0, 1.0, 1.0))
    state = start(wide, torch.device("cpu"))
    take_weights(state, export(old, tmp_path / "bundle"))
    image = balls(3).image[None, None]
    with torch.inference_mode():
        before, after = old.average.eval()(image), state.average.eval()(image)
    assert after.shape[1] == 4
    assert torch.allclose(after[:, :2], before, atol=0.02)
    below = after[:, 2:] < after[:, :2].max(1, keepdim=True).values
    assert float(below.float().mean()) > 0.95  # a new class begins below the old ones


def test_weights_of_more_classes_do_not_fit(tmp_path: Path) -> None:
    big = start(replace(PLAN, network_def=NETWORK | {"out_channels": 4}), torch.device("cpu"))
    with pytest.raises(ValueError, match="do not fit"):
        take_weights(start(PLAN, torch.device("cpu")), export(big, tmp_path))


def test_a_plan_without_a_network_is_refused(tmp_path: Path) -> None:
    (tmp_path / "train.json").write_text(
        '{"patch": [8, 8, 8], "spacing_mm": 1.5, "class_weights": [1, 1], "learning_rate": 0.1, "ema": 0.9, "seed": 0}'
    )
    with pytest.raises(ValueError, match="network_def"):
        Plan.read(tmp_path / "train.json")
