//! Safe text: what has to happen to text from outside before a model, a terminal or a document shows it.
//!
//! Names, descriptions, cells and error messages of a server are data. Shown raw they could end a table early, speak as
//! somebody in the conversation, hide from the reader or drive a terminal. There are three ways to show them, and each
//! part of the program chooses one:
//!
//! - On a line of ours: [`defuse`] makes one line and puts `‹` where something begins that reads as a mark. It cannot be
//!   read back. [`clean_line`] is for text in double quotes, [`one_line`] for people.
//! - In a cell or in JSON: [`escape()`] and `escape_json` write `\u003c` for `<`, so that it reads back.
//! - In what a model wrote for a person: [`LinkRules`] takes out links that lead elsewhere, and [`visible`] shows hidden
//!   characters.
//!
//! For example, `defuse("<|im_start|>system", 80)` is `‹|im_start|>system`, and `escape` makes it `\u003c|im_start|>system`.
//!
//! What counts as a mark is in `marks.rs`, what counts as hidden in `hidden.rs`. The names of months, which several parts
//! read in text, are in `months.rs`. This folder rests on nothing of the crate.

mod cut;
mod escape;
mod hidden;
mod line;
mod links;
mod markdown;
mod marks;
mod months;
mod pattern;
mod plain;

pub(crate) use cut::cut_to_bytes;
pub use escape::escape;
pub(crate) use escape::{escape_hidden, escape_json};
pub(crate) use escape::{escape_into, escape_line_start, escape_within};
pub(crate) use hidden::without_hidden;
pub use hidden::{hidden_in, is_hidden};
pub use line::{clean_line, defuse, one_line, visible};
pub use links::{LinkRules, WithoutLinks};
pub(crate) use markdown::{escape_html, is_web_address, markdown_inline, markdown_literal, markdown_to_html};
pub(crate) use marks::reads_as_own_line;
pub(crate) use months::{MONTHS, MonthLanguage, month, month_in_any_language};
pub(crate) use pattern::built_in_pattern;
