//! Where the figures of an answer come from: each is matched to cells of results, to totals of columns, or to
//! derivations that are computed again here. Deterministic and pure: no clock, no request, no model.
//!
//! The words around a figure decide. A large table has a cell for almost any short number, so a value alone proves
//! nothing: the row, column, period and filter that the sentence names must be those of the cell. For example,
//! "Revenue in March was 28,610.44" is borne out by that number in the row of March, and by no other row.
//!
//! Start with `ground.rs`, which reads a text figure by figure; `figure_context.rs` says what the words around one figure
//! name, `cells.rs` and `derive.rs` look for its sources, `work.rs` bounds what all of it may cost.

mod cell_values;
mod cells;
mod column_kinds;
mod compared;
mod count;
mod counting;
mod cues;
mod date;
mod date_rows;
mod derivation_times;
mod derive;
mod derive_check;
mod derive_denied;
mod derive_rows;
mod each;
mod earlier;
mod elsewhere;
mod exempt;
mod extreme_figure;
mod figure;
mod figure_context;
mod filters;
mod from_stated;
mod ground;
mod index;
mod item;
mod key_figures;
mod key_hours;
mod key_mentions;
mod keys;
mod known;
mod labels;
mod material;
mod mentions;
mod name_numbers;
mod names_of_others;
mod notation;
mod number;
mod number_marks;
mod operand;
mod order;
mod other_column;
mod places;
mod presence;
mod readings;
mod referenced;
mod referenced_derivation;
mod referenced_total;
mod row_before;
mod row_labels;
mod rows;
mod says_column;
mod says_row;
mod scope;
mod score;
mod shape;
mod spellings;
mod text;
mod told;
mod tolerance;
mod unit_clash;
mod units;
mod vocabulary;
mod wording;
mod work;

pub(crate) use count::of_word;
pub use figure::{
    DerivationOperation, DerivedFrom, Figure, FigureKind, FigureStatus, OffContextSource, Reason,
    ReferencedFigure, Rule, Trace,
};
pub use ground::{ground, ground_referenced, ground_until, unchecked};
pub(crate) use item::ranks;
pub use material::{Claim, Material};
pub use notation::Notation;
pub use number::{Kind, Number, Separators, Sign, numbers};
pub(crate) use presence::may_hold_figures;
pub use vocabulary::vocabulary_gaps;
