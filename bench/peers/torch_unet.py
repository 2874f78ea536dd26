#!/usr/bin/env python3
"""The same U-Nets as plain PyTorch modules: what unnoise is compared with.

Parameters are named as in diffusers checkpoints, so that --model loads the same weights. Measures whole evaluations of
the network, and prints one JSON object for each precision and batch size as soon as it is measured. Needs torch, and
files.py beside it.

  bench/peers/torch_unet.py --architecture ddpm-cifar10-32 --batch 8
  bench/peers/torch_unet.py --batch 512 --device cuda --precision bf16 --compile --cuda-graph
  bench/peers/torch_unet.py --batch 1,8,64 --device cuda --precision bf16 --mode reduce-overhead
  bench/peers/torch_unet.py --write-model FOLDER --batch 8        random weights and FOLDER/x.npy
  bench/peers/torch_unet.py --model FOLDER --predict FOLDER --precision fp32,bf16        FOLDER/torch-fp32.npy, …
  bench/peers/torch_unet.py --ceilings --device cuda              rates of a large copy and of large products
"""
import time

BEGAN = time.perf_counter()

import argparse  # noqa: E402
import copy  # noqa: E402
import json  # noqa: E402
import math  # noqa: E402
import pathlib  # noqa: E402
import statistics  # noqa: E402

import torch  # noqa: E402
from files import read_npy, read_safetensors, write_model, write_npy  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

PLAIN = {"positional_shift": 1, "cosine_first": False, "padding": 0, "eps": 1e-6, "scale_shift": False,
         "resnet_resampling": False, "head": None, "classes": None, "layers": 2, "out": 3}
ARCHITECTURES = {
    "ddpm-cifar10-32": dict(PLAIN, size=32, channels=(128, 256, 256, 256), attention=(1,)),
    "ddpm-church-256": dict(PLAIN, size=256, channels=(128, 128, 256, 256, 512, 512), attention=(4,)),
    "adm-64": {"size": 64, "channels": (192, 384, 576, 768), "attention": (1, 2, 3), "positional_shift": 0,
               "cosine_first": True, "padding": 1, "eps": 1e-5, "scale_shift": True, "resnet_resampling": True,
               "head": 64, "classes": 1000, "layers": 3, "out": 6},
}

PRECISIONS = ("fp32", "tf32", "bf16", "fp16")
WARM_SECONDS = 1


class Resnet(nn.Module):
    def __init__(self, into, out, a, resample=None):
        super().__init__()
        width = 4 * a["channels"][0]
        self.resample, self.scale_shift = resample, a["scale_shift"]
        self.norm1 = nn.GroupNorm(32, into, a["eps"])
        self.conv1 = nn.Conv2d(into, out, 3, padding=1)
        self.time_emb_proj = nn.Linear(width, 2 * out if self.scale_shift else out)
        self.norm2 = nn.GroupNorm(32, out, a["eps"])
        self.conv2 = nn.Conv2d(out, out, 3, padding=1)
        self.conv_shortcut = nn.Conv2d(into, out, 1) if into != out else None

    def resampled(self, x):
        if self.resample == "down":
            return F.avg_pool2d(x, 2)
        return F.interpolate(x, scale_factor=2.0, mode="nearest") if self.resample == "up" else x

    def forward(self, x, emb):
        h = self.conv1(self.resampled(F.silu(self.norm1(x))))
        x = self.resampled(x)
        time_bias = self.time_emb_proj(F.silu(emb))[:, :, None, None]
        if self.scale_shift:
            scale, shift = time_bias.chunk(2, 1)
            h = self.norm2(h) * (1 + scale) + shift
        else:
            h = self.norm2(h + time_bias)
        h = self.conv2(F.silu(h))
        return (x if self.conv_shortcut is None else self.conv_shortcut(x)) + h


