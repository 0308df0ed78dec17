//! Writes small ONNX models: constant outputs, an input's own, or a few nodes (onnx/onnx.proto).

/// Element types of `TensorProto`.
pub const F32: u64 = 1;
pub const I64: u64 = 7;
pub const F16: u64 = 10;

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

/// `ValueInfoProto`: name 1 and type 2; a dimension below 0 is open, under a name of its own.
fn value(name: &str, kind: u64, shape: &[i64]) -> Vec<u8> {
    let dimension = |(at, size): (usize, &i64)| {
        field(
            1,
            &match u64::try_from(*size) {
                Ok(size) => number(1, size),
                Err(_) => field(2, format!("open{at}").as_bytes()),
            },
        )
    };
    let dimensions: Vec<u8> = shape.iter().enumerate().flat_map(dimension).collect();
    let tensor = [number(1, kind), field(2, &dimensions)].concat();
    [field(1, name.as_bytes()), field(2, &field(1, &tensor))].concat()
}

/// `TensorProto`: dims 1, data_type 2, name 8, raw_data 9.
fn tensor(name: &str, shape: &[usize], kind: u64, raw: &[u8]) -> Vec<u8> {
    let dims = shape.iter().flat_map(|d| number(1, *d as u64)).collect();
    [dims, number(2, kind), field(8, name.as_bytes()), field(9, raw)].concat()
}

/// A field's number and its content.
fn split_field(bytes: &[u8]) -> (u8, &[u8]) {
    let length_bytes = 1 + bytes[1..].iter().position(|byte| byte & 0x80 == 0).unwrap();
    (bytes[0] >> 3, &bytes[1 + length_bytes..])
}

/// A model under construction; names tie nodes together.
#[derive(Default)]
pub struct Graph {
    parts: Vec<u8>,
    metadata: Vec<u8>,
}

impl Graph {
    /// An input; dimensions below 0 are open.
    pub fn input(mut self, name: &str, kind: u64, shape: &[i64]) -> Self {
        self.parts.extend(field(11, &value(name, kind, shape)));
        self
    }

    /// An output, as it is declared.
    pub fn output(mut self, name: &str, kind: u64, shape: &[i64]) -> Self {
        self.parts.extend(field(12, &value(name, kind, shape)));
        self
    }

    /// Floats that are part of the model.
    pub fn f32(mut self, name: &str, shape: &[usize], values: &[f32]) -> Self {
        assert_eq!(shape.iter().product::<usize>(), values.len());
        let raw: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.parts.extend(field(5, &tensor(name, shape, F32, &raw)));
        self
    }

    /// Floats that lie in a file beside the model (`external_data` 13, `data_location` 14).
    pub fn f32_beside(mut self, name: &str, shape: &[usize], entries: &[(&str, &str)]) -> Self {
        let dims = shape.iter().flat_map(|d| number(1, *d as u64)).collect();
        let mut tensor = [dims, number(2, F32), field(8, name.as_bytes())].concat();
        for (key, value) in entries {
            let entry = [field(1, key.as_bytes()), field(2, value.as_bytes())].concat();
            tensor.extend(field(13, &entry));
        }
        tensor.extend(number(14, 1));
        self.parts.extend(field(5, &tensor));
        self
    }

    /// A node `Constant` whose value lies in a file beside the model.
    pub fn constant_beside(
        mut self,
        name: &str,
        shape: &[usize],
        entries: &[(&str, &str)],
    ) -> Self {
        let beside = Self::default().f32_beside("", shape, entries).parts;
        // Without the tag and the length of the initializer: those of the attribute take their place.
        let (_, tensor) = split_field(&beside);
        // AttributeProto: name 1, t 5, type 20 = 4.
        let mut attribute = [field(1, b"value"), field(5, tensor)].concat();
        attribute.extend_from_slice(&[0xa0, 0x01, 4]);
        let node =
            [field(2, name.as_bytes()), field(4, b"Constant"), field(5, &attribute)].concat();
        self.parts.extend(field(1, &node));
        self
    }

    /// Integers that are part of the model.
    pub fn i64(mut self, name: &str, shape: &[usize], values: &[i64]) -> Self {
        assert_eq!(shape.iter().product::<usize>(), values.len());
        let raw: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.parts.extend(field(5, &tensor(name, shape, I64, &raw)));
        self
    }

    /// A node (`NodeProto`: input 1, output 2, op_type 4, attribute 5) with lists of integers as
    /// attributes (`AttributeProto`: name 1, ints 8, type 20 = 7), or one of a single `=` behind
    /// its name as a number (i 3, type 2).
    pub fn node(
        mut self,
        op: &str,
        inputs: &[&str],
        output: &str,
        ints: &[(&str, &[i64])],
    ) -> Self {
        let mut node: Vec<u8> = inputs.iter().flat_map(|i| field(1, i.as_bytes())).collect();
        node.extend(field(2, output.as_bytes()));
        node.extend(field(4, op.as_bytes()));
        for (name, values) in ints {
            let mut attribute = field(1, name.trim_end_matches('=').as_bytes());
            let kind = match name.strip_suffix('=') {
                Some(_) => {
                    attribute.extend(number(3, values[0] as u64));
                    2
                }
                None => {
                    attribute.extend(values.iter().flat_map(|v| number(8, *v as u64)));
                    7
                }
            };
            // Field 20 needs a two-byte tag.
            attribute.extend_from_slice(&[0xa0, 0x01, kind]);
            node.extend(field(5, &attribute));
        }
        self.parts.extend(field(1, &node));
        self
    }

    /// A metadata property.
    pub fn metadata(mut self, key: &str, value: &str) -> Self {
        let entry = [field(1, key.as_bytes()), field(2, value.as_bytes())].concat();
        self.metadata.extend(field(14, &entry));
        self
    }

    /// `ModelProto`: ir_version 1, opset_import 8 (version 2), graph 7. The operators are those of
    /// opset 11.
    pub fn model(self) -> Vec<u8> {
        let graph = [self.parts, field(2, b"graph")].concat();
        [number(1, 8), field(8, &number(2, 11)), field(7, &graph), self.metadata].concat()
    }
}

/// A model whose only output `output0` is `data` in `shape`, whatever comes in.
pub fn constant(input: &[usize], kind: u64, shape: &[usize], data: &[f32]) -> Vec<u8> {
    let declared = |shape: &[usize]| shape.iter().map(|d| *d as i64).collect::<Vec<i64>>();
    Graph::default()
        .input("images", kind, &declared(input))
        .f32("data", shape, data)
        .node("Identity", &["data"], "output0", &[])
        .output("output0", F32, &declared(shape))
        .model()
}

/// A model that gives its input back.
pub fn identity(shape: &[usize]) -> Vec<u8> {
    let shape: Vec<i64> = shape.iter().map(|d| *d as i64).collect();
    Graph::default()
        .input("images", F32, &shape)
        .node("Identity", &["images"], "output0", &[])
        .output("output0", F32, &shape)
        .model()
}

/// With a metadata property `names`.
pub fn with_names(model: &[u8], names: &str) -> Vec<u8> {
    [model.to_vec(), Graph::default().metadata("names", names).metadata].concat()
}
