//! The engine that is always there: rten, pure Rust.

use std::sync::Arc;

use rten::{
    DataType, Dimension, Model, ModelOptions, NodeId, RunOptions, ThreadPool, Value, ValueType,
    ValueView,
};
use rten_tensor::prelude::*;

use super::{Element, Elements, Engine, EngineError, Port, Precision, Tensor, guarded};

pub(super) const NAME: &str = "rten";

struct Rten {
    model: Model,
    input_ids: Vec<NodeId>,
    output_ids: Vec<NodeId>,
    inputs: Vec<Port>,
    outputs: Vec<Port>,
    threads: Arc<ThreadPool>,
}

/// Loads a model. Its threads are its own, so that no engine takes more than its share.
pub(super) fn open(model: &[u8], threads: usize) -> Result<Box<dyn Engine>, EngineError> {
    let mut options = ModelOptions::with_all_ops();
    options.prepack_weights(true);
    let model = guarded(NAME, || {
        options.load(model.to_vec()).map_err(|error| EngineError::new(NAME, error))
    })?;
    let (input_ids, output_ids) = (model.input_ids().to_vec(), model.output_ids().to_vec());
    let (inputs, outputs) = (ports(&model, &input_ids), ports(&model, &output_ids));
    if inputs.is_empty() || outputs.is_empty() {
        return Err(EngineError::new(NAME, "the model has no input or no output"));
    }
    Ok(Box::new(Rten {
        model,
        input_ids,
        output_ids,
        inputs,
        outputs,
        threads: Arc::new(ThreadPool::with_num_threads(threads)),
    }))
}

fn ports(model: &Model, ids: &[NodeId]) -> Vec<Port> {
    ids.iter()
        .filter_map(|id| model.node_info(*id))
        .map(|node| Port {
            name: node.name().unwrap_or_default().to_owned(),
            shape: node.shape().map(|shape| {
                shape
                    .into_iter()
                    .map(|dimension| match dimension {
                        Dimension::Fixed(size) => Some(size),
                        Dimension::Symbolic(_) => None,
                    })
                    .collect()
            }),
            element: node.dtype().map(|kind| match kind {
                ValueType::Tensor(DataType::Float) => Element::F32,
                ValueType::Tensor(DataType::Int32) => Element::I32,
                _ => Element::Other,
            }),
        })
        .collect()
}

impl Engine for Rten {
    fn name(&self) -> &str {
        NAME
    }

    fn precision(&self) -> Precision {
        Precision::F32
    }

    fn batch(&self) -> usize {
        1
    }

    fn inputs(&self) -> &[Port] {
        &self.inputs
    }

    fn outputs(&self) -> &[Port] {
        &self.outputs
    }

    fn run(
        &mut self,
        inputs: &[Tensor<'_>],
        read: &mut dyn FnMut(&[Tensor<'_>]),
    ) -> Result<(), EngineError> {
        if inputs.len() != self.input_ids.len() {
            let counts = format!("{} inputs for {}", inputs.len(), self.input_ids.len());
            return Err(EngineError::new(NAME, counts));
        }
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(&self.threads)));
        let outputs = guarded(NAME, || {
            let inputs = self.input_ids.iter().zip(inputs);
            let inputs = inputs
                .map(|(id, input)| Ok((*id, taken(input)?)))
                .collect::<Result<_, EngineError>>()?;
            self.model.run(inputs, &self.output_ids, Some(options)).map_err(failed)
        })?;
        // Copies only where the layout is not row-major.
        let plain: Vec<Plain<'_>> = outputs.iter().map(Plain::of).collect();
        let tensors: Vec<Tensor<'_>> = plain.iter().map(Plain::tensor).collect();
        read(&tensors);
        Ok(())
    }
}

fn failed(error: impl std::fmt::Display) -> EngineError {
    EngineError::new(NAME, error)
}

/// An input as rten takes it: integers have 32 bits there.
fn taken<'a>(input: &Tensor<'a>) -> Result<rten::ValueOrView<'a>, EngineError> {
    match input.values {
        Elements::F32(values) => {
            Ok(ValueView::from_shape(input.shape, values).map_err(failed)?.into())
        }
        Elements::I32(values) => {
            Ok(ValueView::from_shape(input.shape, values).map_err(failed)?.into())
        }
        Elements::I64(values) => {
            let short = |v: &i64| {
                i32::try_from(*v).map_err(|_| failed(format!("{v} does not fit 32 bits")))
            };
            let values = values.iter().map(short).collect::<Result<Vec<i32>, _>>()?;
            Ok(Value::from_shape(input.shape, values).map_err(failed)?.into())
        }
        Elements::Other => Err(failed("an input without values")),
    }
}

/// An output in row-major order.
struct Plain<'a> {
    shape: Vec<usize>,
    values: PlainValues<'a>,
}

enum PlainValues<'a> {
    F32(std::borrow::Cow<'a, [f32]>),
    I32(std::borrow::Cow<'a, [i32]>),
    Other,
}

impl<'a> Plain<'a> {
    fn of(value: &'a Value) -> Self {
        let values = match value {
            Value::FloatTensor(tensor) => PlainValues::F32(match tensor.data() {
                Some(values) => values.into(),
                None => tensor.to_vec().into(),
            }),
            Value::Int32Tensor(tensor) => PlainValues::I32(match tensor.data() {
                Some(values) => values.into(),
                None => tensor.to_vec().into(),
            }),
            _ => PlainValues::Other,
        };
        Self { shape: value.shape().to_vec(), values }
    }

    fn tensor(&self) -> Tensor<'_> {
        let values = match &self.values {
            PlainValues::F32(values) => Elements::F32(values),
            PlainValues::I32(values) => Elements::I32(values),
            PlainValues::Other => Elements::Other,
        };
        Tensor { shape: &self.shape, values }
    }
}
