"""Milliseconds of one training step of a case in PyTorch, one thread: the peer of nn_steps.cpp.

nn_steps.py CASE SECONDS. Same shapes, same arithmetic, Adam included; of PyTorch's two Adam loops the faster."""
import sys
import time

import torch
from torch import nn
import torch.nn.functional as F


def classifier(model, width, batch):
    x, y = torch.randn(batch, width), torch.arange(batch) % 10
    return model, lambda: F.cross_entropy(model(x), y), lambda: None


def mlp(*widths):
    layers = []
    for a, b in zip(widths, widths[1:]):
        layers += [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


class Moe(nn.Module):
    """h = relu(Wx); top-2 of 8 experts, softmax over the two; a loop over experts, routed rows only."""

    def __init__(self):
        super().__init__()
        self.shared, self.output = nn.Linear(64, 64), nn.Linear(64, 10)
        self.router = nn.Linear(64, 8, bias=False)
        self.experts = nn.ModuleList(mlp(64, 256, 64) for _ in range(8))

    def forward(self, x):
        h = F.relu(self.shared(x))
        best, chosen = self.router(h).topk(2, dim=1)
        weights = best.softmax(dim=1)
        out = h
        for index, expert in enumerate(self.experts):
            rows, place = (chosen == index).nonzero(as_tuple=True)
            out = out.index_add(0, rows, expert(h[rows]) * weights[rows, place].unsqueeze(1))
        return self.output(out)


class TopkSae(nn.Module):
    def __init__(self, features, latents):
        super().__init__()
        self.encoder, self.encoder_bias = nn.Parameter(torch.randn(latents, features)), nn.Parameter(torch.zeros(latents))
        self.decoder, self.decoder_bias = nn.Parameter(torch.randn(latents, features)), nn.Parameter(torch.zeros(features))

    def loss(self, x, k):
        pre = F.linear(x - self.decoder_bias, self.encoder, self.encoder_bias)
        best, chosen = pre.topk(k, dim=1)
        code = torch.zeros_like(pre).scatter(1, chosen, best.relu())
        return (code @ self.decoder + self.decoder_bias - x).square().sum() / x.shape[0]

    def unit(self):
        with torch.no_grad():
            self.decoder /= self.decoder.norm(dim=1, keepdim=True)


def case(name):
    if name == "mlp-64-128-128-10":
        return classifier(mlp(64, 128, 128, 10), 64, 64)
    if name == "mlp-784-256-256-10":
        return classifier(mlp(784, 256, 256, 10), 784, 128)
    if name == "moe-8x64-256-64-top2":
        return classifier(Moe(), 64, 2048)
    if name == "sae-topk-128-1024":
        sae, x = TopkSae(128, 1024), torch.randn(512, 128)
        return sae, lambda: sae.loss(x, 16), sae.unit
    raise SystemExit(f"unknown case {name}")


def measure(name, seconds, foreach):
    torch.manual_seed(1)
    model, loss, after = case(name)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, foreach=foreach)

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss().backward()
        optimizer.step()
        after()

    for _ in range(3):
        step()
    start, steps = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        step()
        steps += 1
    return 1e3 * (time.perf_counter() - start) / steps


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(min(measure(sys.argv[1], float(sys.argv[2]) / 2, foreach) for foreach in (False, True)))