class Attention(nn.Module):
    def __init__(self, channels, a):
        super().__init__()
        self.heads = 1 if a["head"] is None else channels // a["head"]
        self.group_norm = nn.GroupNorm(32, channels, a["eps"])
        self.to_q, self.to_k, self.to_v = (nn.Linear(channels, channels) for _ in range(3))
        self.to_out = nn.ModuleList([nn.Linear(channels, channels)])

    def forward(self, x):
        n, c, h, w = x.shape
        tokens = self.group_norm(x).permute(0, 2, 3, 1).reshape(n, h * w, c)
        q, k, v = (p(tokens).view(n, h * w, self.heads, -1).transpose(1, 2) for p in (self.to_q, self.to_k, self.to_v))
        mixed = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(n, h * w, c)
        return x + self.to_out[0](mixed).view(n, h, w, c).permute(0, 3, 1, 2)


class Down(nn.Module):
    def __init__(self, channels, padding):
        super().__init__()
        self.padding = padding
        self.conv = nn.Conv2d(channels, channels, 3, stride=2, padding=padding)

    def forward(self, x):
        return self.conv(x if self.padding else F.pad(x, (0, 1, 0, 1)))


class Up(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))


class Level(nn.Module):
    """A block of the way down or up: residual blocks, attentions, a change of resolution."""

    def __init__(self, inputs, out, a, attention, resample):
        super().__init__()
        self.resnets = nn.ModuleList(Resnet(i, out, a) for i in inputs)
        self.attentions = nn.ModuleList(Attention(out, a) for _ in inputs) if attention else None
        if a["resnet_resampling"]:
            changed = Resnet(out, out, a, resample) if resample else None
        else:
            changed = {"down": lambda: Down(out, a["padding"]), "up": lambda: Up(out), None: lambda: None}[resample]()
        if changed is not None:
            setattr(self, "downsamplers" if resample == "down" else "upsamplers", nn.ModuleList([changed]))
        self.resnet_resampling = a["resnet_resampling"]

    def layer(self, i, x, emb):
        x = self.resnets[i](x, emb)
        return x if self.attentions is None else self.attentions[i](x)

    def resampled(self, name, x, emb):
        if not hasattr(self, name):
            return None
        change = getattr(self, name)[0]
        return change(x, emb) if self.resnet_resampling else change(x)


class Mid(nn.Module):
    def __init__(self, channels, a):
        super().__init__()
        self.resnets = nn.ModuleList(Resnet(channels, channels, a) for _ in range(2))
        self.attentions = nn.ModuleList([Attention(channels, a)])

    def forward(self, x, emb):
        return self.resnets[1](self.attentions[0](self.resnets[0](x, emb)), emb)


class TimeEmbedding(nn.Module):
    def __init__(self, into, width):
        super().__init__()
        self.linear_1, self.linear_2 = nn.Linear(into, width), nn.Linear(width, width)

    def forward(self, x):
        return self.linear_2(F.silu(self.linear_1(x)))


