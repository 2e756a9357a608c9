//! What a text claims, and what bears it out: the figures in it, matched to cells of results, to what columns come
//! to, and to derivations that are recomputed here. Deterministic and pure: no clock, no request, no model.

mod cells;
mod count;
mod cues;
mod date;
mod derive;
mod exempt;
mod figure;
mod filters;
mod ground;
mod index;
mod item;
mod known;
mod material;
mod number;
mod operand;
mod places;
mod rows;
mod scope;
mod seat;
mod text;
mod told;
mod wanted;
mod wording;
mod work;

pub(crate) use count::of_word;
pub use figure::{Figure, FigureKind, Input, Operation, Reason, Rule, Status, Trace};
pub use ground::{ground, ground_until, unchecked};
pub(crate) use item::ranks;
pub use material::{Claim, Material};
pub use number::{Kind, Number, Separators, Sign, numbers};
