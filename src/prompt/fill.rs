use serde::Serialize;
use tera::{Context, Tera};

/// A text from `prompts/` that stands within the conversation (a note, a refusal, a failure), with its values filled in
/// and without the line break at its end. Nothing is escaped.
///
/// A template that does not fit its values is shown as it stands: such a text may be clumsy, but a turn never fails over
/// one. Snapshots hold that each fits.
pub(crate) fn fill(template: &str, values: &impl Serialize) -> String {
    Context::from_serialize(values)
        .and_then(|context| Tera::one_off(template, &context, false))
        .unwrap_or_else(|_| template.to_owned())
        .trim_end()
        .to_owned()
}
