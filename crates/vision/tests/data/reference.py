#!/usr/bin/env python3
"""What the demo's detector finds on pictures of a street, by nothing of razz but the model: OpenCV scales,
ONNX Runtime infers, and the suppression below is written after Ultralytics' description of it.

    reference.py MODEL.onnx STREET-FRAME.png ... > street.json

Set-up, in a virtual environment: pip install numpy opencv-python-headless onnxruntime
"""
import json
import os
import sys

import cv2
import numpy as np
import onnxruntime

WIDTH, HEIGHT, CONFIDENCE, IOU = 640, 384, 0.1, 0.7


def letterbox(picture):
    """Scaled to fit the middle of grey; answers (model input, scale, left, top)."""
    height, width = picture.shape[:2]
    scale = min(WIDTH / width, HEIGHT / height)
    size = round(width * scale), round(height * scale)
    left, top = (WIDTH - size[0]) // 2, (HEIGHT - size[1]) // 2
    out = np.full((HEIGHT, WIDTH, 3), 114, np.uint8)
    out[top : top + size[1], left : left + size[0]] = cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)
    rgb = out[:, :, ::-1].astype(np.float32) / 255
    return rgb.transpose(2, 0, 1)[None].copy(), scale, left, top


def overlap(one, others):
    left_top = np.maximum(one[:2], others[:, :2])
    right_bottom = np.minimum(one[2:], others[:, 2:])
    shared = np.prod(np.clip(right_bottom - left_top, 0, None), axis=1)
    area = lambda boxes: np.prod(boxes[..., 2:] - boxes[..., :2], axis=-1)  # noqa: E731
    return shared / (area(one) + area(others) - shared)


def detect(session, path):
    picture = cv2.imread(path)
    image, scale, left, top = letterbox(picture)
    (output,) = session.run(None, {"images": image})
    rows = output[0].T.astype(np.float64)
    classes = rows[:, 4:].argmax(axis=1)
    scores = rows[:, 4:].max(axis=1)
    centre, size = rows[:, :2], rows[:, 2:4]
    boxes = np.concatenate([centre - size / 2, centre + size / 2], axis=1)
    wanted = np.flatnonzero(scores > CONFIDENCE)
    wanted = wanted[np.argsort(-scores[wanted], kind="stable")]
    kept = []
    for index in wanted:
        same = [other for other in kept if classes[other] == classes[index]]
        if not same or overlap(boxes[index], boxes[same]).max() <= IOU:
            kept.append(index)
    height, width = picture.shape[:2]
    boxes = (boxes[kept] - [left, top, left, top]) / scale
    boxes = boxes.clip(0, [width, height, width, height])
    return [
        [int(classes[index]), round(float(scores[index]), 4), *(round(float(value), 2) for value in box)]
        for index, box in zip(kept, boxes)
    ]


def main():
    session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
    images = {os.path.basename(path): detect(session, path) for path in sys.argv[2:]}
    lines = ",\n".join(f'  "{name}": {json.dumps(rows)}' for name, rows in images.items())
    about = {
        "imgsz": [HEIGHT, WIDTH], "conf": CONFIDENCE, "iou": IOU, "columns": ["class", "confidence", "x1", "y1", "x2", "y2"],
    }
    print(f'{json.dumps(about)[:-1]}, "images": {{\n{lines}\n}}}}')


main()
