#!/usr/bin/python3
"""What a user would write in numavm's place: regular expressions, numpy and matplotlib, one pass over the files.

Usage: seeing-peers.py summarize DIR | throughput DIR OUTPUT_DIR | compaction LOG INTERVAL_S FILE
"""

import glob
import json
import os
import re
import sys

import numpy as np

RESULT = re.compile(r"^(Copy|Scale|Add|Triad):\s+([\d.]+)\s+([\d.]+)\s+([\d.]+)\s+([\d.]+)", re.MULTILINE)
ZONE = re.compile(r"^Node (\d+), zone +(\S+) +([\d ]+)", re.MULTILINE)


def read_results(folder):
    """{kernel: {VM: array of [best rate, average, minimum, maximum], a row a run}}"""
    results = {}
    for path in sorted(glob.glob(os.path.join(folder, "*.expresult"))):
        name = os.path.basename(path).removesuffix(".expresult")
        runs = {}
        with open(path, encoding="utf-8") as file:
            for kernel, *numbers in RESULT.findall(file.read()):
                runs.setdefault(kernel, []).append([float(number) for number in numbers])
        for kernel, rows in runs.items():
            results.setdefault(kernel, {})[name] = np.array(rows)
    return results


def summarize(folder):
    summary = {}
    for kernel, vms in read_results(folder).items():
        means = np.array([runs.mean(axis=0) for runs in vms.values()])
        names = list(vms)
        summary[kernel.lower()] = {
            "mean": means.mean(axis=0).tolist(), "deviation": means[:, 0].std(ddof=1),
            "fastest": names[means[:, 0].argmax()], "slowest": names[means[:, 0].argmin()]}
    json.dump(summary, sys.stdout)


def throughput(folder, output):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot

    results = read_results(folder)
    os.makedirs(output, exist_ok=True)

    def save(name, title, x_label, y_label):
        pyplot.title(title)
        pyplot.xlabel(x_label)
        pyplot.ylabel(y_label)
        pyplot.savefig(os.path.join(output, name), bbox_inches="tight")
        pyplot.close()

    for name in next(iter(results.values())):
        pyplot.figure(figsize=(10, 6))
        for kernel, vms in results.items():
            pyplot.plot(vms[name][:, 0], label=kernel)
        pyplot.legend(loc="center left", bbox_to_anchor=(1, 0.5))
        save(f"vm-{name}.png", name, "run", "best rate, MB/s")
    for kernel, vms in results.items():
        pyplot.figure(figsize=(10, 6))
        for name, runs in vms.items():
            pyplot.plot(runs[:, 0], label=name)
        pyplot.legend(loc="center left", bbox_to_anchor=(1, 0.5), ncol=2, fontsize="small")
        save(f"kernel-{kernel}.png", kernel, "run", "best rate, MB/s")
    for column, (name, label) in enumerate((("throughput", "best rate, MB/s"), ("time-average", "average time, s"),
                                            ("time-minimum", "minimum time, s"), ("time-maximum", "maximum time, s"))):
        pyplot.figure(figsize=(10, 6))
        pyplot.boxplot([[runs[:, column].mean() for runs in vms.values()] for vms in results.values()],
                       labels=list(results))
        save(f"{name}.png", name, "kernel", label)


def compaction(log, interval_s, output):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot

    zones = {}
    with open(log, encoding="utf-8") as file:
        for node, zone, counts in ZONE.findall(file.read()):
            zones.setdefault((node, zone), []).append([int(count) for count in counts.split()])
    _figure, panels = pyplot.subplots(len(zones), squeeze=False, figsize=(10, 4 * len(zones)))
    for panel, ((node, zone), rows) in zip(panels[:, 0], zones.items()):
        counts = np.array(rows)
        hours = np.arange(len(counts)) * float(interval_s) / 3600
        for order in range(counts.shape[1]):
            panel.plot(hours, counts[:, order], label=f"order {order}")
        panel.set_title(f"node {node}, zone {zone}")
        panel.set_xlabel("time, h")
        panel.set_ylabel("free blocks")
        panel.set_yscale("symlog")
        panel.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    pyplot.savefig(output, bbox_inches="tight")


{"summarize": summarize, "throughput": throughput, "compaction": compaction}[sys.argv[1]](*sys.argv[2:])
