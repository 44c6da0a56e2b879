"""The network that our own bundles name, built of torch alone.

`monai.networks.nets.UNet` without residual units is convolutions and skips. To import it means to import all of MONAI: 3.6 s of processor
time where a study takes 6, and a graph exported by `torch.export` takes longer still to load (4.8 s, most of it the compiler it is read
with). What this file cannot build exactly as MONAI does is left to MONAI; `tests/segmentation/test_unet.py` holds the two to the same bits.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import nn

TARGET = "monai.networks.nets.UNet"

_ASKED = {"spatial_dims": 3, "num_res_units": 0, "norm": "INSTANCE"}
_SIZES = ("in_channels", "out_channels", "channels", "strides")
_Activation = Callable[[], nn.Module]


def plain_unet(definition: Mapping[str, object]) -> nn.Module | None:
    """The network of a `network_def`, its parameters named as MONAI names them.

    Args:
        definition: as in a bundle's `inference.json`.

    Returns:
        (1, in_channels, x, y, z) to (1, out_channels, x, y, z); None for what only MONAI builds.
    """
    options = {key: value for key, value in definition.items() if key != "_target_"}
    activation = _activation(options.pop("act", "PRELU"))
    channels, strides = _whole(options.get("channels")), _whole(options.get("strides"))
    ends = _whole([options.get("in_channels"), options.get("out_channels")])
    known = (
        definition.get("_target_") == TARGET
        and set(options) == {*_ASKED, *_SIZES}
        and all(options[key] == value for key, value in _ASKED.items())
    )
    if not known or activation is None or not ends or len(channels) < 2 or len(strides) != len(channels) - 1:
        return None
    return _UNet(_level(ends[0], ends[1], channels, strides, activation, top=True))


class _UNet(nn.Module):
    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.model(image)
        return found


class _Skip(nn.Module):
    """What goes in, beside what the level below makes of it."""

    def __init__(self, below: nn.Module) -> None:
        super().__init__()
        self.submodule = below

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return torch.cat([image, self.submodule(image)], 1)


def _level(
    inward: int, outward: int, channels: Sequence[int], strides: Sequence[int], activation: _Activation, *, top: bool = False
) -> nn.Module:
    """One level and all below it."""
    here, stride = channels[0], strides[0]
    if len(channels) > 2:
        below, given = _level(here, here, channels[1:], strides[1:], activation), here
    else:
        below, given = _layer(nn.Conv3d(here, channels[1], 3, padding=1), activation), channels[1]
    down = _layer(nn.Conv3d(inward, here, 3, stride, padding=1), activation)
    up = nn.ConvTranspose3d(here + given, outward, 3, stride, padding=1, output_padding=stride - 1)
    return nn.Sequential(down, _Skip(below), _layer(up, None if top else activation))


def _layer(convolution: nn.Conv3d | nn.ConvTranspose3d, activation: _Activation | None) -> nn.Module:
    parts: OrderedDict[str, nn.Module] = OrderedDict(conv=convolution)
    if activation is not None:
        parts["adn"] = nn.Sequential(OrderedDict(N=nn.InstanceNorm3d(convolution.out_channels), A=activation()))
    return nn.Sequential(parts)


def _activation(named: object) -> _Activation | None:
    if named == "PRELU":
        return nn.PReLU
    match named:
        case ["LEAKYRELU", {"negative_slope": float(slope), "inplace": True, **others}] if not others:
            return lambda: nn.LeakyReLU(slope, inplace=True)
        case _:
            return None


def _whole(values: object) -> list[int]:
    """Positive whole numbers; empty for anything else."""
    if isinstance(values, list | tuple) and all(type(value) is int and 0 < value <= 4096 for value in values):
        return list(values)
    return []
