//! Writes small ONNX models: one input, and constant outputs or one of the input's own.

/// A protobuf field with bytes in it.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    varint(bytes.len() as u64, &mut out);
    out.extend_from_slice(bytes);
    out
}

/// A protobuf field with a number in it.
fn number(number: u8, value: u64) -> Vec<u8> {
    let mut out = vec![number << 3];
    varint(value, &mut out);
    out
}

fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// `ValueInfoProto`: name and type; element type 1 is f32, 7 is i64.
fn value(name: &str, kind: u64, shape: &[usize]) -> Vec<u8> {
    let dimensions: Vec<u8> = shape.iter().flat_map(|d| field(1, &number(1, *d as u64))).collect();
    let tensor = [number(1, kind), field(2, &dimensions)].concat();
    [field(1, name.as_bytes()), field(2, &field(1, &tensor))].concat()
}

/// `ModelProto` whose only output `output0` is `data` in `shape`, whatever comes in.
pub fn constant(input: &[usize], kind: u64, shape: &[usize], data: &[f32]) -> Vec<u8> {
    let raw: Vec<u8> = data.iter().flat_map(|v| v.to_le_bytes()).collect();
    // TensorProto: dims 1, data_type 2, raw_data 9.
    let tensor =
        [shape.iter().flat_map(|d| number(1, *d as u64)).collect(), number(2, 1), field(9, &raw)]
            .concat();
    // AttributeProto: name 1, t 5, type 20 (TENSOR = 4); the last number needs a two-byte tag.
    let mut attribute = [field(1, b"value"), field(5, &tensor)].concat();
    attribute.extend_from_slice(&[0xa0, 0x01, 4]);
    // NodeProto: output 2, op_type 4, attribute 5.
    let node = [field(2, b"output0"), field(4, b"Constant"), field(5, &attribute)].concat();
    model(&node, &value("images", kind, input), &value("output0", 1, shape), None)
}

/// A model that gives its input back.
pub fn identity(shape: &[usize]) -> Vec<u8> {
    let node = [field(1, b"images"), field(2, b"output0"), field(4, b"Identity")].concat();
    model(&node, &value("images", 1, shape), &value("output0", 1, shape), None)
}

/// With a metadata property `names`.
pub fn with_names(model: &[u8], names: &str) -> Vec<u8> {
    let entry = [field(1, b"names"), field(2, names.as_bytes())].concat();
    [model.to_vec(), field(14, &entry)].concat()
}

fn model(node: &[u8], input: &[u8], output: &[u8], extra: Option<&[u8]>) -> Vec<u8> {
    // GraphProto: node 1, name 2, input 11, output 12.
    let graph = [field(1, node), field(2, b"graph"), field(11, input), field(12, output)].concat();
    // ModelProto: ir_version 1, opset_import 8 (version 2), graph 7.
    let mut out = [number(1, 8), field(8, &number(2, 13)), field(7, &graph)].concat();
    out.extend_from_slice(extra.unwrap_or_default());
    out
}
