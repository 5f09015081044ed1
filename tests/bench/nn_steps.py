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


class Block(nn.Module):
    """Pre-norm: four heads of softmax attention with queries, keys and values in one product, GELU in its tanh form."""

    def __init__(self, width, hidden, causal_length):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, hidden), nn.Linear(hidden, width)
        self.register_buffer("mask", torch.ones(causal_length, causal_length).triu(1).bool() if causal_length else None)

    def heads(self, x):
        n, length, width = x.shape
        return [part.reshape(n, length, 4, width // 4).transpose(1, 2) for part in self.qkv(x).chunk(3, dim=2)]

    def attend(self, q, k, v):
        scores = q @ k.transpose(2, 3) / q.shape[3] ** 0.5
        if self.mask is not None and q.shape[2] > 1:
            scores = scores.masked_fill(self.mask, float("-inf"))
        y = scores.softmax(dim=3) @ v
        return self.out(y.transpose(1, 2).flatten(2))

    def feed(self, x):
        return x + self.down(F.gelu(self.up(self.norm2(x)), approximate="tanh"))

    def forward(self, x):
        return self.feed(x + self.attend(*self.heads(self.norm1(x))))


class Transformer(nn.Module):
    def __init__(self, vocabulary, classes, length, blocks, causal):
        super().__init__()
        self.embedding, self.positions = nn.Embedding(vocabulary, 64), nn.Parameter(torch.randn(length, 64))
        self.blocks = nn.ModuleList(Block(64, 256, length if causal else 0) for _ in range(blocks))
        self.norm, self.output = nn.LayerNorm(64), nn.Linear(64, classes)

    def forward(self, tokens):
        x = self.embedding(tokens) + self.positions
        for block in self.blocks:
            x = block(x)
        return self.output(self.norm(x))


def turn(x, at):
    """Rotary positions of one token."""
    half = x.shape[3] // 2
    angle = at * 10000.0 ** (-torch.arange(half) / half)
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()], dim=3)


class Generator(Transformer):
    """One character after the other; keys and values are written into place, as fast as PyTorch does it."""

    @torch.no_grad()
    def generate(self, count):
        room = [(torch.empty(1, 4, count, 16), torch.empty(1, 4, count, 16)) for _ in self.blocks]
        token = torch.zeros(1, 1, dtype=torch.long)
        for at in range(count):
            x = self.embedding(token)
            for block, (keys, values) in zip(self.blocks, room):
                q, k, v = block.heads(block.norm1(x))
                keys[:, :, at : at + 1], values[:, :, at : at + 1] = turn(k, at), v
                x = block.feed(x + block.attend(turn(q, at), keys[:, :, : at + 1], values[:, :, : at + 1]))
            token = torch.multinomial(self.output(self.norm(x))[0].softmax(dim=1), 1)


def next_tokens(model, vocabulary, classes, length, batch):
    tokens = (torch.arange(batch * length) % vocabulary).reshape(batch, length)
    labels = torch.arange(batch * length) % classes
    return model, lambda: F.cross_entropy(model(tokens).flatten(0, 1), labels), lambda: None


def masked_tokens(model, classes, length, batch):
    labels = (torch.arange(batch * length) % classes).reshape(batch, length)

    def loss():
        hidden = torch.rand(batch, length) < 1 - torch.rand(batch, 1)
        tokens = torch.where(hidden, 0, labels + 1)
        wanted = torch.where(hidden, labels, -1)
        return F.cross_entropy(model(tokens).flatten(0, 1), wanted.flatten(), ignore_index=-1)

    return model, loss, lambda: None


def convolutional(batch):
    model = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3, padding=1),
                          nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(32 * 49, 10))
    x, y = torch.randn(batch, 1, 28, 28), torch.arange(batch) % 10
    return model, lambda: F.cross_entropy(model(x), y), lambda: None


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
    if name == "transformer-causal-64":
        return next_tokens(Transformer(64, 64, 64, 2, True), 64, 64, 64, 32)
    if name == "masked-diffusion-9x9":
        return masked_tokens(Transformer(10, 9, 81, 3, False), 9, 81, 64)
    if name == "cnn-28x28-16-32":
        return convolutional(64)
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

    return timed(step, seconds, 3)


def timed(step, seconds, warm):
    for _ in range(warm):
        step()
    start, steps = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        step()
        steps += 1
    return 1e3 * (time.perf_counter() - start) / steps


if __name__ == "__main__":
    torch.set_num_threads(1)
    if sys.argv[1] == "generate-1000":
        model = Generator(64, 64, 64, 2, False).eval()
        print(timed(lambda: model.generate(1000), float(sys.argv[2]), 1))
        raise SystemExit
    print(min(measure(sys.argv[1], float(sys.argv[2]) / 2, foreach) for foreach in (False, True)))
