//! What the gate lets through, what it refuses and how it says so; what running a call makes the model read.

mod as_meant;
mod as_saved;
mod canonical;
pub(crate) mod fixture;
mod forbidden;
mod held;
mod hostile;
mod labels;
mod one_place;
mod refusals;
mod running;
mod sandbox;
mod search;
mod specs;
