"""What workers of this machine are given before they begin."""

from __future__ import annotations

import pytest
import torch

from gluteal_grade.cohort.machine import Share
from gluteal_grade.cohort.worker import local_workers
from gluteal_grade.config import load_settings
from gluteal_grade.errors import Reason, TransientFailure

MINE = Share(1, 1, None)


def test_a_device_that_is_not_there_is_told_before_the_first_study(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(TransientFailure) as caught:
        local_workers(MINE, networks=load_settings({"segmentation.device": "cuda:1"}).segmentation)
    assert caught.value.reason is Reason.DEVICE_MISSING


@pytest.mark.parametrize("device", ["cpu", "auto"])
def test_nothing_is_asked_where_the_processor_will_do(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: pytest.fail("asked"))
    local_workers(MINE, networks=load_settings({"segmentation.device": device}).segmentation).close()
    local_workers(MINE, networks=None).close()
