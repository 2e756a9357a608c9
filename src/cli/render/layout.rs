//! Blocks as lines of a width.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

use super::document::{Inline, InlineSpan, MarkdownBlock};
use super::series::{self, SeriesRow};
use crate::cli::table::{self, TableCell};
use crate::cli::term::{BOLD, DIM};

/// Sources that a column's header names.
const MOST_IN_HEADER: usize = 3;

/// The lines of a text.
pub(super) fn lay_out(blocks: &[MarkdownBlock], width: Option<usize>) -> Vec<String> {
    let mut layout = LineLayout {
        width,
        lines: Vec::new(),
    };
    layout.blocks(blocks, "");
    layout.lines
}

struct LineLayout {
    width: Option<usize>,
    lines: Vec<String>,
}

impl LineLayout {
    fn blocks(&mut self, blocks: &[MarkdownBlock], indent: &str) {
        let mut before: Option<&MarkdownBlock> = None;
        let mut rest = blocks.iter().peekable();
        while let Some(block) = rest.next() {
            if before.is_some_and(|before| is_apart(before, block)) {
                self.lines.push(indent.trim_end().to_owned());
            }
            let mut last = block;
            if let MarkdownBlock::List { items, .. } = block
                && let Some(mut rows) = series::rows(items)
            {
                if let Some(total) = rest.peek().and_then(|next| series::total(next)) {
                    rows.push(total);
                    last = rest.next().unwrap_or(block);
                }
                self.series(&rows, indent);
            } else {
                self.block(block, indent);
            }
            before = Some(last);
        }
    }

    fn block(&mut self, block: &MarkdownBlock, indent: &str) {
        match block {
            MarkdownBlock::Paragraph(inline) | MarkdownBlock::Tail(inline) => {
                self.paragraph(inline, indent, indent);
            }
            MarkdownBlock::Heading(inline) => {
                let text = format!("{BOLD}{}{BOLD:#}", text_of(inline));
                self.wrap(&text, indent, indent);
            }
            MarkdownBlock::Code(code) => {
                let lines = code.trim_end().lines();
                self.lines.extend(lines.map(|line| format!("{indent}    {line}")));
            }
            MarkdownBlock::Quote(inside) => self.blocks(inside, &format!("{indent}│ ")),
            MarkdownBlock::List { first, items } => self.list(*first, items, indent),
            MarkdownBlock::Grid { header, rows } => self.grid(header, rows, indent),
            MarkdownBlock::Rule => self.lines.push(format!("{indent}{DIM}───{DIM:#}")),
        }
    }

    fn paragraph(&mut self, inline: &Inline, first: &str, indent: &str) {
        let mut first = first;
        for line in inline.split(|span| matches!(span, InlineSpan::Break { .. })) {
            let text = styled(line);
            self.wrap(&text, first, indent);
            first = indent;
        }
    }

    fn list(&mut self, first: Option<u64>, items: &[Vec<MarkdownBlock>], indent: &str) {
        for (at, item) in (0..).zip(items) {
            let bullet = first.map_or_else(
                || "- ".to_owned(),
                |first| format!("{}. ", first.saturating_add(at)),
            );
            let inside = format!("{indent}{}", " ".repeat(bullet.len()));
            let bullet = format!("{indent}{bullet}");
            match item.split_first() {
                Some((MarkdownBlock::Paragraph(inline), rest)) => {
                    self.paragraph(inline, &bullet, &inside);
                    self.blocks(rest, &inside);
                }
                Some(_) => {
                    self.lines.push(bullet.trim_end().to_owned());
                    self.blocks(item, &inside);
                }
                None => self.lines.push(bullet.trim_end().to_owned()),
            }
        }
    }

