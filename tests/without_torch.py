"""A stand-in for PyTorch, for libraries that import it everywhere and read data without it: it brings gigabytes of CUDA.

``import without_torch`` puts it in place where PyTorch is not installed. RecBole also asks numpy for names that went with
numpy 2.
"""

import importlib.util
import sys
from importlib.machinery import ModuleSpec
from unittest.mock import MagicMock

import numpy as np

MODULES = [
    *("torch", "torch.nn", "torch.nn.functional", "torch.nn.init", "torch.nn.parallel", "torch.nn.utils"),
    *("torch.nn.utils.rnn", "torch.autograd", "torch.cuda", "torch.cuda.amp", "torch.distributed"),
    *("torch.multiprocessing", "torch.optim", "torch.utils", "torch.utils.data", "torch.utils.tensorboard"),
]
CLASSES = [
    *("torch.Tensor", "torch.nn.Module", "torch.autograd.Function"),
    *("torch.utils.data.DataLoader", "torch.utils.data.Sampler", "torch.utils.data.Dataset"),
]


def stand_in() -> None:
    for name in MODULES:
        module = MagicMock(name=name)
        module.__spec__, module.__path__ = ModuleSpec(name, None), []
        sys.modules[name] = module
        parent, _, leaf = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], leaf, module)
    for name in CLASSES:
        parent, _, leaf = name.rpartition(".")
        setattr(sys.modules[parent], leaf, type(leaf, (), {}))


if importlib.util.find_spec("torch") is None:
    stand_in()
for old, new in (("float_", "float64"), ("complex_", "complex128"), ("unicode_", "str_")):
    if not hasattr(np, old):
        setattr(np, old, getattr(np, new))
