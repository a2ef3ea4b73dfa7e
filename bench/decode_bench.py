#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""One token after the other of a language model with 15 M parameters, batch 1: its weights do not fit into the cache, so what counts is
how fast they are read, beside this machine's read bandwidth measured in the same process; with a virtual environment that has PyTorch,
beside the same network there. Rounds of ours and theirs take turns; theirs counts with its best. `./dev bench decode [--peers VENV]`."""
import argparse
import json
import os
import platform
import subprocess

from training_bench import cpu_name

ROUNDS = 7
PEER = r"""
import json, sys, time, torch, torch.nn.functional as F
torch.set_num_threads(int(sys.argv[1])); tokens = int(sys.argv[2]); torch.manual_seed(1)
L, C, H, D, M, V, T = 6, 448, 7, 64, 1152, 1024, 512
w = lambda *shape: torch.randn(*shape) * 0.02
layers = [dict(qkv=w(3 * C, C), out=w(C, C), gate=w(M, C), up=w(M, C), down=w(C, M), n1=torch.ones(C), n2=torch.ones(C)) for _ in range(L)]
table, last = w(V, C), torch.ones(C)
angle = torch.outer(torch.arange(T).float(), 10000.0 ** (-torch.arange(0, D, 2).float() / D)); cos, sin = angle.cos(), angle.sin()
k_cache, v_cache = [torch.zeros(1, H, T, D) for _ in range(L)], [torch.zeros(1, H, T, D) for _ in range(L)]
def turn(x, t):
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack((a * cos[t] - b * sin[t], a * sin[t] + b * cos[t]), -1).flatten(-2)
@torch.inference_mode()
def step(token, t):
    x = table[token].view(1, 1, C)
    for i, l in enumerate(layers):
        q, k, v = [y.view(1, 1, H, D).transpose(1, 2) for y in F.linear(F.rms_norm(x, (C,), l["n1"]), l["qkv"]).split(C, 2)]
        k_cache[i][:, :, t:t + 1], v_cache[i][:, :, t:t + 1] = turn(k, t), v
        a = F.scaled_dot_product_attention(turn(q, t), k_cache[i][:, :, :t + 1], v_cache[i][:, :, :t + 1])
        x = x + F.linear(a.transpose(1, 2).reshape(1, 1, C), l["out"])
        h = F.rms_norm(x, (C,), l["n2"]); x = x + F.linear(F.silu(F.linear(h, l["gate"])) * F.linear(h, l["up"]), l["down"])
    return int(F.linear(F.rms_norm(x, (C,), last), table).argmax())
seconds, token = [], 1
for t in range(tokens):
    begin = time.perf_counter(); token = step(token, t); seconds.append(time.perf_counter() - begin)
print(json.dumps({"version": torch.__version__, "tokens_per_s": 1 / sorted(seconds)[len(seconds) // 2]}))
"""


def run(command, environment=None):
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin")
    parser.add_argument("--build", default="build")
    parser.add_argument("--out", default="build/bench/decode.json")
    parser.add_argument("--peers", help="virtual environment with PyTorch")
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--tokens", type=int, default=200)
    args = parser.parse_args()
    tool = os.path.join(args.build, "tests", "measure_decode")
    load_before, ours, peers = os.getloadavg()[0], [], []
    for _ in range(ROUNDS):
        ours.append(run([tool, str(args.threads), str(args.tokens)]))
        if args.peers:
            stubs = os.path.join(args.peers, "stubs")
            environment = {**os.environ, **({"LD_LIBRARY_PATH": stubs} if os.path.isdir(stubs) else {})}
            peers.append(run([os.path.join(args.peers, "bin", "python"), "-c", PEER, str(args.threads), str(args.tokens)], environment))
    results = []
    for case in ours[0]["cases"]:
        # What memory gives changes by a third within minutes on a shared machine: each round has its own bandwidth, measured between its
        # tokens, and the round whose share is in the middle counts.
        shares = sorted((r["cases"][case]["bytes_per_s"] / r["read_bytes_per_s"], r["cases"][case]["tokens_per_s"]) for r in ours)
        share, tokens_per_s = shares[len(shares) // 2]
        bandwidth = tokens_per_s / share * ours[0]["cases"][case]["bytes_per_s"] / ours[0]["cases"][case]["tokens_per_s"]
        result = {"case": case, "ours": round(tokens_per_s, 1), "unit": "tokens/s", "higher_is_better": True,
                  "bound": round(tokens_per_s / share, 1), "share_of_bound": round(share, 4)}
        if peers:
            theirs = max(p["tokens_per_s"] for p in peers)
            result.update({"peer": f"torch {peers[0]['version']}", "peer_value": round(theirs, 1),
                           "ratio": round(tokens_per_s / theirs, 3)})
        results.append(result)
        beside = f"   {result['peer']} {result['peer_value']}   ratio {result['ratio']}" if peers else ""
        print(f"{case:18} {result['ours']:>9} tokens/s, {share:.3f} of the read bandwidth of {bandwidth / 1e9:.1f} GB/s{beside}")
    machine = {"cpu": cpu_name(), "threads": args.threads, "system": platform.platform(), "load_before": round(load_before, 2),
               "load_after": round(os.getloadavg()[0], 2)}
    os.makedirs(os.path.dirname(args.out) or ".", exist_ok=True)
    with open(args.out, "w") as out:
        json.dump({"bench": "decode", "machine": machine, "results": results}, out, indent=1)


if __name__ == "__main__":
    main()
