//! The calculator: figures from cells of held results, exact, refused where they would be wrong, and accounted for.

mod bench;
mod derive;
mod figures;
mod kit;
mod refusals;
mod turns;
