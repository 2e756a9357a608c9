//! Markdown as a tree of blocks, with what is safe to show as their text.

use std::ops::Range;

use anstyle::{AnsiColor, Style};
use pulldown_cmark::{Event, OffsetIter, Options, Parser, Tag, TagEnd};

use super::annotate::AnnotatedFigure;
use crate::cli::term;

/// Blocks inside blocks that are followed. A text nests as deep as it likes; beyond this it is laid out flat.
const MOST_DEPTH: usize = 12;

/// A part of a text that begins on a line of its own.
#[derive(Debug)]
pub(super) enum MarkdownBlock {
    Paragraph(Inline),
    /// Lines that follow a list without an empty line between.
    Tail(Inline),
    Heading(Inline),
    Code(String),
    Quote(Vec<MarkdownBlock>),
    List {
        /// The first item's number; without one, items have bullets.
        first: Option<u64>,
        items: Vec<Vec<MarkdownBlock>>,
    },
    Grid {
        header: Vec<Inline>,
        rows: Vec<Vec<Inline>>,
    },
    Rule,
}

pub(super) type Inline = Vec<InlineSpan>;

/// A piece of text that looks the same throughout.
#[derive(Debug)]
pub(super) enum InlineSpan {
    Text {
        text: String,
        style: Style,
    },
    /// The number of the source of the figure before it.
    Marker(usize),
    /// A line's end. A lazy one is followed by a line that is not indented as its list is.
    Break {
        lazy: bool,
    },
}

/// Reads a text, with figures changed as `edits` say.
pub(super) fn read(text: &str, edits: &[AnnotatedFigure]) -> Vec<MarkdownBlock> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let mut reader = MarkdownReader {
        events: Parser::new_ext(text, options).into_offset_iter(),
        source: text,
        edits,
        depth: 0,
        open: Vec::new(),
    };
    reader.blocks()
}

struct MarkdownReader<'a> {
    events: OffsetIter<'a>,
    source: &'a str,
    edits: &'a [AnnotatedFigure],
    depth: usize,
    /// Emphasis and links that are open: the style before, and where a link goes.
    open: Vec<(Style, Option<String>)>,
}

