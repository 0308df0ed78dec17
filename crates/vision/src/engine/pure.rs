//! The engine that is always there: rten, pure Rust.

use std::sync::Arc;

use rten::{
    DataType, Dimension, Model, ModelOptions, NodeId, RunOptions, ThreadPool, ValueType, ValueView,
};
use rten_tensor::prelude::*;

use super::{Engine, EngineError, Output, Port, guarded};

const NAME: &str = "rten";

struct Rten {
    model: Model,
    input: NodeId,
    output: NodeId,
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
    let (inputs, outputs) = (ports(&model, model.input_ids()), ports(&model, model.output_ids()));
    let (Some(input), Some(output)) = (model.input_ids().first(), model.output_ids().first())
    else {
        return Err(EngineError::new(NAME, "the model has no input or no output"));
    };
    Ok(Box::new(Rten {
        input: *input,
        output: *output,
        model,
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
            is_f32: node.dtype().map(|kind| kind == ValueType::Tensor(DataType::Float)),
        })
        .collect()
}

impl Engine for Rten {
    fn name(&self) -> &str {
        NAME
    }

    fn inputs(&self) -> &[Port] {
        &self.inputs
    }

    fn outputs(&self) -> &[Port] {
        &self.outputs
    }

    fn run(
        &mut self,
        input: &[f32],
        shape: [usize; 4],
        read: &mut dyn FnMut(Output<'_>),
    ) -> Result<(), EngineError> {
        let fail = |error: &dyn std::fmt::Display| EngineError::new(NAME, error);
        let view = ValueView::from_shape(shape, input).map_err(|error| fail(&error))?;
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(&self.threads)));
        let run = || {
            let inputs = vec![(self.input, view.into())];
            self.model.run_n(inputs, [self.output], Some(options)).map_err(|error| fail(&error))
        };
        let [value] = guarded(NAME, run)?;
        let tensor = value
            .as_tensor_view::<f32>()
            .ok_or_else(|| fail(&format!("the output is {}, not f32", value.dtype())))?;
        // Only copies where the layout is not row-major.
        let plain = tensor.to_contiguous();
        read(Output { shape: tensor.shape(), data: plain.data() });
        Ok(())
    }
}
