"""Writes the trained detector as ONNX in YOLO11's layout: `python export.py MODEL.pt OUT.onnx`

Input `images` [1, 3, 384, 640]: letterboxed red, green, blue, 0 to 1. Output `output0`
[1, 84, 5040]: centre x, centre y, width, height in input pixels, then 80 scores by COCO's ids.
The graph is written operator by operator, so that only plain ones are in it and batch norm is
folded into the convolutions.
"""

import sys

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from network import COCO_IDS, STRIDES, Detector, places

HEIGHT, WIDTH = 384, 640

COCO = (
    "person,bicycle,car,motorcycle,airplane,bus,train,truck,boat,traffic light,fire hydrant,"
    "stop sign,parking meter,bench,bird,cat,dog,horse,sheep,cow,elephant,bear,zebra,giraffe,"
    "backpack,umbrella,handbag,tie,suitcase,frisbee,skis,snowboard,sports ball,kite,baseball bat,"
    "baseball glove,skateboard,surfboard,tennis racket,bottle,wine glass,cup,fork,knife,spoon,"
    "bowl,banana,apple,sandwich,orange,broccoli,carrot,hot dog,pizza,donut,cake,chair,couch,"
    "potted plant,bed,dining table,toilet,tv,laptop,mouse,remote,keyboard,cell phone,microwave,"
    "oven,toaster,sink,refrigerator,book,clock,vase,scissors,teddy bear,hair drier,toothbrush"
).split(",")


class Graph:
    """Nodes and constants in the order in which they are added."""

    def __init__(self):
        self.nodes, self.constants, self.count = [], [], 0

    def constant(self, values):
        name = f"c{len(self.constants)}"
        if torch.is_tensor(values):
            values = values.detach().numpy()
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def add(self, operator, *inputs, output=None, **attributes):
        self.count += 1
        output = output or f"t{self.count}"
        self.nodes.append(helper.make_node(operator, list(inputs), [output], **attributes))
        return output

    def conv(self, x, weight, bias, stride=1):
        kernel = weight.shape[2]
        return self.add(
            "Conv",
            x,
            self.constant(weight),
            self.constant(bias),
            kernel_shape=[kernel, kernel],
            strides=[stride, stride],
            pads=[kernel // 2] * 4,
        )

    def block(self, x, block):
        weight, bias = block.folded()
        y = self.add("Relu", self.conv(x, weight, bias, block.conv.stride[0]))
        return self.add("Add", x, y) if block.residual else y

    def doubled(self, x):
        scales = self.constant(np.array([1, 1, 2, 2], np.float32))
        return self.add(
            "Resize",
            x,
            "",
            scales,
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        )


def build(model):
    g = Graph()
    x = g.block("images", model.stem)
    x = g.block(g.block(x, model.down4), model.deep4)
    c8 = g.block(g.block(x, model.down8), model.deep8)
    c16 = g.block(g.block(c8, model.down16), model.deep16)
    x = g.block(g.block(g.block(c16, model.down32), model.deep32), model.squeeze)
    pooled = [x]
    for _ in range(3):
        pooled.append(
            g.add("MaxPool", pooled[-1], kernel_shape=[5, 5], strides=[1, 1], pads=[2] * 4)
        )
    p32 = g.block(g.add("Concat", *pooled, axis=1), model.context)
    p16 = g.block(g.add("Add", g.block(c16, model.lateral16), g.doubled(p32)), model.merge16)
    p8 = g.add("Add", g.block(c8, model.lateral8), g.doubled(g.block(p16, model.narrow8)))

    flat, centres, strides = [], [], []
    channels = len(COCO_IDS) + 4
    for head, feature, stride in zip(model.heads, (p8, p16, p32), STRIDES):
        out = g.conv(g.block(feature, head.tower), head.out.weight, head.out.bias)
        height, width = HEIGHT // stride, WIDTH // stride
        shape = g.constant(np.array([1, channels, height * width], np.int64))
        flat.append(g.add("Reshape", out, shape))
        centre, step = places(height, width, stride)
        centres.append(centre.T[None])
        strides.append(step.T[None])
    out = g.add("Concat", *flat, axis=2)
    centres, strides = torch.cat(centres, 2), torch.cat(strides, 2)

    def part(first, last):
        ends = [g.constant(np.array([v], np.int64)) for v in (first, last, 1)]
        return g.add("Slice", out, *ends)

    kinds = len(COCO_IDS)
    step, middle = g.constant(strides), g.constant(centres)
    near = g.add("Mul", g.add("Softplus", part(kinds, kinds + 2)), step)
    far = g.add("Mul", g.add("Softplus", part(kinds + 2, kinds + 4)), step)
    shift = g.add("Mul", g.add("Sub", far, near), g.constant(np.array(0.5, np.float32)))
    centre, size = g.add("Add", middle, shift), g.add("Add", near, far)
    # Each of the model's classes goes to its row among COCO's 80; the other rows are 0.
    rows = np.zeros((1, 80, kinds), np.float32)
    rows[0, COCO_IDS, range(kinds)] = 1
    scores = g.add("MatMul", g.constant(rows), g.add("Sigmoid", part(0, kinds)))
    g.add("Concat", centre, size, scores, axis=1, output="output0")

    total = centres.shape[2]
    graph = helper.make_graph(
        g.nodes,
        "razz-demo",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, HEIGHT, WIDTH])],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, [1, 84, total])],
        g.constants,
    )
    onnx_model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    onnx_model.ir_version = 8
    onnx_model.producer_name = "razz-scene"
    names = "{" + ", ".join(f"{i}: '{name}'" for i, name in enumerate(COCO)) + "}"
    helper.set_model_props(
        onnx_model,
        {
            "names": names,
            "task": "detect",
            "stride": "32",
            "imgsz": f"[{HEIGHT}, {WIDTH}]",
            "description": "razz demo detector: knows the synthetic street and nothing else",
            "license": "Apache-2.0 OR MIT",
        },
    )
    onnx.checker.check_model(onnx_model, full_check=True)
    return onnx_model


def main():
    model = Detector()
    model.load_state_dict(torch.load(sys.argv[1]))
    model.eval()
    onnx_model = build(model)
    onnx.save(onnx_model, sys.argv[2])

    # The file must say what the network says.
    import onnxruntime

    torch.manual_seed(0)
    image = torch.rand(1, 3, HEIGHT, WIDTH)
    with torch.no_grad():
        logits, boxes, _, _ = model(image)
    session = onnxruntime.InferenceSession(sys.argv[2], providers=["CPUExecutionProvider"])
    (out,) = session.run(None, {"images": image.numpy()})
    scores = out[0, 4:].T
    corners = np.concatenate((out[0, :2] - out[0, 2:4] / 2, out[0, :2] + out[0, 2:4] / 2)).T
    score_gap = np.abs(scores[:, COCO_IDS] - logits[0].sigmoid().numpy()).max()
    box_gap = np.abs(corners - boxes[0].numpy()).max()
    assert score_gap < 1e-4 and box_gap < 1e-2, (score_gap, box_gap)
    unused = [i for i in range(80) if i not in COCO_IDS]
    assert (scores[:, unused] == 0).all()
    print(f"{sys.argv[2]}: {onnx_model.ByteSize()} bytes, scores within {score_gap:.1e}")


if __name__ == "__main__":
    main()
