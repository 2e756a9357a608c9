//! How an answer looks: Markdown laid out for a terminal or a pipe, figures with separators and the numbers of their
//! sources.
//!
//! [`annotate`](annotate::annotate) says what changes in the text, `document` reads the Markdown, `layout` writes lines.
//! A text of `- 2025-01: 28550.43` items comes out as
//!
//! ```text
//!   2025-01  28,550.43 [1]
//!   2025-02  22,737.95
//! ```
//!
//! Nothing here changes the answer itself: `--json` has the text as the model wrote it.

mod annotate;
mod document;
mod layout;
mod numbers;
mod series;

use super::sources::SourceList;
use crate::agent::Answer;

pub(super) use numbers::formatted_column;

/// The text of an answer as lines of at most `width` characters; no limit without a width.
pub(super) fn answer_lines(
    answer: &Answer,
    sources: Option<&SourceList>,
    width: Option<usize>,
) -> Vec<String> {
    let edits = annotate::annotate(answer, sources);
    layout::lay_out(&document::read(&answer.text, &edits), width)
}

/// Any other text on lines of at most `width` characters, broken at words.
pub(super) fn wrapped(text: &str, width: Option<usize>, indent: &str) -> String {
    let options = textwrap::Options::new(width.unwrap_or(usize::MAX))
        .subsequent_indent(indent)
        .break_words(false);
    textwrap::fill(text, options)
}
