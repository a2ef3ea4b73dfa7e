#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cases of tests/tools/measure_gpu.cpp, and a training step of training_peer.py's networks, in PyTorch on a CUDA device; prints
{"version", "device", "cases": {NAME: milliseconds, or tokens a second of decode-* and train-*}}.

  VENV/bin/python bench/gpu_peer.py NETWORK,…
"""
import json
import statistics
import sys
import time

import torch
import torch.nn.functional as F

from training_peer import CASES

WARM_UP, MEASURED = 3, 10
cuda = torch.device("cuda")


def milliseconds(work):
    times = []
    for i in range(WARM_UP + MEASURED):
        torch.cuda.synchronize()
        begin = time.perf_counter()
        work()
        torch.cuda.synchronize()
        if i >= WARM_UP:
            times.append(1e3 * (time.perf_counter() - begin))
    return statistics.median(times)


def attention(cases):
    q, k, v, d_o = (torch.randn(4, 16, 2048, 64, device=cuda, dtype=torch.bfloat16) for _ in range(4))
    with torch.no_grad():
        cases["attention-fwd-2048-bf16"] = milliseconds(lambda: F.scaled_dot_product_attention(q, k, v, is_causal=True))
    for x in (q, k, v):
        x.requires_grad_()
    o = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    cases["attention-bwd-2048-bf16"] = milliseconds(lambda: torch.autograd.grad(o, (q, k, v), d_o, retain_graph=True))


def products(cases):
    a, b = (torch.randn(4096, 4096, device=cuda, dtype=torch.bfloat16) for _ in range(2))
    cases["product-4096-bf16"] = milliseconds(lambda: a @ b.t())
    if torch.cuda.get_device_capability() >= (8, 9):
        a8, b8, one = a.to(torch.float8_e4m3fn), b.to(torch.float8_e4m3fn), torch.ones((), device=cuda)
        cases["product-4096-fp8"] = milliseconds(lambda: torch._scaled_mm(a8, b8.t(), scale_a=one, scale_b=one, out_dtype=torch.bfloat16))


@torch.inference_mode()
def decode(cases, tokens=320):
    L, C, H, D, M, V, T = 6, 448, 7, 64, 1152, 1024, 512
    w = lambda *shape: (torch.randn(*shape, device=cuda) * 0.02).to(torch.bfloat16)
    layers = [dict(qkv=w(3 * C, C), out=w(C, C), gate=w(M, C), up=w(M, C), down=w(C, M), n1=w(C) + 1, n2=w(C) + 1) for _ in range(L)]
    table, last = w(V, C), w(C) + 1
    angle = torch.outer(torch.arange(T, device=cuda).float(), 10000.0 ** (-torch.arange(0, D, 2, device=cuda).float() / D))
    cos, sin = angle.cos().to(torch.bfloat16), angle.sin().to(torch.bfloat16)
    k_cache, v_cache = ([torch.zeros(1, H, T, D, device=cuda, dtype=torch.bfloat16) for _ in range(L)] for _ in range(2))

    def turn(x, t):
        a, b = x[..., 0::2], x[..., 1::2]
        return torch.stack((a * cos[t] - b * sin[t], a * sin[t] + b * cos[t]), -1).flatten(-2)

    def step(t):
        x = table[1].view(1, 1, C)
        for i, l in enumerate(layers):
            q, k, v = [y.view(1, 1, H, D).transpose(1, 2) for y in F.linear(F.rms_norm(x, (C,), l["n1"]), l["qkv"]).split(C, 2)]
            k_cache[i][:, :, t:t + 1], v_cache[i][:, :, t:t + 1] = turn(k, t), v
            mixed = F.scaled_dot_product_attention(turn(q, t), k_cache[i][:, :, :t + 1], v_cache[i][:, :, :t + 1])
            x = x + F.linear(mixed.transpose(1, 2).reshape(1, 1, C), l["out"])
            h = F.rms_norm(x, (C,), l["n2"])
            x = x + F.linear(F.silu(F.linear(h, l["gate"])) * F.linear(h, l["up"]), l["down"])
        return F.linear(F.rms_norm(x, (C,), last), table).float().cpu()

    seconds = []
    for t in range(tokens):
        begin = time.perf_counter()
        step(t)
        seconds.append(time.perf_counter() - begin)
    cases["decode-15m-bf16"] = 1 / statistics.median(seconds)


def train(network, cases, steps=60, window=10):
    torch.manual_seed(0)
    model, draw, items = CASES[network]()
    parameters = list(model.to(cuda).parameters())
    optimizer = torch.optim.AdamW(parameters, lr=1e-3, fused=True)
    rates, begin = [], time.perf_counter()
    for step in range(1, steps + 1):
        inputs, targets = (x.to(cuda, non_blocking=True) for x in draw())
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cuda", dtype=torch.bfloat16):
            loss = F.cross_entropy(model(inputs), targets)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        loss.item()
        if step % window == 0:
            now = time.perf_counter()
            rates.append(items * window / (now - begin))
            begin = now
    cases[f"train-{network}-bf16"] = statistics.median(rates[1:])


def main():
    cases = {}
    attention(cases)
    products(cases)
    decode(cases)
    for network in sys.argv[1].split(","):
        train(network, cases)
    print(json.dumps({"version": torch.__version__, "device": torch.cuda.get_device_name(), "cases": cases}))


if __name__ == "__main__":
    main()
