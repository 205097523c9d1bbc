"""The engine's optimiser: torch's Adam, whose methods do not import torch's compiler."""

from __future__ import annotations

import inspect

import torch
from torch import optim


class Adam(optim.Adam):
    """Adam as torch has it.

    torch tells its compiler to leave these methods alone, and imports it for that when one is called first: a second
    in each process, longer than many a training. The engine compiles nothing, so it calls the functions themselves.
    """

    add_param_group = inspect.unwrap(optim.Adam.add_param_group)
    zero_grad = inspect.unwrap(optim.Adam.zero_grad)
    state_dict = inspect.unwrap(optim.Adam.state_dict)
    load_state_dict = inspect.unwrap(optim.Adam.load_state_dict)
    step = torch.no_grad()(inspect.unwrap(optim.Adam.step))
