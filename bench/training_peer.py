#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The networks of training_bench.py in PyTorch, in its best everyday form (fused AdamW, scaled_dot_product_attention): trains on random
data and prints {"version", "rate"}: examples or tokens a second, the median over windows of ten steps. bfloat16 is autocast; SETTING is
eager, channels-last (pictures) or compile.

  VENV/bin/python bench/training_peer.py CASE PRECISION SETTING THREADS STEPS
"""
import json
import statistics
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

WINDOW = 10
VOCABULARY = 65


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm_1, self.norm_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        batch, tokens, width = x.shape
        q, k, v = (t.view(batch, tokens, self.heads, -1).transpose(1, 2) for t in self.qkv(self.norm_1(x)).split(width, 2))
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(batch, tokens, width)
        x = x + self.proj(mixed)
        return x + self.down(F.gelu(self.up(self.norm_2(x)), approximate="tanh"))


class Gpt(nn.Module):
    def __init__(self, context, layers=4, heads=4, width=128):
        super().__init__()
        self.tokens, self.places = nn.Embedding(VOCABULARY, width), nn.Embedding(context, width)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, VOCABULARY, bias=False)
        self.head.weight = self.tokens.weight

    def forward(self, index):
        x = self.tokens(index) + self.places.weight[: index.shape[1]]
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x)).flatten(0, 1)


def cnn():
    layers, before = [], 1
    for channels, pool in ((16, 2), (32, 2), (64, 1)):
        layers += [nn.Conv2d(before, channels, 3, padding=1), nn.ReLU()]
        layers += [nn.MaxPool2d(pool)] if pool > 1 else []
        before = channels
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * 7 * 7, 10))


class ResNetBlock(nn.Module):
    def __init__(self, before, after, stride):
        super().__init__()
        self.stride, self.extra = stride, (after - before) // 2
        self.conv1, self.bn1 = nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after)
        self.conv2, self.bn2 = nn.Conv2d(after, after, 3, 1, 1, bias=False), nn.BatchNorm2d(after)

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.extra:
            x = F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, self.extra, self.extra))
        return F.relu(x + y)


def resnet20():
    layers, before = [nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU()], 16
    for channels in (16, 32, 64):
        for block in range(3):
            layers.append(ResNetBlock(before, channels, 2 if block == 0 and channels > 16 else 1))
            before = channels
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def text(context, batch, **sizes):
    ids = torch.randint(0, VOCABULARY, (100_000,))

    def draw():
        starts = torch.randint(0, len(ids) - context - 1, (batch,)).tolist()
        return torch.stack([ids[s : s + context] for s in starts]), torch.stack([ids[s + 1 : s + 1 + context] for s in starts]).flatten()

    return Gpt(context, **sizes), draw, batch * context


def images(model, channels, side, batch):
    pictures, labels = torch.randn(2000, channels, side, side), torch.randint(0, 10, (2000,))

    def draw():
        chosen = torch.randint(0, len(labels), (batch,))
        return pictures[chosen], labels[chosen]

    return model, draw, batch


CASES = {
    "gpt-2x64": lambda: text(64, 12, layers=2, width=64),
    "gpt-4x128": lambda: text(256, 16),
    "gpt-6x384": lambda: text(256, 8, layers=6, heads=6, width=384),
    "cnn": lambda: images(cnn(), 1, 28, 64),
    "resnet20": lambda: images(resnet20(), 3, 32, 64),
}


def main():
    case, narrow, setting, threads, steps = sys.argv[1], sys.argv[2] == "bfloat16", sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    model, draw, items = CASES[case]()
    layout = torch.channels_last if setting == "channels-last" else torch.contiguous_format
    model = model.to(memory_format=layout)
    parameters = list(model.parameters())
    network = torch.compile(model) if setting == "compile" else model
    if case == "resnet20":
        optimizer = torch.optim.SGD(parameters, lr=0.05, momentum=0.9, foreach=True)
    else:
        optimizer = torch.optim.AdamW(parameters, lr=1e-3, fused=True)
    windows, begin = [], time.perf_counter()
    for step in range(1, steps + 1):
        inputs, targets = draw()
        optimizer.zero_grad(set_to_none=True)
        if setting == "channels-last":
            inputs = inputs.contiguous(memory_format=layout)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=narrow):
            loss = F.cross_entropy(network(inputs), targets)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        loss.item()
        if step % WINDOW == 0:
            now = time.perf_counter()
            windows.append(items * WINDOW / (now - begin))
            begin = now
    print(json.dumps({"version": torch.__version__.split("+")[0], "rate": statistics.median(windows[1:])}))


if __name__ == "__main__":
    main()
