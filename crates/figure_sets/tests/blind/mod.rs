//! Answers written without sight of the matcher, over results as the embedded sandbox, the public sample shop and a
//! few public databases give them; and, made from them by rule, the same answers with one thing wrong each.
//!
//! The answers are in `answers_*.txt`: each figure stands there as an expression over a result's cells and a sample of
//! how it is written, so that the right ones are right by construction and each rule knows what it changes.

pub mod answers;
pub mod expression;
pub mod measure;
mod plant;
pub mod style;
pub mod world;
