"""ALEN's training loop as you would write it in PyTorch, for comparison.

Networks, losses, refinement, optimizers and settings are those of gin/bibtex/alen.gin, and the
data is standardised beforehand. `pip install -e '.[benchmark]'` brings PyTorch.
"""

import math

import torch
from torch.nn import functional

BETA_V, LAMBDA_G, L2, STEPS = 6.7, 1e4, 1e-2, 8


class Rival(torch.nn.Module):
    """ALEN for bags of words."""

    def __init__(self, features, labels, hidden=150, global_units=16, dropout=0.3):
        """Makes the networks."""
        super().__init__()
        self.hidden = torch.nn.Linear(features, hidden)
        self.local = torch.nn.Linear(hidden, labels)
        self.w1 = torch.nn.Linear(labels, global_units, bias=False)
        self.w2 = torch.nn.Linear(global_units, 1, bias=False)
        self.inference_network = torch.nn.Sequential(
            torch.nn.Linear(features, hidden),
            torch.nn.ReLU(),
            torch.nn.Dropout(dropout),
            torch.nn.Linear(hidden, labels),
        )

    def score(self, z, y):
        """s(x, y), [batch]."""
        return (y * z).sum(1) + self.w2(functional.softplus(self.w1(y)))[:, 0]

    def refine(self, z, y):
        """The y'' after normalised steps from y', the first half of the batch from zeros."""
        y = torch.cat([torch.zeros_like(y[: len(y) // 2]), y[len(y) // 2 :]])
        for _ in range(STEPS):
            d = self.slope(z, y)
            d = d * torch.rsqrt(d.square().sum(1, keepdim=True).clamp_min(1e-24))
            y = (y + d).clamp(0.0, 1.0)
        return y

    def slope(self, z, y):
        """The score's gradient with respect to y."""
        if torch.compiler.is_compiling():
            return torch.func.grad(lambda y: self.score(z, y).sum())(y)
        y = y.detach().requires_grad_()
        return torch.autograd.grad(self.score(z, y).sum(), y)[0]

    def forward(self, x, y_true):
        """(energy loss, inference loss); one backward pass of their sum reaches each network
        through its own loss only."""
        z = self.local(functional.softplus(self.hidden(x)))
        logits = self.inference_network(x)
        y = torch.sigmoid(logits)
        refined = self.refine(z.detach(), y.detach())
        distance = functional.binary_cross_entropy_with_logits
        energy_loss = distance(self.score(z, y_true), torch.ones_like(z[:, 0]))
        energy_loss += distance(self.score(z, y.detach()), f1(y.detach(), y_true))
        energy_loss += BETA_V * distance(self.score(z, refined), f1(refined, y_true))
        w1, w2 = self.w1.weight.detach(), self.w2.weight.detach()
        fixed = (y * z.detach()).sum(1) + (functional.softplus(y @ w1.T) @ w2.T)[:, 0]
        task = distance(logits, y_true, reduction="none").sum(1).mean()
        adversarial = 0.5 * (torch.sigmoid(fixed) - 1.0).square().mean()
        return energy_loss, task + LAMBDA_G * adversarial


def f1(y, y_true):
    """The oracle value, Eq. 8."""
    both = torch.minimum(y, y_true).sum(1)
    return 2.0 * both / (both + torch.maximum(y, y_true).sum(1)).clamp_min(1e-12)


def training(examples, batch_size, count, mode=None, total_steps=100_000, **sizes):
    """A function that takes `count` training steps, on one thread or on a GPU.

    Args:
      examples: the `Examples`, all on the device.
      batch_size: examples per step.
      count: steps of a call.
      mode: of `torch.compile`, or None for a plain loop.
      total_steps: length of the run, for the schedule of learning rates.
      **sizes: of `Rival`.
    """
    torch.manual_seed(0)
    torch.set_num_threads(1)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    x = torch.from_numpy(examples.x).to(device).float()
    x = (x - x.mean(0)) / x.std(0, correction=0).clamp_min(1e-7)
    y = torch.from_numpy(examples.y).to(device).float()
    model = Rival(x.shape[1], y.shape[1], **sizes).to(device)
    kernels = [layer.weight for layer in (model.hidden, model.local, model.w1, model.w2)]
    biases = [layer.bias for layer in (model.hidden, model.local)]
    energy_optimizer = torch.optim.SGD(
        [{"params": kernels, "weight_decay": L2}, {"params": biases}], lr=0.03
    )
    optimizers = (
        energy_optimizer,
        torch.optim.Adam(model.inference_network.parameters(), lr=1e-3, betas=(0.5, 0.999)),
    )
    schedules = [
        torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: 0.5 * (1.0 + math.cos(math.pi * step / total_steps))
        )
        for optimizer in optimizers
    ]
    losses = torch.compile(model, mode=mode) if mode else model

    def run():
        order = torch.randperm(len(x), device=device)
        for step in range(count):
            rows = order[step * batch_size : (step + 1) * batch_size]
            energy_loss, inference_loss = losses(x[rows], y[rows])
            for optimizer in optimizers:
                optimizer.zero_grad()
            (energy_loss + inference_loss).backward()
            for optimizer, schedule in zip(optimizers, schedules, strict=True):
                optimizer.step()
                schedule.step()
        if device == "cuda":
            torch.cuda.synchronize()

    return run
