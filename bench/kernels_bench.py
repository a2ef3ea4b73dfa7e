#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Products and attention on the CPU beside this machine's measured multiply-add peak and, where a virtual environment with PyTorch is
named, beside PyTorch: rounds of ours and theirs take turns, the best of each counts. `./dev bench kernels [--peers VENV]`."""
import argparse
import json
import os
import platform
import subprocess

ROUNDS = 4
PEER = r"""
import json, sys, time, torch, torch.nn.functional as F
threads, seconds = int(sys.argv[1]), float(sys.argv[2])
torch.set_num_threads(threads)
def best(work):
    work(); end = time.perf_counter() + seconds; least = 1e30
    while time.perf_counter() < end:
        t = time.perf_counter(); work(); least = min(least, time.perf_counter() - t)
    return least * 1e3
out = {"version": torch.__version__}
for dtype, suffix in ((torch.float32, "-f32"), (torch.bfloat16, "-bf16")):
    of = lambda *shape, **more: torch.randn(*shape).to(dtype).requires_grad_(more.get("grad", False))
    with torch.no_grad():
        a, b = of(1024, 1024), of(1024, 1024)
        out["gemm-1024" + suffix] = best(lambda: a @ b)
        for name, length, causal in (("attention-1024-full", 1024, False), ("attention-1024-causal", 1024, True), ("attention-512-causal", 512, True)):
            q, k, v = [of(4, 8, length, 64) for _ in range(3)]
            out[name + suffix] = best(lambda: F.scaled_dot_product_attention(q, k, v, is_causal=causal))
    q, k, v = [of(4, 8, 1024, 64, grad=True) for _ in range(3)]
    o, g = F.scaled_dot_product_attention(q, k, v), of(4, 8, 1024, 64)
    out["attention-1024-backward" + suffix] = best(lambda: torch.autograd.grad(o, (q, k, v), g, retain_graph=True))
print(json.dumps(out))
"""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin")
    parser.add_argument("--build", default="build")
    parser.add_argument("--out", default="build/bench/kernels.json")
    parser.add_argument("--peers", help="virtual environment with PyTorch")
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    args = parser.parse_args()
    tool = os.path.join(args.build, "tests", "measure_kernels")
    ours, peers = [], []
    for _ in range(ROUNDS):
        ours.append(run([tool, str(args.threads), "1"]))
        if args.peers:
            stubs = {"LD_LIBRARY_PATH": os.path.join(args.peers, "stubs")} if os.path.isdir(os.path.join(args.peers, "stubs")) else {}
            peers.append(run([os.path.join(args.peers, "bin", "python"), "-c", PEER, str(args.threads), "1"], {**os.environ, **stubs}))
    peak, bandwidth = max(r["peak_flops"] for r in ours), max(r["read_bytes_per_s"] for r in ours)
    results = []
    for case in ours[0]["cases"]:
        best = min((r["cases"][case] for r in ours), key=lambda c: c["milliseconds"])
        share = max(best["flops_per_s"] / peak, best["bytes_per_s"] / bandwidth)  # of float32's peak, or of memory's pace
        result = {"case": case, "ours": round(best["milliseconds"], 3), "unit": "ms", "higher_is_better": False,
                  "bound": round(share * best["milliseconds"], 3), "share_of_bound": round(share, 4)}
        if peers and case in peers[0]:
            theirs = min(p[case] for p in peers)
            result.update({"peer": f"torch {peers[0]['version']}", "peer_value": round(theirs, 3), "ratio": round(theirs / best["milliseconds"], 3)})
        results.append(result)
    machine = {"cpu": cpu_name(), "threads": args.threads, "system": platform.platform(), "load": os.getloadavg()[0],
               "peak_gflops": round(peak / 1e9, 1), "read_gb_per_s": round(bandwidth / 1e9, 1)}
    with open(args.out, "w") as out:
        json.dump({"bench": "kernels", "machine": machine, "results": results}, out, indent=1)
    print(f"peak {machine['peak_gflops']} GFLOP/s, read {machine['read_gb_per_s']} GB/s, {args.threads} threads, load {machine['load']:.1f}")
    for r in results:
        peer = f"   {r['peer']} {r['peer_value']:.2f} ms, ratio {r['ratio']:.2f}" if "peer" in r else ""
        print(f"{r['case']:<30} {r['ours']:>8.2f} ms   {100 * r['share_of_bound']:>5.1f} % of the bound{peer}")


def run(command, environment=None):
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout)


def cpu_name():
    with open("/proc/cpuinfo") as info:
        return next((line.split(":")[1].strip() for line in info if line.startswith("model name")), platform.machine())


if __name__ == "__main__":
    main()
