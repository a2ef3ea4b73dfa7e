#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The search step of search_bench.py in PyTorch, written plainly: the cell of NAS-Bench-201 in a skeleton of three stages, one cell a
stage, shared architecture parameters; an architecture step on one batch, a weight step on another. Prints {"version", "rate"}: pictures of
both batches a second, the median over windows of five steps.

  VENV/bin/python bench/search_peer.py darts|gdas THREADS STEPS BATCH CHANNELS
"""
import json
import statistics
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

EDGES = [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)]
WINDOW = 5


def relu_conv_bn(before, after, kernel, stride=1):
    return nn.Sequential(nn.ReLU(), nn.Conv2d(before, after, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(after))


class Zero(nn.Module):
    def forward(self, x):
        return x * 0.0


class Cell(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.edges = nn.ModuleList(nn.ModuleList([Zero(), nn.Identity(), relu_conv_bn(channels, channels, 1), relu_conv_bn(channels, channels, 3),
                                                  nn.AvgPool2d(3, 1, 1, count_include_pad=False)]) for _ in EDGES)

    def forward(self, x, weights, chosen):
        nodes = [x]
        for to in range(1, 4):
            parts = []
            for number, (source, target) in enumerate(EDGES):
                if target != to:
                    continue
                ops, w = self.edges[number], weights[number]
                if chosen is None:
                    parts.append(sum(w[i] * op(nodes[source]) for i, op in enumerate(ops)))
                else:
                    parts.append(w[chosen[number]] * ops[chosen[number]](nodes[source]))
            nodes.append(sum(parts))
        return nodes[-1]


class Reduction(nn.Module):
    def __init__(self, before, after):
        super().__init__()
        self.body = nn.Sequential(relu_conv_bn(before, after, 3, 2), relu_conv_bn(after, after, 3))
        self.side = nn.Sequential(nn.AvgPool2d(2, 2), nn.Conv2d(before, after, 1, bias=False))

    def forward(self, x):
        return self.body(x) + self.side(x)


class Supernet(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(1, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels))
        self.cells = nn.ModuleList(Cell(channels * 2**i) for i in range(3))
        self.reductions = nn.ModuleList(Reduction(channels * 2**i, channels * 2 ** (i + 1)) for i in range(2))
        self.norm, self.head = nn.BatchNorm2d(channels * 4), nn.Linear(channels * 4, 10)

    def forward(self, x, weights, chosen):
        x = self.stem(x)
        for i, cell in enumerate(self.cells):
            x = cell(self.reductions[i - 1](x) if i else x, weights, chosen)
        return self.head(F.relu(self.norm(x)).mean((2, 3)))


def factors(alpha, algorithm, temperature):
    if algorithm == "darts":
        return F.softmax(alpha, -1), None
    gumbel = -torch.log(-torch.log(torch.rand_like(alpha)))
    soft = F.softmax((F.log_softmax(alpha, -1) + gumbel) / temperature, -1)
    index = soft.argmax(-1)
    hard = F.one_hot(index, alpha.shape[-1]).to(soft.dtype)
    return hard - soft.detach() + soft, index.tolist()


def main():
    algorithm, threads, steps, batch, channels = sys.argv[1], *map(int, sys.argv[2:6])
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    network, alpha = Supernet(channels), nn.Parameter(1e-3 * torch.randn(len(EDGES), 5))
    weights = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9)
    architecture = torch.optim.Adam([alpha], lr=3e-4, betas=(0.5, 0.999), weight_decay=1e-3)
    pictures, labels = torch.randn(2, batch, 1, 28, 28), torch.randint(0, 10, (2, batch))
    rates, begin = [], time.perf_counter()
    for step in range(1, steps + 1):
        network.requires_grad_(False)
        architecture.zero_grad()
        F.cross_entropy(network(pictures[0], *factors(alpha, algorithm, 10.0)), labels[0]).backward()
        architecture.step()
        network.requires_grad_(True)
        weights.zero_grad()
        w, chosen = factors(alpha.detach(), algorithm, 10.0)
        F.cross_entropy(network(pictures[1], w, chosen), labels[1]).backward()
        nn.utils.clip_grad_norm_(network.parameters(), 5)
        weights.step()
        if step % WINDOW == 0:
            now = time.perf_counter()
            rates.append(2 * batch * WINDOW / (now - begin))
            begin = now
    print(json.dumps({"version": torch.__version__.split("+")[0], "rate": statistics.median(rates[1:])}))


if __name__ == "__main__":
    main()
