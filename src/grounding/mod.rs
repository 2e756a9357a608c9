//! What a text claims: the numbers in it. Both grading and the check of an answer against its evidence begin here.

mod number;

pub use number::{Kind, Number, Separators, Sign, numbers};
