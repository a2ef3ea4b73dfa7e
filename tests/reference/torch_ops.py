#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes torch_ops.json: results and gradients of ops, and weights along optimizer steps, as PyTorch computes them in float64.

  python3 torch_ops.py > torch_ops.json        (made with PyTorch 2.15.0 on a CPU)

Each op: {"op", "attributes", "inputs": [{"shape", "dtype", "values", "grad": bool}], "seed": values that the gradient starts from,
"output": values, "gradients": [values or null for each input], "after": {input number: values that the op wrote}}.
Each optimizer: {"optimizer", "settings", "lr": a step, "start", "gradients": [a step], "weights": [after each step]}.
"""
import json
import sys

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
generator = torch.Generator().manual_seed(20240117)


def numbers(*shape, low=-2.0, high=2.0):
    # Rounded to float32, so that a float32 device starts from the same numbers.
    return (torch.rand(shape, generator=generator) * (high - low) + low).float().double()


def integers(*shape, low=0, high=1):
    return torch.randint(low, high + 1, shape, generator=generator)


def values(t):
    return t.detach().reshape(-1).tolist()


def op_case(op, function, inputs, attributes=None, fixed=(), written=()):
    tensors = []
    for i, t in enumerate(inputs):
        t = t.clone()
        if t.is_floating_point() and i not in fixed:
            t.requires_grad_(True)
        tensors.append(t)
    before = [t.detach().clone() for t in tensors]
    y = function(*tensors)
    seed = numbers(*y.shape, low=-1, high=1)
    y.backward(seed)
    return {
        "op": op, "attributes": attributes or {},
        "inputs": [{"shape": list(b.shape), "dtype": "float" if b.is_floating_point() else "bool" if b.dtype == torch.bool else "int32",
                    "values": [int(v) for v in values(b)] if not b.is_floating_point() else values(b), "grad": t.requires_grad}
                   for b, t in zip(before, tensors)],
        "shape": list(y.shape), "output": values(y), "seed": values(seed),
        "gradients": [values(t.grad) if t.requires_grad else None for t in tensors],
        "after": {str(i): values(tensors[i]) for i in written},
    }


def rope(x, position, base, interleaved):
    """Su et al. 2021 eq. 34, pairs as complex numbers."""
    d = x.shape[-1]
    angle = position[:, None].double() * base ** (-torch.arange(0, d, 2).double() / d)
    turn = torch.polar(torch.ones_like(angle), angle)
    if interleaved:
        return torch.view_as_real(torch.view_as_complex(x.unflatten(-1, (d // 2, 2)).contiguous()) * turn).flatten(-2)
    y = torch.complex(x[..., : d // 2], x[..., d // 2:]) * turn
    return torch.cat([y.real, y.imag], -1)


def ops():
    for op, function in {"gelu": F.gelu, "gelu-tanh": lambda x: F.gelu(x, approximate="tanh"), "silu": F.silu, "sigmoid": torch.sigmoid,
                         "tanh": torch.tanh, "relu": F.relu, "exp": torch.exp, "abs": torch.abs, "square": torch.square}.items():
        yield op_case(op, function, [numbers(3, 5, low=-4, high=4)])
    for op, function in {"log": torch.log, "sqrt": torch.sqrt, "rsqrt": torch.rsqrt, "reciprocal": torch.reciprocal}.items():
        yield op_case(op, function, [numbers(7, low=0.2, high=3)])
    for op, function in {"add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div, "maximum": torch.maximum, "minimum": torch.minimum}.items():
        yield op_case(op, function, [numbers(2, 1, 4), numbers(3, 1, low=0.5)])
    yield op_case("swiglu", lambda g, u: F.silu(g) * u, [numbers(3, 5), numbers(3, 5)])
    yield op_case("sum", lambda x: x.sum((0, 2)), [numbers(3, 2, 4)], {"axes": [0, 2]})
    yield op_case("mean", lambda x: x.mean(1, keepdim=True), [numbers(3, 5)], {"axes": [1], "keep": True})
    yield op_case("max", lambda x: x.amax(0), [numbers(5, 3)], {"axes": [0]})
    yield op_case("matmul", torch.matmul, [numbers(2, 1, 3, 4), numbers(3, 4, 2)])
    yield op_case("linear", F.linear, [numbers(2, 3, 5), numbers(4, 5), numbers(4)])
    yield op_case("softmax", lambda x: F.softmax(x, -1), [numbers(3, 7, low=-6, high=6)])
    yield op_case("log-softmax", lambda x: F.log_softmax(x, -1), [numbers(3, 7, low=-6, high=6)])
    yield op_case("layer-norm", lambda x, w, b: F.layer_norm(x, (7,), w, b, 1e-5), [numbers(2, 3, 7), numbers(7), numbers(7)])
    yield op_case("rms-norm", lambda x, w: F.rms_norm(x, (7,), w, 1e-5), [numbers(2, 3, 7), numbers(7)])
    for training in (True, False):
        yield op_case("batch-norm", lambda x, w, b, m, v: F.batch_norm(x, m, v, w, b, training, 0.2, 1e-3),
                      [numbers(3, 2, 3, 2), numbers(2), numbers(2), numbers(2), numbers(2, low=0.5)],
                      {"training": training, "momentum": 0.2, "eps": 1e-3}, fixed=(3, 4), written=(3, 4))
    yield op_case("conv2d", F.conv2d, [numbers(2, 3, 5, 6), numbers(4, 3, 3, 2), numbers(4)])
    yield op_case("conv2d", lambda x, w, b: F.conv2d(x, w, b, (2, 1), (1, 2), (1, 2), 2), [numbers(2, 4, 6, 7), numbers(6, 2, 3, 3), numbers(6)],
                  {"stride_h": 2, "pad_h": 1, "pad_w": 2, "dilation_w": 2, "groups": 2})
    yield op_case("max-pool2d", lambda x: F.max_pool2d(x, (3, 2), (2, 1), (1, 1)), [numbers(2, 2, 5, 4)],
                  {"kernel_h": 3, "kernel_w": 2, "stride_h": 2, "stride_w": 1, "pad_h": 1, "pad_w": 1})
    yield op_case("avg-pool2d", lambda x: F.avg_pool2d(x, (3, 2), (2, 1), (1, 1), count_include_pad=False), [numbers(2, 2, 5, 4)],
                  {"kernel_h": 3, "kernel_w": 2, "stride_h": 2, "stride_w": 1, "pad_h": 1, "pad_w": 1})
    yield op_case("embedding", lambda w, i: F.embedding(i, w), [numbers(5, 3), integers(2, 4, high=4)])
    qkv = lambda h, hkv, t, s, d: [numbers(2, h, t, d), numbers(2, hkv, s, d), numbers(2, hkv, s, d)]
    yield op_case("attention", F.scaled_dot_product_attention, qkv(2, 2, 3, 5, 4))
    yield op_case("attention", lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True), qkv(4, 2, 5, 5, 2), {"causal": True})
    yield op_case("attention", lambda q, k, v: F.scaled_dot_product_attention(q, k, v, scale=0.3), qkv(1, 1, 4, 4, 3), {"scale": 0.3})
    seen = torch.tensor([[1, 1, 0, 1, 0], [0, 1, 1, 1, 1]], dtype=torch.bool)
    yield op_case("attention", lambda q, k, v, m: F.scaled_dot_product_attention(q, k, v, attn_mask=m[:, None, None, :]), qkv(2, 2, 3, 5, 4) + [seen])
    yield op_case("rope", lambda x, p: rope(x, p, 10000.0, False), [numbers(2, 2, 3, 6), torch.tensor([0, 3, 17])])
    yield op_case("rope", lambda x, p: rope(x, p, 100.0, True), [numbers(1, 2, 3, 4), torch.tensor([5, 0, 2])], {"base": 100, "interleaved": True})
    target = torch.tensor([[2, 0, -1], [3, 3, 1]])
    for smoothing in (0.0, 0.1):
        yield op_case("cross-entropy", lambda x, t: F.cross_entropy(x.flatten(0, 1), t.flatten(), ignore_index=-1, label_smoothing=smoothing),
                      [numbers(2, 3, 4, low=-4, high=4), target], {"smoothing": smoothing})
    yield op_case("mse-loss", F.mse_loss, [numbers(3, 4), numbers(3, 4)])


def optimizer_case(name, settings, make):
    w = numbers(5).requires_grad_(True)
    optimizer = make([w])
    case = {"optimizer": name, "settings": settings, "start": values(w), "lr": [], "gradients": [], "weights": []}
    for step in range(6):
        lr = settings["lr"] / (1 + step)
        optimizer.param_groups[0]["lr"] = lr
        w.grad = numbers(5)
        optimizer.step()
        case["lr"].append(lr)
        case["gradients"].append(values(w.grad))
        case["weights"].append(values(w))
    return case


def optimizers():
    yield optimizer_case("adamw", {"lr": 0.05, "beta1": 0.85, "beta2": 0.97, "weight_decay": 0.1, "eps": 1e-6},
                         lambda p: torch.optim.AdamW(p, lr=0.05, betas=(0.85, 0.97), weight_decay=0.1, eps=1e-6))
    yield optimizer_case("sgd", {"lr": 0.1, "momentum": 0, "weight_decay": 0.05}, lambda p: torch.optim.SGD(p, lr=0.1, weight_decay=0.05))
    yield optimizer_case("sgd", {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.05}, lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.05))
    yield optimizer_case("sgd", {"lr": 0.1, "momentum": 0.8, "nesterov": True}, lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.8, nesterov=True))


def lines(key, cases):
    return f' "{key}": [\n' + ",\n".join("  " + json.dumps(case, separators=(",", ":")) for case in cases) + "\n ]"


print("{\n" + f' "origin": "PyTorch {torch.__version__.split("+")[0]}, float64, CPU, by tests/reference/torch_ops.py",\n'
      + lines("ops", ops()) + ",\n" + lines("optimizers", optimizers()) + "\n}")
sys.stdout.flush()
