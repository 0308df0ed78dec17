"""The demo's detector: a small anchor-free convolutional network with strides 8, 16 and 32."""

import torch
from torch import nn
from torch.nn import functional as F

# Its classes, by COCO's ids.
CLASSES = {0: "person", 1: "bicycle", 2: "car", 5: "bus", 16: "dog"}
COCO_IDS = list(CLASSES)
STRIDES = (8, 16, 32)


class Block(nn.Module):
    """Convolution, batch norm, ReLU; adds its input when `residual`."""

    def __init__(self, c_in, c_out, kernel=3, stride=1, residual=False):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel, stride, kernel // 2, bias=False)
        self.norm = nn.BatchNorm2d(c_out, eps=1e-3, momentum=0.03)
        self.residual = residual

    def forward(self, x):
        y = F.relu(self.norm(self.conv(x)))
        return x + y if self.residual else y

    def folded(self):
        """Weight and bias with the batch norm folded in."""
        scale = self.norm.weight / torch.sqrt(self.norm.running_var + self.norm.eps)
        bias = self.norm.bias - self.norm.running_mean * scale
        return self.conv.weight * scale[:, None, None, None], bias


class Head(nn.Module):
    """One level's answer: class logits, then distances to left, top, right, bottom."""

    def __init__(self, channels):
        super().__init__()
        self.tower = Block(channels, channels)
        self.out = nn.Conv2d(channels, len(CLASSES) + 4, 1)
        with torch.no_grad():
            self.out.bias[: len(CLASSES)].fill_(-4.6)  # one in a hundred
            self.out.bias[len(CLASSES) :].fill_(1.5)

    def forward(self, x):
        return self.out(self.tower(x))


class Detector(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = Block(3, 12, stride=2)
        self.down4 = Block(12, 20, stride=2)
        self.deep4 = Block(20, 20, residual=True)
        self.down8 = Block(20, 40, stride=2)
        self.deep8 = Block(40, 40, residual=True)
        self.down16 = Block(40, 80, stride=2)
        self.deep16 = Block(80, 80, residual=True)
        self.down32 = Block(80, 112, stride=2)
        self.deep32 = Block(112, 112, residual=True)
        self.squeeze = Block(112, 56, kernel=1)
        self.context = Block(224, 64, kernel=1)
        self.lateral16 = Block(80, 64, kernel=1)
        self.merge16 = Block(64, 64)
        self.narrow8 = Block(64, 40, kernel=1)
        self.lateral8 = Block(40, 40, kernel=1)
        self.heads = nn.ModuleList([Head(40), Head(64), Head(64)])

    def levels(self, x):
        x = self.deep4(self.down4(self.stem(x)))
        c8 = self.deep8(self.down8(x))
        c16 = self.deep16(self.down16(c8))
        x = self.squeeze(self.deep32(self.down32(c16)))
        pooled = [x]
        for _ in range(3):
            pooled.append(F.max_pool2d(pooled[-1], 5, 1, 2))
        p32 = self.context(torch.cat(pooled, 1))
        up = F.interpolate(p32, scale_factor=2, mode="nearest")
        p16 = self.merge16(self.lateral16(c16) + up)
        up = F.interpolate(self.narrow8(p16), scale_factor=2, mode="nearest")
        p8 = self.lateral8(c8) + up
        return [p8, p16, p32]

    def forward(self, x):
        """Class logits [batch, places, classes] and boxes (left, top, right, bottom in input
        pixels) [batch, places, 4]; the places' centres [places, 2] and strides [places, 1]."""
        outs, centres, strides = [], [], []
        for head, feature, stride in zip(self.heads, self.levels(x), STRIDES):
            height, width = feature.shape[2:]
            outs.append(head(feature).flatten(2).transpose(1, 2).float())
            centre, step = places(height, width, stride)
            centres.append(centre)
            strides.append(step)
        out = torch.cat(outs, 1)
        centres, strides = torch.cat(centres), torch.cat(strides)
        logits, distances = out.split((len(CLASSES), 4), 2)
        distances = F.softplus(distances) * strides
        boxes = torch.cat((centres - distances[..., :2], centres + distances[..., 2:]), 2)
        return logits, boxes, centres, strides


def places(height, width, stride):
    """Centres (x, y) in input pixels and strides of a level's places, row by row."""
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    centres = (torch.stack((x, y), 2).reshape(-1, 2).float() + 0.5) * stride
    return centres, torch.full((height * width, 1), float(stride))
