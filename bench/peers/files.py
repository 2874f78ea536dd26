"""Files that unnoise and PyTorch have in common: safetensors, .npy and the folders of diffusers. Needs torch alone."""
import ast
import ctypes
import json
import pathlib
import struct

import torch

KINDS = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


def read_safetensors(path):
    """Tensors by name: a length, a JSON header, the data."""
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = bytearray(file.read())
    header.pop("__metadata__", None)
    return {name: torch.frombuffer(data[slice(*entry["data_offsets"])], dtype=KINDS[entry["dtype"]])
            .reshape(entry["shape"]).float() for name, entry in header.items()}


def raw(tensor):
    whole = tensor.detach().float().contiguous()
    return ctypes.string_at(whole.data_ptr(), 4 * whole.numel())


def write_safetensors(path, tensors):
    header, at = {}, 0
    for name, tensor in tensors.items():
        end = at + 4 * tensor.numel()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [at, end]}
        at = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            file.write(raw(tensor))


def read_npy(path):
    with open(path, "rb") as file:
        assert file.read(8) == b"\x93NUMPY\x01\x00", path
        head = ast.literal_eval(file.read(struct.unpack("<H", file.read(2))[0]).decode())
        assert head["descr"] == "<f4" and not head["fortran_order"], head
        return torch.frombuffer(bytearray(file.read()), dtype=torch.float32).reshape(head["shape"])


def write_npy(path, tensor):
    head = repr({"descr": "<f4", "fortran_order": False, "shape": tuple(tensor.shape)}).encode()
    head += b" " * (-(len(head) + 11) % 64) + b"\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + raw(tensor))


def config(a):
    """config.json of an architecture of torch_unet.py."""
    down = ["AttnDownBlock2D" if i in a["attention"] else "ResnetDownsampleBlock2D" if a["resnet_resampling"]
            else "DownBlock2D" for i in range(len(a["channels"]))]
    up = [name.replace("Downsample", "Upsample").replace("Down", "Up") for name in reversed(down)]
    resampling = "resnet" if a["resnet_resampling"] else "conv"
    return {"_class_name": "UNet2DModel", "act_fn": "silu", "add_attention": True, "attention_head_dim": a["head"],
            "attn_norm_num_groups": 32 if a["resnet_resampling"] else None, "block_out_channels": list(a["channels"]),
            "center_input_sample": False, "class_embed_type": None, "down_block_types": down,
            "downsample_padding": a["padding"], "downsample_type": resampling, "dropout": 0.0,
            "flip_sin_to_cos": a["cosine_first"], "freq_shift": a["positional_shift"], "in_channels": 3,
            "layers_per_block": a["layers"], "mid_block_scale_factor": 1, "norm_eps": a["eps"], "norm_num_groups": 32,
            "num_class_embeds": a["classes"], "out_channels": a["out"],
            "resnet_time_scale_shift": "scale_shift" if a["scale_shift"] else "default", "sample_size": a["size"],
            "time_embedding_type": "positional", "up_block_types": up, "upsample_type": resampling}


def write_model(folder, a, weights):
    """A folder as diffusers keeps it."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config(a), indent=2))
    (folder / "scheduler_config.json").write_text(json.dumps(
        {"_class_name": "DDPMScheduler", "beta_start": 1e-4, "beta_end": 0.02, "beta_schedule": "linear",
         "num_train_timesteps": 1000, "clip_sample": True, "prediction_type": "epsilon"}))
    write_safetensors(folder / "diffusion_pytorch_model.safetensors", weights)
