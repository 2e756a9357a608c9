//! Tool calls that a model wrote into its text, or into its thoughts, instead of making them.
//!
//! Models are trained to write calls in marks of their own, and their servers are meant to read them. Where a server does not,
//! the marks arrive as text: JSON (`object`) that is bare, fenced or tagged (`find`), marks of many models (`marked`), lines of
//! code (`code`), a name with an object behind it (`named`), keys and values (`worded`); `plain` writes the marks of one model as those of another.
//! [`find_calls`] recognises a text that ends in calls of known tools and nothing else; [`is_garbled`] one that ends in what
//! was begun as a call and cannot be read, or is a tool's schema (`schema`), which is no answer, nor is a text that only announces
//! a call (`announced`). [`SalvagingModel`] is a
//! [`Model`](super::Model) that does this to another; thoughts and marks of messages that a server left in the text (`thoughts`, `turns`) go first. Calls that
//! were made are made plain (`unfold`).
//!
//! ```text
//! Let me look.                                         what was said
//! <tool_call>{"name":"TOOL","arguments":{…}}       the call that it ends in
//! ```

mod announced;
mod answer;
mod code;
mod find;
mod holdback;
mod marked;
mod named;
mod object;
mod plain;
mod react;
mod schema;
mod thoughts;
mod turns;
mod unfold;
mod worded;
mod wrapper;

pub(super) use announced::is_announcement;
pub(super) use answer::{AnswerObject, answer_object, is_envelope};
pub(super) use find::{WrittenCalls, find_calls};
pub(super) use marked::is_garbled;
pub(super) use plain::compiled;
pub(super) use thoughts::without_thoughts;
pub(crate) use thoughts::{MARKS as THOUGHT_MARKS, MarkMatch, ThoughtMarks, match_mark};
pub(super) use turns::without_boxes;
pub(super) use unfold::unfold;
pub(super) use wrapper::SalvagingModel;