    /// A list of a name and a figure each: names on the left, figures below each other.
    fn series(&mut self, rows: &[SeriesRow], indent: &str) {
        let names = rows.iter().map(|row| row.name.width()).max().unwrap_or(0);
        let figures = rows.iter().map(|row| row.figure.width()).max().unwrap_or(0);
        let fits = self.width.is_none_or(|width| names + figures + 12 <= width);
        let mut last = None;
        for row in rows {
            let marker = marker(row.source, &mut last);
            let (name, figure) = (&row.name, &row.figure);
            if fits {
                let gap = " ".repeat(names - name.width() + 2 + figures - figure.width());
                self.lines.push(format!("{indent}  {name}{gap}{figure}{marker}"));
            } else {
                self.wrap(
                    &format!("{name}: {figure}{marker}"),
                    &format!("{indent}- "),
                    &format!("{indent}  "),
                );
            }
        }
    }

    fn grid(&mut self, header: &[Inline], rows: &[Vec<Inline>], indent: &str) {
        let columns: Vec<String> = header
            .iter()
            .enumerate()
            .map(|(at, inline)| {
                let mut sources: Vec<usize> = rows
                    .iter()
                    .filter_map(|row| row.get(at))
                    .filter_map(first_source)
                    .collect();
                sources.dedup();
                let mut name = text_of(inline);
                if sources.len() <= MOST_IN_HEADER {
                    for source in sources {
                        let _ = write!(name, " [{source}]");
                    }
                }
                name
            })
            .collect();
        let cells: Vec<Vec<TableCell>> = rows
            .iter()
            .map(|row| row.iter().map(|cell| TableCell::of_text(text_of(cell))).collect())
            .collect();
        let width = self.width.map(|width| width.saturating_sub(indent.width()));
        let text = table::drawn(&columns, &cells, width);
        self.lines.extend(
            text.lines()
                .map(|line| format!("{indent}{line}").trim_end().to_owned()),
        );
    }

    fn wrap(&mut self, text: &str, first: &str, indent: &str) {
        let options = textwrap::Options::new(self.width.unwrap_or(usize::MAX))
            .initial_indent(first)
            .subsequent_indent(indent)
            .break_words(false);
        let lines = textwrap::wrap(text, options);
        self.lines
            .extend(lines.into_iter().map(std::borrow::Cow::into_owned));
    }
}

/// Whether an empty line stands between two blocks.
fn is_apart(before: &MarkdownBlock, block: &MarkdownBlock) -> bool {
    match (before, block) {
        (MarkdownBlock::Heading(_), _) | (_, MarkdownBlock::Tail(_)) => false,
        (MarkdownBlock::Paragraph(inline), MarkdownBlock::List { .. } | MarkdownBlock::Grid { .. }) => {
            !text_of(inline).trim_end().ends_with(':')
        }
        _ => true,
    }
}

/// The text with its styles and the numbers of its sources, each number once as long as it stays the same.
fn styled(line: &[InlineSpan]) -> String {
    let mut out = String::new();
    let mut last = None;
    for span in line {
        match span {
            InlineSpan::Text { text, style } => {
                let _ = write!(out, "{style}{text}{style:#}");
            }
            InlineSpan::Marker(source) => out.push_str(&marker(Some(*source), &mut last)),
            InlineSpan::Break { .. } => out.push(' '),
        }
    }
    out
}

fn marker(source: Option<usize>, last: &mut Option<usize>) -> String {
    match source {
        Some(number) if source != *last => {
            *last = source;
            format!(" {DIM}[{number}]{DIM:#}")
        }
        _ => String::new(),
    }
}

pub(super) fn text_of(inline: &[InlineSpan]) -> String {
    let mut out = String::new();
    for span in inline {
        match span {
            InlineSpan::Text { text, .. } => out.push_str(text),
            InlineSpan::Break { .. } => out.push(' '),
            InlineSpan::Marker(_) => {}
        }
    }
    out
}

/// The number of the first source named in it.
pub(super) fn first_source(inline: &Inline) -> Option<usize> {
    inline.iter().find_map(|span| match span {
        InlineSpan::Marker(source) => Some(*source),
        _ => None,
    })
}