class UNet(nn.Module):
    def __init__(self, a):
        super().__init__()
        self.a = a
        channels, layers, last = a["channels"], a["layers"], len(a["channels"]) - 1
        self.conv_in = nn.Conv2d(3, channels[0], 3, padding=1)
        self.time_embedding = TimeEmbedding(channels[0], 4 * channels[0])
        self.class_embedding = nn.Embedding(a["classes"], 4 * channels[0]) if a["classes"] else None
        self.down_blocks, self.up_blocks = nn.ModuleList(), nn.ModuleList()
        skips, now = [channels[0]], channels[0]
        for i, out in enumerate(channels):
            self.down_blocks.append(
                Level([now] + [out] * (layers - 1), out, a, i in a["attention"], "down" if i < last else None))
            now = out
            skips += [out] * layers + ([out] if i < last else [])
        self.mid_block = Mid(now, a)
        for i, out in reversed(list(enumerate(channels))):
            inputs = []
            for _ in range(layers + 1):
                inputs.append(now + skips.pop())
                now = out
            self.up_blocks.append(Level(inputs, out, a, i in a["attention"], "up" if i > 0 else None))
        self.conv_norm_out = nn.GroupNorm(32, channels[0], a["eps"])
        self.conv_out = nn.Conv2d(channels[0], a["out"], 3, padding=1)

    def embedding(self, t):
        half = self.a["channels"][0] // 2
        exponents = torch.arange(half, device=t.device, dtype=torch.float32) / (half - self.a["positional_shift"])
        angles = t[:, None].float() * torch.exp(-math.log(10000) * exponents)[None]
        waves = (angles.cos(), angles.sin()) if self.a["cosine_first"] else (angles.sin(), angles.cos())
        return self.time_embedding(torch.cat(waves, 1).to(self.conv_in.weight.dtype))

    def forward(self, x, t, labels=None):
        emb = self.embedding(t)
        if self.class_embedding is not None:
            emb = emb + self.class_embedding(labels)
        x = self.conv_in(x)
        skips = [x]
        for block in self.down_blocks:
            for i in range(len(block.resnets)):
                x = block.layer(i, x, emb)
                skips.append(x)
            smaller = block.resampled("downsamplers", x, emb)
            if smaller is not None:
                x = smaller
                skips.append(x)
        x = self.mid_block(x, emb)
        for block in self.up_blocks:
            for i in range(len(block.resnets)):
                x = block.layer(i, torch.cat([x, skips.pop()], 1), emb)
            larger = block.resampled("upsamplers", x, emb)
            x = x if larger is None else larger
        return self.conv_out(F.silu(self.conv_norm_out(x)))


def scale_weights(net):
    """Random weights under which activations keep their size, as unnoise bench draws them: variance 1 / fan-in."""
    for parameter in net.parameters():
        if parameter.dim() > 1:
            nn.init.uniform_(parameter, -1, 1).mul_(math.sqrt(3 / (parameter.numel() / parameter.shape[0])))
        # Norms and biases are as torch draws them.


def finish(device):
    """Waits for what has been enqueued."""
    if device == "cuda":
        torch.cuda.synchronize()


def seconds_per_call(call, rounds):
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return times


def seconds_together(call, calls, device):
    """Of so many calls, with nobody waiting in between."""
    finish(device)
    began = time.perf_counter()
    for _ in range(calls):
        call()
    finish(device)
    return time.perf_counter() - began


def measure_card(call, rounds, seconds):
    """Warms up as unnoise bench does: a card takes a second to raise its clocks. Answers the calls and their time."""
    warm, calls = 0, 1
    while warm < WARM_SECONDS:
        calls *= 2
        last = seconds_together(call, calls, "cuda")
        warm += last
    calls = max(rounds, math.ceil(seconds * calls / last))
    return calls, seconds_together(call, calls, "cuda")


def measure_processor(call, rounds):
    seconds_per_call(call, 2)
    return seconds_per_call(call, rounds)


