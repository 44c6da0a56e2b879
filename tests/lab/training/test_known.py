"""The loss over known classes, against sums done by hand."""

import math

import pytest
import torch

from gluteal_grade_lab.training.known import KnownDiceCE, merged


def voxels(*rows):
    """Scores (1, classes, 1, 1, voxels) from the probabilities of each voxel."""
    return torch.tensor(rows).log().T[None, :, None, None, :]


def labels(*numbers):
    return torch.tensor(numbers)[None, None, None, None, :]


def test_an_unknown_class_adds_its_probability_to_the_background():
    scores = voxels([0.2, 0.5, 0.3], [0.1, 0.6, 0.3])
    unknown = torch.tensor([[False, False, True]])
    together, numbers = merged(scores, labels(0, 2)[:, 0], unknown)
    found = together.softmax(1)[0, :, 0, 0]
    assert torch.allclose(found, torch.tensor([[0.5, 0.4], [0.5, 0.6], [0.0, 0.0]]), atol=1e-6)
    assert numbers.flatten().tolist() == [0, 0]


def test_the_loss_is_what_the_sums_say():
    """Two voxels, one of class 1 and one of the background, class 2 unknown."""
    scores, unknown = voxels([0.2, 0.7, 0.1], [0.3, 0.1, 0.6]), torch.tensor([[False, False, True]])
    found = float(KnownDiceCE((1.0, 1.0, 1.0))(scores, labels(1, 0), unknown))
    cross_entropy = -(math.log(0.7) + math.log(0.9)) / 2
    dice = 1 - 2 * 0.7 / (0.7 + 0.1 + 1)
    assert found == pytest.approx(cross_entropy + dice, abs=1e-4)


def test_weights_and_shares():
    """Cross-entropy is the weighted mean; a class after the main ones counts a third in the Dice."""
    scores = voxels([0.25, 0.5, 0.25], [0.25, 0.25, 0.5])
    found = float(KnownDiceCE((1.0, 1.0, 3.0), main=1)(scores, labels(1, 2)))
    dice = 1 - 2 * 0.5 / (0.75 + 1)
    assert found == pytest.approx(math.log(2) + dice, abs=1e-4)  # both classes have one Dice, so their shares do not show
    one = float(KnownDiceCE((1.0, 1.0, 1.0), main=1)(voxels([0.25, 0.5, 0.25], [0.1, 0.1, 0.8]), labels(1, 2)))
    dices = 1 - 2 * 0.5 / 1.6, 1 - 2 * 0.8 / 2.05
    assert one == pytest.approx(-(math.log(0.5) + math.log(0.8)) / 2 + (dices[0] + dices[1] / 3) / (4 / 3), abs=1e-4)


def test_unknown_classes_get_no_push_of_their_own():
    scores = voxels([0.4, 0.2, 0.4]).requires_grad_()
    KnownDiceCE((1.0, 1.0, 1.0))(scores, labels(0), torch.tensor([[False, False, True]])).backward()
    gradient = scores.grad[0, :, 0, 0, 0]
    assert gradient[2] == pytest.approx(gradient[0])  # background and the unknown class rise together
    assert torch.isfinite(gradient).all()


def test_a_batch_of_known_and_unknown():
    scores = torch.cat([voxels([0.2, 0.7, 0.1]), voxels([0.2, 0.7, 0.1])])
    both = torch.tensor([[False, False, False], [False, False, True]])
    numbers = torch.cat([labels(2), labels(2)])
    found = float(KnownDiceCE((1.0, 1.0, 1.0))(scores, numbers, both))
    dice = 1 - 2 * 0.1 / 1.1
    assert found == pytest.approx(-(math.log(0.1) + math.log(0.3)) / 2 + dice, abs=1e-4)
