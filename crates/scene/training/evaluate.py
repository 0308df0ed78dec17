"""Average precision at IoU 0.5 on rendered pictures: `python evaluate.py MODEL.onnx FOLDER...`

Objects less than 35 % visible or less than 30 % inside the picture are neither right nor wrong.
"""

import sys

import numpy as np

from data import MIN_INSIDE, MIN_VISIBLE, Pictures
from network import CLASSES


def overlap(box, boxes):
    wide = np.minimum(box[2], boxes[:, 2]) - np.maximum(box[0], boxes[:, 0])
    tall = np.minimum(box[3], boxes[:, 3]) - np.maximum(box[1], boxes[:, 1])
    shared = wide.clip(0) * tall.clip(0)
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return shared / ((box[2] - box[0]) * (box[3] - box[1]) + areas - shared + 1e-9)


def suppressed(boxes, scores, limit=0.7):
    """Indices that greedy non-maximum suppression keeps, best first."""
    order, kept = np.argsort(-scores, kind="stable"), []
    while len(order):
        kept.append(order[0])
        rest = order[1:]
        order = rest[overlap(boxes[order[0]], boxes[rest]) <= limit]
    return kept


def matched(found, labels):
    """Per detection, best first: 1 right, 0 wrong, -1 neither; and how many are to be found."""
    sure = (labels[:, 5] >= MIN_VISIBLE) & (labels[:, 6] >= MIN_INSIDE)
    free, verdicts = np.ones(len(labels), bool), []
    for box in found:
        verdict = 0
        if len(labels):
            values = overlap(box, labels[:, :4])
            best = np.where(sure & free, values, -1).argmax()
            if sure[best] and free[best] and values[best] >= 0.5:
                free[best], verdict = False, 1
            elif (values[~sure] >= 0.3).any():
                verdict = -1
        verdicts.append(verdict)
    return verdicts, int(sure.sum())


def average_precision(scores, verdicts, count):
    """Area below the precision made monotonic (as PASCAL VOC from 2010)."""
    scores, verdicts = np.array(scores), np.array(verdicts)
    scores, verdicts = scores[verdicts >= 0], verdicts[verdicts >= 0]
    verdicts = verdicts[np.argsort(-scores, kind="stable")]
    right = np.cumsum(verdicts)
    precision = right / np.arange(1, len(right) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    return float((precision * verdicts).sum() / max(count, 1))


def report(predict, pictures, confidence=0.4):
    """`predict(image [3,H,W] tensor)` answers scores [places, classes] and boxes [places, 4]."""
    tallies = {i: ([], [], 0) for i in range(len(CLASSES))}
    sure_right = {i: [0, 0] for i in range(len(CLASSES))}
    for index in range(len(pictures)):
        image, labels = pictures.letterboxed(index)
        labels = labels.numpy()
        scores, boxes = predict(image)
        best = scores.argmax(1)
        for kind in tallies:
            mine = (best == kind) & (scores[:, kind] > 0.02)
            s, b = scores[mine, kind], boxes[mine]
            keep = suppressed(b, s)
            s, b = s[keep], b[keep]
            verdicts, count = matched(b, labels[labels[:, 4] == kind])
            old = tallies[kind]
            tallies[kind] = (old[0] + list(s), old[1] + verdicts, old[2] + count)
            sure_right[kind][0] += sum(v == 1 for v, x in zip(verdicts, s) if x >= confidence)
            sure_right[kind][1] += sum(v == 0 for v, x in zip(verdicts, s) if x >= confidence)
    values = []
    for kind, name in enumerate(CLASSES.values()):
        scores, verdicts, count = tallies[kind]
        if not count:
            continue
        values.append(average_precision(scores, verdicts, count))
        right, wrong = sure_right[kind]
        print(
            f"  {name:8} AP50 {values[-1]:.4f} of {count:5d}; at {confidence}: "
            f"found {right / count:.3f}, false alarms per picture {wrong / len(pictures):.4f}"
        )
    mean = float(np.mean(values))
    print(f"  mAP50 {mean:.4f} on {len(pictures)} pictures", flush=True)
    return mean


def main():
    import onnxruntime

    session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])

    def predict(image):
        (out,) = session.run(None, {"images": image[None].numpy()})
        out = out[0].T
        centre, half = out[:, :2], out[:, 2:4] / 2
        return out[:, 4:][:, list(CLASSES)], np.concatenate((centre - half, centre + half), 1)

    for folder in sys.argv[2:]:
        print(folder)
        report(predict, Pictures(folder))


if __name__ == "__main__":
    main()
