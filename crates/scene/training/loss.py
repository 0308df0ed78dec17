"""Which place answers for which object, and what a wrong answer costs.

Assignment by task alignment (Feng et al., "TOOD: Task-aligned One-stage Object Detection", 2021):
of the places inside an object, those that already say the right class with a good box are its own.
Boxes by generalised IoU (Rezatofighi et al., 2019).
"""

import torch
from torch.nn import functional as F

TOP = 8
SCORE_POWER, IOU_POWER = 0.5, 6.0


def iou(a, b, generalised=False):
    """IoU of boxes (left, top, right, bottom) whose shapes broadcast."""
    left_top = torch.maximum(a[..., :2], b[..., :2])
    right_bottom = torch.minimum(a[..., 2:], b[..., 2:])
    intersection = (right_bottom - left_top).clamp(min=0).prod(-1)
    area_a = (a[..., 2:] - a[..., :2]).clamp(min=0).prod(-1)
    area_b = (b[..., 2:] - b[..., :2]).clamp(min=0).prod(-1)
    union = area_a + area_b - intersection + 1e-7
    value = intersection / union
    if generalised:
        hull = torch.maximum(a[..., 2:], b[..., 2:]) - torch.minimum(a[..., :2], b[..., :2])
        hull = hull.clamp(min=0).prod(-1) + 1e-7
        value = value - (hull - union) / hull
    return value


def inside(centres, boxes):
    """[B, M, places]: whether a place's centre lies in a box."""
    near = centres[None, None] - boxes[:, :, None, :2]
    far = boxes[:, :, None, 2:] - centres[None, None]
    return torch.minimum(near, far).amin(-1) > 0.01


@torch.no_grad()
def assign(logits, boxes, centres, objects):
    """Target scores [B, places, classes], target boxes [B, places, 4], which places answer."""
    gt_boxes, gt_kinds, gt_mask = objects
    candidates = inside(centres, gt_boxes) & gt_mask[..., None]
    overlap = iou(gt_boxes[:, :, None], boxes[:, None]) * candidates
    scores = logits.sigmoid()
    index = gt_kinds[:, None].expand(-1, scores.shape[1], -1)
    own = scores.gather(2, index).transpose(1, 2)
    alignment = own**SCORE_POWER * overlap**IOU_POWER * candidates
    best = alignment.topk(min(TOP, alignment.shape[-1]), -1)
    chosen = torch.zeros_like(alignment).scatter_(2, best.indices, 1.0) * (alignment > 0)
    # A place wanted by several objects goes to the one that it fits best.
    winner = (overlap * chosen).argmax(1)
    single = torch.zeros_like(chosen).scatter_(1, winner[:, None], 1.0)
    chosen = chosen * single
    owned = chosen.sum(1) > 0
    alignment = alignment * chosen
    peak = alignment.amax(-1, keepdim=True)
    strongest = (overlap * chosen).amax(-1, keepdim=True)
    quality = (alignment / (peak + 1e-9) * strongest).amax(1)
    owner = chosen.argmax(1)
    target_boxes = gt_boxes.gather(1, owner[..., None].expand(-1, -1, 4))
    kinds = gt_kinds.gather(1, owner)
    targets = F.one_hot(kinds, logits.shape[-1]) * (quality * owned)[..., None]
    return targets, target_boxes, owned


def detection_loss(output, objects, doubtful):
    logits, boxes, centres, _ = output
    targets, target_boxes, owned = assign(logits, boxes, centres, objects)
    cost = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    # Nothing is learnt about a class where an object of it is all but hidden.
    doubt_boxes, doubt_kinds, doubt_mask = doubtful
    hidden = (inside(centres, doubt_boxes) & doubt_mask[..., None]).float()
    kinds = F.one_hot(doubt_kinds, logits.shape[-1]).float()
    silent = (torch.einsum("bmp,bmc->bpc", hidden, kinds) > 0) & (targets == 0)
    cost = cost * ~silent
    total = targets.sum().clamp(min=1.0)
    class_loss = cost.sum() / total
    weights = targets.sum(-1)[owned]
    box_loss = ((1 - iou(boxes[owned], target_boxes[owned], True)) * weights).sum() / total
    return class_loss + 2.0 * box_loss, class_loss.detach(), box_loss.detach()
