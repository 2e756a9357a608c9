//! SQL with template tags: which parameter may feed which tag, what the tags become, what dates people write.

mod condition;
mod date_string;
mod parameter_types;
mod parameters;
mod render;
mod tag;
mod template;
mod values;

pub(super) use parameters::{native_form, run_card};
pub(super) use render::{render_defaults, render_everything};
pub(super) use tag::derived_type;
pub(super) use template::tag_names;
pub(super) use values::parameter_values;