impl MarkdownReader<'_> {
    /// The blocks up to the end of the one that is open.
    fn blocks(&mut self) -> Vec<MarkdownBlock> {
        self.depth += 1;
        let mut blocks = Vec::new();
        let mut inline = Inline::new();
        let mut style = Style::new();
        // Containers that are too deep to be followed, whose ends are still to come.
        let mut flat = 0usize;
        while let Some((event, range)) = self.events.next() {
            match event {
                Event::Start(tag) if is_inline(&tag) => self.begin(&tag, &mut style),
                Event::End(end) if is_inline_end(end) => self.end(&mut inline, &mut style),
                Event::Start(tag) => {
                    flush(&mut blocks, &mut inline);
                    if self.depth >= MOST_DEPTH
                        && matches!(tag, Tag::BlockQuote(_) | Tag::List(_) | Tag::Item)
                    {
                        flat += 1;
                    } else {
                        self.block(&tag, &mut blocks);
                    }
                }
                Event::End(_) if flat > 0 => {
                    flush(&mut blocks, &mut inline);
                    flat -= 1;
                }
                Event::End(_) => break,
                Event::Rule => {
                    flush(&mut blocks, &mut inline);
                    blocks.push(MarkdownBlock::Rule);
                }
                other => self.text(&other, range, style, &mut inline),
            }
        }
        flush(&mut blocks, &mut inline);
        self.depth -= 1;
        blocks
    }

    /// A block whose start was read.
    fn block(&mut self, tag: &Tag<'_>, blocks: &mut Vec<MarkdownBlock>) {
        match tag {
            Tag::Heading { .. } => {
                let inline = self.inline();
                blocks.push(MarkdownBlock::Heading(inline));
            }
            Tag::BlockQuote(_) => {
                let inside = self.blocks();
                blocks.push(MarkdownBlock::Quote(inside));
            }
            Tag::CodeBlock(_) => {
                let code = self.plain_text();
                blocks.push(MarkdownBlock::Code(code));
            }
            Tag::List(first) => {
                let mut items = self.items();
                let tail = items.last_mut().and_then(|item| lazy_tail(item));
                blocks.push(MarkdownBlock::List { first: *first, items });
                blocks.extend(tail.map(MarkdownBlock::Tail));
            }
            Tag::Table(_) => {
                let grid = self.grid();
                blocks.push(grid);
            }
            // A paragraph, or something that holds text: its inside stands for it.
            _ => {
                let inside = self.blocks();
                blocks.extend(inside);
            }
        }
    }

    /// The items of a list whose start was read.
    fn items(&mut self) -> Vec<Vec<MarkdownBlock>> {
        let mut items = Vec::new();
        while let Some((event, _)) = self.events.next() {
            match event {
                Event::Start(Tag::Item) => items.push(self.blocks()),
                _ => break,
            }
        }
        items
    }

    /// A table whose start was read.
    fn grid(&mut self) -> MarkdownBlock {
        let mut rows: Vec<Vec<Inline>> = Vec::new();
        while let Some((event, _)) = self.events.next() {
            match event {
                Event::Start(Tag::TableHead | Tag::TableRow) => rows.push(Vec::new()),
                Event::Start(Tag::TableCell) => {
                    let cell = self.inline();
                    if let Some(row) = rows.last_mut() {
                        row.push(cell);
                    }
                }
                Event::End(TagEnd::Table) => break,
                _ => {}
            }
        }
        let header = if rows.is_empty() {
            Vec::new()
        } else {
            rows.remove(0)
        };
        MarkdownBlock::Grid { header, rows }
    }

    /// The text of a block that holds nothing else.
    fn inline(&mut self) -> Inline {
        let blocks = self.blocks();
        blocks
            .into_iter()
            .flat_map(|block| match block {
                MarkdownBlock::Paragraph(inline) => inline,
                _ => Inline::new(),
            })
            .collect()
    }

    /// The text of a block of code.
    fn plain_text(&mut self) -> String {
        let mut text = String::new();
        for (event, _) in self.events.by_ref() {
            match event {
                Event::Text(piece) => text.push_str(&piece),
                Event::End(_) => break,
                _ => {}
            }
        }
        term::plain(&text)
    }

    fn begin(&mut self, tag: &Tag<'_>, style: &mut Style) {
        let (inside, to) = match tag {
            Tag::Strong => (style.bold(), None),
            Tag::Emphasis => (style.italic(), None),
            Tag::Strikethrough => (style.strikethrough(), None),
            Tag::Link { dest_url, .. } => (style.underline(), Some(dest_url.to_string())),
            _ => (*style, None),
        };
        self.open.push((*style, to));
        *style = inside;
    }

    fn end(&mut self, inline: &mut Inline, style: &mut Style) {
        let Some((before, to)) = self.open.pop() else {
            return;
        };
        *style = before;
        let Some(to) = to else { return };
        let shown = inline
            .iter()
            .any(|span| matches!(span, InlineSpan::Text { text, .. } if *text == to));
        if !shown {
            inline.push(InlineSpan::Text {
                text: format!(" ({})", term::plain(&to)),
                style: before,
            });
        }
    }

    fn text(&self, event: &Event<'_>, range: Range<usize>, style: Style, inline: &mut Inline) {
        match event {
            Event::Text(text) => self.edited(text, range, style, inline),
            Event::Code(text) => inline.push(InlineSpan::Text {
                text: term::plain(text),
                style: AnsiColor::Cyan.on_default(),
            }),
            Event::Html(text) | Event::InlineHtml(text) => inline.push(InlineSpan::Text {
                text: term::plain(text),
                style,
            }),
            Event::SoftBreak => {
                let next = self.source.get(range.end..).and_then(|rest| rest.chars().next());
                inline.push(InlineSpan::Break {
                    lazy: self.depth > 1
                        && next.is_some_and(|c| !c.is_whitespace())
                        && self.at_margin(range.end),
                });
            }
            Event::HardBreak => inline.push(InlineSpan::Break { lazy: false }),
            _ => {}
        }
    }

    /// Whether a line begins at this place of the text.
    fn at_margin(&self, place: usize) -> bool {
        self.source
            .get(..place)
            .is_none_or(|before| before.ends_with('\n'))
    }

    /// A piece of the source with its figures changed. What the parser made itself has no figures.
    fn edited(&self, text: &str, range: Range<usize>, style: Style, inline: &mut Inline) {
        let push = |inline: &mut Inline, text: &str| {
            if !text.is_empty() {
                inline.push(InlineSpan::Text {
                    text: term::plain(text),
                    style,
                });
            }
        };
        if self.source.get(range.clone()) != Some(text) {
            return push(inline, text);
        }
        let mut at = range.start;
        for edit in self.edits.iter().filter(|edit| edit.range.end <= range.end) {
            let Some(before) = self
                .source
                .get(at..edit.range.start)
                .filter(|_| edit.range.start >= at)
            else {
                continue;
            };
            push(inline, before);
            push(inline, &edit.text);
            inline.extend(edit.source.map(InlineSpan::Marker));
            at = edit.range.end;
        }
        push(inline, self.source.get(at..range.end).unwrap_or_default());
    }
}

fn flush(blocks: &mut Vec<MarkdownBlock>, inline: &mut Inline) {
    if !inline.is_empty() {
        blocks.push(MarkdownBlock::Paragraph(std::mem::take(inline)));
    }
}

/// What of a list's last item was meant to stand after the list: lines that are not indented.
fn lazy_tail(item: &mut [MarkdownBlock]) -> Option<Inline> {
    let Some(MarkdownBlock::Paragraph(inline)) = item.last_mut() else {
        return None;
    };
    let at = inline
        .iter()
        .position(|span| matches!(span, InlineSpan::Break { lazy: true }))?;
    let mut tail = inline.split_off(at);
    tail.remove(0);
    Some(tail)
}

fn is_inline(tag: &Tag<'_>) -> bool {
    matches!(
        tag,
        Tag::Strong | Tag::Emphasis | Tag::Strikethrough | Tag::Link { .. } | Tag::Image { .. }
    )
}

fn is_inline_end(end: TagEnd) -> bool {
    matches!(
        end,
        TagEnd::Strong | TagEnd::Emphasis | TagEnd::Strikethrough | TagEnd::Link | TagEnd::Image
    )
}
