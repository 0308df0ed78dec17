//! What rules make of what happens.

mod lifecycle;
mod machine;
mod properties;
mod rules;
mod told;
