//! The calculator: figures from cells of held results, in decimal. The model names cells and an operation; values are
//! looked up and worked out here, so that what it states was never typed off or done in its head.

mod arguments;
mod lookup;
mod plan;
mod run;
mod spec;

pub(super) use plan::plan;
pub use plan::{CalculateCall, Calculation, CellPlace, CellRef, Condition, Input};
pub(super) use run::run;
pub(super) use spec::{NAME, example, spec};
