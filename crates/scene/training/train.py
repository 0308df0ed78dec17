"""Trains the demo's detector: `python train.py TRAIN_FOLDER HELD_OUT_FOLDER OUT.pt [--minutes 25]`"""

import argparse
import copy
import math
import time

import numpy as np
import torch

from data import Pictures, batch, window
from evaluate import report
from loss import detection_loss
from network import Detector


def predictor(model):
    model.eval()

    @torch.no_grad()
    def predict(image):
        logits, boxes, _, _ = model(image[None])
        return logits[0].sigmoid().numpy(), boxes[0].numpy()

    return predict


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("train")
    parser.add_argument("held_out")
    parser.add_argument("out")
    parser.add_argument("--minutes", type=float, default=25)
    parser.add_argument("--batch", type=int, default=12)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--start", help="weights to go on from")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    train, held_out = Pictures(options.train), Pictures(options.held_out)
    model = Detector().to(memory_format=torch.channels_last)
    if options.start:
        model.load_state_dict(torch.load(options.start))
    print(f"{sum(p.numel() for p in model.parameters())} parameters", flush=True)
    average = copy.deepcopy(model)
    optimiser = torch.optim.AdamW(model.parameters(), lr=options.rate, weight_decay=0.02)
    start, step, shown, lookups = time.monotonic(), 0, time.monotonic(), time.monotonic()
    order = []
    while (share := (time.monotonic() - start) / (options.minutes * 60)) < 1:
        # Warm up, then a cosine down to nothing; the clock, not a count of steps, sets the pace.
        rate = options.rate * min(1, (step + 1) / 100) * (0.5 + 0.5 * math.cos(math.pi * share))
        for group in optimiser.param_groups:
            group["lr"] = max(rate, options.rate * 0.005)
        # Windows first, which are cheap; whole pictures towards the end.
        height, width, count = (256, 384, options.batch) if share < 0.8 else (384, 640, 5)
        items = []
        for _ in range(count):
            if not order:
                order = list(rng.permutation(len(train)))
            items.append(window(train, order.pop(), height, width, rng))
        images, objects, doubtful = batch(items)
        model.train()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            output = model(images.contiguous(memory_format=torch.channels_last))
        loss, class_loss, box_loss = detection_loss(output, objects, doubtful)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 10.0)
        optimiser.step()
        step += 1
        with torch.no_grad():
            decay = min(0.998, step / (step + 50))
            for a, b in zip(average.state_dict().values(), model.state_dict().values()):
                if a.dtype.is_floating_point:
                    a.lerp_(b, 1 - decay)
        if time.monotonic() - shown > 20:
            shown = time.monotonic()
            print(
                f"{shown - start:6.0f} s step {step} class {class_loss:.3f} box {box_loss:.3f}",
                flush=True,
            )
        if time.monotonic() - lookups > 400:
            lookups = time.monotonic()
            torch.save(average.state_dict(), options.out)
    torch.save(average.state_dict(), options.out)
    report(predictor(average), held_out)


if __name__ == "__main__":
    main()