def graphed(call):
    """Records a call as a CUDA graph; it reads and writes the same memory each time."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            call()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        call()
    return graph.replay


def set_precision(precision):
    """Says what single precision may be computed in, and answers the type of weights and activations."""
    torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
    torch.backends.cudnn.allow_tf32 = precision == "tf32"
    return {"bf16": torch.bfloat16, "fp16": torch.float16}.get(precision, torch.float32)


class Session:
    """A network on a device, and what all its measurements have in common."""

    def __init__(self, options, net):
        self.options, self.net = options, net
        self.a = net.a
        self.started = time.perf_counter() - BEGAN

    def on_device(self, kind):
        return copy.deepcopy(self.net).to(self.options.device, kind, memory_format=torch.channels_last)

    def inputs(self, x, kind):
        device = self.options.device
        t = torch.full((len(x),), 500.0, device=device)
        labels = torch.arange(len(x), device=device) % self.a["classes"] if self.a["classes"] else None
        return x.to(device, kind, memory_format=torch.channels_last), t, labels

    def noise(self, images):
        return torch.randn(images, 3, self.a["size"], self.a["size"])

    def predict(self, folder):
        """Evaluates once at timestep 500 in each precision; nothing is tuned for the one time."""
        torch.backends.cudnn.benchmark = False
        x = read_npy(folder / "x.npy")
        for precision in self.options.precision:
            kind = set_precision(precision)
            began = time.perf_counter()
            net = self.on_device(kind)
            with torch.inference_mode():
                write_npy(folder / f"torch-{precision}.npy", net(*self.inputs(x, kind)).cpu())
            yield {"predicted": precision, "batch": len(x), "seconds": round(time.perf_counter() - began, 2)}

    def measure(self, precision):
        """Yields a measurement for each batch size."""
        torch.backends.cudnn.benchmark = True
        kind = set_precision(precision)
        net = self.on_device(kind)
        if self.options.compiles:
            torch._dynamo.reset()
            # Each batch size by itself: code for any of them would be slower.
            net = torch.compile(net, mode=self.options.mode, dynamic=False)
        for batch in self.options.batch:
            with torch.inference_mode():
                measured = self.measured(net, precision, self.inputs(self.noise(batch), kind))
            yield measured

    def measured(self, net, precision, inputs):
        began = time.perf_counter()

        def call():
            # The results of the call before may be overwritten: nobody keeps them.
            torch.compiler.cudagraph_mark_step_begin()
            net(*inputs)
        if self.options.mode is None:
            call = lambda: net(*inputs)  # noqa: E731
        call()
        finish(self.options.device)
        compiled = time.perf_counter() - began
        if self.options.cuda_graph:
            call = graphed(call)
        elif self.options.mode is not None:
            # The first calls record what later ones replay.
            seconds_together(call, 3, self.options.device)
        ready = time.perf_counter() - began
        if self.options.device == "cuda":
            rounds, taken = measure_card(call, self.options.rounds, self.options.seconds)
            average, fastest = taken / rounds, {}
        else:
            times = measure_processor(call, self.options.rounds)
            rounds, average = len(times), statistics.mean(times)
            fastest = {"msPerStepFastest": round(1e3 * min(times), 3)}
        batch = len(inputs[0])
        return {"peer": self.options.form, "version": torch.__version__, "versions": versions(),
                "architecture": self.options.architecture, "device": device_name(self.options.device),
                "precision": precision, "batch": batch, "steps": rounds,
                "msPerStep": round(1e3 * average, 3), **fastest,
                "imageStepsPerSecond": round(batch / average, 3),
                "secondsOfCompiling": round(compiled, 2) if self.options.compiles else 0,
                "secondsBeforeFirstStep": round(self.started + ready, 2)}


def versions():
    return {"torch": torch.__version__, "CUDA of torch": torch.version.cuda, "HIP of torch": torch.version.hip,
            "cuDNN of torch": torch.backends.cudnn.version()}


def device_name(device):
    return torch.cuda.get_device_name() if device == "cuda" else f"{torch.get_num_threads()} threads"


def rate(call, amount, device):
    """Amount per second: the fastest of three turns of ten calls, after one to warm up."""
    seconds_together(call, 3, device)
    return amount / min(seconds_together(call, 10, device) / 10 for _ in range(3))


def ceilings(options):
    """What the device reaches at best: TB/s of a copy, read and written, and TFLOP/s of square products."""
    size, device = options.ceiling_size, options.device
    # At 8192 a gibibyte, far beyond any cache.
    source = torch.randn(4 * size * size, device=device)
    target = torch.empty_like(source)
    yield {"ceiling": "copy", "tbPerSecond": round(
        rate(lambda: target.copy_(source), 2 * source.nbytes, device) / 1e12, 4)}
    del source, target
    for precision in options.precision:
        kind = set_precision(precision)
        # Zeros would be multiplied faster.
        a, b = (torch.randn(size, size, device=device).to(kind) for _ in range(2))
        c = torch.empty_like(a)
        yield {"ceiling": precision, "tflops": round(
            rate(lambda: torch.mm(a, b, out=c), 2 * size ** 3, device) / 1e12, 3), "size": size}


def listed(kind, known=None):
    """The values of an option that may take several."""
    def parse(text):
        values = [kind(word) for word in text.split(",")]
        if known and (unknown := set(values) - set(known)):
            raise argparse.ArgumentTypeError(f"{', '.join(unknown)} is unknown, expected one of {', '.join(known)}")
        return values
    return parse


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--architecture", choices=ARCHITECTURES, default="ddpm-cifar10-32")
    parser.add_argument("--model", type=pathlib.Path,
                        help="a diffusers folder with weights for that architecture (default: random)")
    parser.add_argument("--batch", type=listed(int), default=[8], help="batch sizes, such as 1,8")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=2, help="on a card: more rounds, if those take less time")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="cuda stands for ROCm's cards, too")
    parser.add_argument("--precision", type=listed(str, PRECISIONS), default=["fp32"], help="such as fp32,bf16")
    parser.add_argument("--threads", type=int, default=0, help="processor threads (default: torch's own choice)")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--mode", choices=("reduce-overhead", "max-autotune"), help="of compiling, with CUDA graphs")
    parser.add_argument("--cuda-graph", action="store_true")
    parser.add_argument("--write-model", type=pathlib.Path, metavar="FOLDER",
                        help="write a diffusers folder of random weights and x.npy instead of measuring")
    parser.add_argument("--predict", type=pathlib.Path, metavar="FOLDER",
                        help="evaluate once, at timestep 500, on FOLDER/x.npy and write FOLDER/torch-PRECISION.npy")
    parser.add_argument("--ceilings", action="store_true", help="measure what the device reaches at best")
    parser.add_argument("--ceiling-size", type=int, default=8192, help="rows and columns of its products")
    parser.add_argument("--onnx", help="write the network as an ONNX file instead of measuring")
    options = parser.parse_args()
    if options.mode and options.cuda_graph:
        parser.error("--mode records CUDA graphs by itself: leave --cuda-graph out")
    options.compiles = options.compile or options.mode is not None
    how = ["channels_last"] + ["compiled" + (f", {options.mode}" if options.mode else "")] * options.compiles
    how += ["CUDA graph"] * options.cuda_graph
    options.form = f"PyTorch {torch.__version__} ({', '.join(how)})"
    return options


def network(options):
    torch.manual_seed(0)
    net = UNet(ARCHITECTURES[options.architecture]).eval()
    if options.write_model:
        with torch.no_grad():
            scale_weights(net)
        write_model(options.write_model, net.a, net.state_dict())
    elif options.model:
        net.load_state_dict(read_safetensors(options.model / "diffusion_pytorch_model.safetensors"))
    return net


def export(session, path):
    inputs = [one for one in session.inputs(session.noise(session.options.batch[0]), torch.float32) if one is not None]
    with torch.inference_mode():
        torch.onnx.export(session.net, tuple(inputs), path, input_names=["x", "t", "labels"][:len(inputs)],
                          output_names=["y"], dynamo=False)


def answers(options):
    """What was asked for, one after another."""
    if options.ceilings:
        yield from ceilings(options)
        return
    session = Session(options, network(options))
    if options.write_model:
        write_npy(options.write_model / "x.npy", session.noise(options.batch[0]))
    if options.onnx:
        export(session, options.onnx)
    elif options.predict:
        yield from session.predict(options.predict)
    elif not options.write_model:
        for precision in options.precision:
            yield from session.measure(precision)


def main():
    options = arguments()
    if options.threads:
        torch.set_num_threads(options.threads)
    for answer in answers(options):
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
