"""Rendered pictures and their labels, and what training does to them."""

import csv
import os

import numpy as np
import torch
from torch.nn import functional as F

from network import COCO_IDS

# Less visible, or less inside the picture than this: neither right nor wrong to find.
MIN_VISIBLE = 0.35
MIN_INSIDE = 0.3
FILL = 114  # letterbox grey


class Pictures:
    """`frames.npy` and `labels.csv` as render_dataset writes them."""

    def __init__(self, folder):
        self.frames = np.load(os.path.join(folder, "frames.npy"), mmap_mode="r")
        rows = [[] for _ in range(len(self.frames))]
        with open(os.path.join(folder, "labels.csv"), newline="") as file:
            for row in csv.DictReader(file):
                kind = COCO_IDS.index(int(row["class"]))
                box = [float(row[key]) for key in ("left", "top", "right", "bottom")]
                rows[int(row["frame"])].append(
                    [*box, kind, float(row["visible"]), float(row["inside"])]
                )
        self.labels = [np.array(r, np.float32).reshape(-1, 7) for r in rows]

    def __len__(self):
        return len(self.frames)

    def letterboxed(self, index, height=384, width=640):
        """The whole picture on grey, as at work, and its labels."""
        frame = self.frames[index]
        top, left = (height - frame.shape[0]) // 2, (width - frame.shape[1]) // 2
        out = np.full((height, width, 3), FILL, np.uint8)
        out[top : top + frame.shape[0], left : left + frame.shape[1]] = frame
        labels = self.labels[index].copy()
        labels[:, [0, 2]] += left
        labels[:, [1, 3]] += top
        return torch.from_numpy(out).permute(2, 0, 1).float() / 255, torch.from_numpy(labels)


def window(pictures, index, height, width, rng):
    """A random part of a picture at a random scale, with labels in its pixels."""
    frame, labels = pictures.frames[index], pictures.labels[index].copy()
    scale = float(np.exp(rng.uniform(np.log(0.8), np.log(1.3))))
    h, w = int(round(height / scale)), int(round(width / scale))
    full_h, full_w = frame.shape[:2]
    # Up to an eighth of the window may lie outside, where the letterbox's grey would be.
    top = int(rng.integers(-h // 8, max(full_h - h + h // 8, -h // 8 + 1)))
    left = int(rng.integers(-w // 8, max(full_w - w + w // 8, -w // 8 + 1)))
    cut = np.full((h, w, 3), FILL, np.uint8)
    y0, y1 = max(top, 0), min(top + h, full_h)
    x0, x1 = max(left, 0), min(left + w, full_w)
    cut[y0 - top : y1 - top, x0 - left : x1 - left] = frame[y0:y1, x0:x1]
    image = torch.from_numpy(cut).permute(2, 0, 1)[None].float() / 255
    if (h, w) != (height, width):
        image = F.interpolate(image, (height, width), mode="bilinear", antialias=False)
    image = image[0]
    area = (labels[:, 2] - labels[:, 0]) * (labels[:, 3] - labels[:, 1])
    labels[:, [0, 2]] = (labels[:, [0, 2]].clip(x0, x1) - left) * width / w
    labels[:, [1, 3]] = (labels[:, [1, 3]].clip(y0, y1) - top) * height / h
    kept = (labels[:, 2] - labels[:, 0]) * (labels[:, 3] - labels[:, 1])
    kept = kept * (h / height) * (w / width)
    labels[:, 6] *= kept / np.maximum(area, 1e-6)
    labels = labels[(labels[:, 2] - labels[:, 0] > 2) & (labels[:, 3] - labels[:, 1] > 2)]
    if rng.random() < 0.5:
        image = image.flip(2)
        labels[:, [0, 2]] = width - labels[:, [2, 0]]
    return coloured(image, rng), torch.from_numpy(labels)


def coloured(image, rng):
    """Other light, other colours, some noise."""
    grey = image.mean(0, keepdim=True)
    image = grey + (image - grey) * float(rng.uniform(0.5, 1.5))
    image = (image - 0.5) * float(rng.uniform(0.75, 1.25)) + 0.5 + float(rng.uniform(-0.12, 0.12))
    image = image * torch.from_numpy(rng.uniform(0.88, 1.12, (3, 1, 1)).astype(np.float32))
    if rng.random() < 0.12:
        image = image[torch.from_numpy(rng.permutation(3))]
    if rng.random() < 0.3:
        image = image + torch.randn(image.shape) * float(rng.uniform(0, 0.03))
    return image.clamp(0, 1)


def batch(items):
    """Pictures [B,3,H,W]; objects and, apart, what is neither right nor wrong, as padded boxes
    [B,M,4], classes [B,M] and masks [B,M]."""
    images = torch.stack([image for image, _ in items])
    certain, doubtful = [], []
    for _, labels in items:
        sure = (labels[:, 5] >= MIN_VISIBLE) & (labels[:, 6] >= MIN_INSIDE)
        certain.append(labels[sure])
        doubtful.append(labels[~sure])
    return images, padded(certain), padded(doubtful)


def padded(groups):
    most = max(1, max(len(group) for group in groups))
    boxes = torch.zeros(len(groups), most, 4)
    kinds = torch.zeros(len(groups), most, dtype=torch.long)
    mask = torch.zeros(len(groups), most, dtype=torch.bool)
    for i, group in enumerate(groups):
        boxes[i, : len(group)] = group[:, :4]
        kinds[i, : len(group)] = group[:, 4].long()
        mask[i, : len(group)] = True
    return boxes, kinds, mask
