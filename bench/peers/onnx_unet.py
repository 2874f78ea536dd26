#!/usr/bin/env python3
"""The U-Nets of torch_unet.py in ONNX Runtime. Prints one JSON object. Needs torch, onnx and onnxruntime.

  bench/peers/onnx_unet.py --architecture ddpm-cifar10-32 --batch 8
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy
import onnxruntime

SIZES = {"ddpm-cifar10-32": 32, "ddpm-church-256": 256, "adm-64": 64}

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--architecture", choices=SIZES, default="ddpm-cifar10-32")
parser.add_argument("--batch", type=int, default=8)
parser.add_argument("--rounds", type=int, default=10)
parser.add_argument("--threads", type=int, default=0, help="processor threads (default: ONNX Runtime's own choice)")
options = parser.parse_args()

with tempfile.TemporaryDirectory() as folder:
    path = folder + "/unet.onnx"
    exporter = pathlib.Path(__file__).with_name("torch_unet.py")
    subprocess.run([sys.executable, exporter, "--architecture", options.architecture, "--batch", str(options.batch),
                    "--onnx", path], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = options.threads
    session = onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])

size = SIZES[options.architecture]
given = {"x": numpy.random.default_rng(0).standard_normal((options.batch, 3, size, size), numpy.float32),
         "t": numpy.full(options.batch, 500, numpy.float32), "labels": numpy.arange(options.batch)}
feeds = {entry.name: given[entry.name] for entry in session.get_inputs()}
times = []
for _ in range(options.rounds + 2):
    began = time.perf_counter()
    session.run(None, feeds)
    times.append(time.perf_counter() - began)
average = statistics.mean(times[2:])
print(json.dumps({
    "peer": "ONNX Runtime " + onnxruntime.__version__, "architecture": options.architecture,
    "device": "CPU", "precision": "fp32", "batch": options.batch,
    "msPerStep": round(1e3 * average, 3), "msPerStepFastest": round(1e3 * min(times[2:]), 3),
    "imageStepsPerSecond": round(options.batch / average, 3)}))
