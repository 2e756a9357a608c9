//! Lines, sentences, clauses, asides in brackets, list items and tables: what a figure stands with.

use super::words::{Span, held, holder};
use crate::grounding::number::{Kind, Number};

/// Marks and words between two clauses. Where neither side has a figure of its own, they part nothing.
const BETWEEN: [&str; 26] = [
    ", ",
    "; ",
    " and ",
    " but ",
    " while ",
    " whereas ",
    " versus ",
    " vs ",
    " vs. ",
    " against ",
    " compared ",
    " than ",
    " after ",
    " ahead of ",
    " followed by ",
    " und ",
    " während ",
    " aber ",
    " y ",
    " et ",
    " pero ",
    " mais ",
    " vor der ",
    " vor dem ",
    " → ",
    " -> ",
];
/// Words with a point that ends no sentence.
const SHORT: [&str; 21] = [
    "vs", "approx", "ca", "e.g", "i.e", "no", "nr", "incl", "excl", "co", "ltd", "inc", "st", "dr", "mr",
    "bzw", "tsd", "mio", "mrd", "inkl", "zzgl",
];

/// Most bytes of one sentence. Nobody writes longer ones, and what stands farther off than this says nothing of a
/// figure; so the work for each figure has a bound, however long the text is.
const LONGEST_SENTENCE: usize = 2_000;
/// Most bytes of one row of a table; a longer line is read as prose.
const LONGEST_ROW: usize = 4_000;

/// How a text is laid out.
#[derive(Debug, Default)]
pub(in crate::grounding) struct Layout {
    lines: Vec<TextLine>,
    sentences: Vec<Span>,
    clauses: Vec<Span>,
    asides: Vec<Span>,
}

#[derive(Debug)]
struct TextLine {
    span: Span,
    item: bool,
    /// Cells of a table's row.
    cells: Vec<Span>,
    /// The line with the table's header.
    header: Option<usize>,
    /// The first and the last of the lines around it, itself among them, that are all list items or empty; none where
    /// it is neither.
    list: Option<(usize, usize)>,
}

#[derive(Debug, Clone, Copy)]
pub(in crate::grounding) struct TextPlace {
    pub(in crate::grounding) aside: Option<Span>,
    pub(in crate::grounding) clause: Span,
    pub(in crate::grounding) sentence: Span,
    /// The sentence before it on the same line.
    pub(in crate::grounding) before: Option<Span>,
    pub(in crate::grounding) line: Span,
    pub(in crate::grounding) item: bool,
    pub(in crate::grounding) row: Option<InTable>,
}

#[derive(Debug, Clone, Copy)]
pub(in crate::grounding) struct InTable {
    pub(in crate::grounding) cell: Span,
    pub(in crate::grounding) header: Option<Span>,
}

impl Layout {
    pub(in crate::grounding) fn of(text: &str, numbers: &[Number]) -> Self {
        let mut layout = Self::default();
        let figures: Vec<Span> = numbers
            .iter()
            .filter(|number| number.kind == Kind::Quantity || is_clock(number, text))
            .map(|number| Span::new(number.start, number.end))
            .collect();
        let mut start = 0;
        let mut bare = bare_tables(text).into_iter();
        for line in text.split_inclusive('\n') {
            let span = Span::new(start, start + line.trim_end().len());
            start += line.len();
            layout.line(text, span, &figures, bare.next().unwrap_or(false));
        }
        layout.headers();
        layout.lists();
        layout
    }

    fn line(&mut self, text: &str, span: Span, figures: &[Span], bare: bool) {
        let line = span.of(text);
        let cells = cells(line, span.start, bare);
        let marker = marker(line);
        if cells.is_empty() {
            let body = Span::new(span.start + marker, span.end);
            for sentence in sentences(text, body) {
                self.asides.extend(asides(text, sentence));
                self.clauses
                    .extend(clauses(text, sentence, &asides(text, sentence), figures));
                self.sentences.push(sentence);
            }
        } else {
            self.sentences.push(span);
            self.clauses.push(span);
        }
        self.lines.push(TextLine {
            span,
            item: marker > 0,
            cells,
            header: None,
            list: None,
        });
    }

    /// The first row of each table is its header.
    fn headers(&mut self) {
        let mut header = None;
        for (at, line) in self.lines.iter_mut().enumerate() {
            if line.cells.is_empty() {
                header = None;
            } else {
                line.header = Some(*header.get_or_insert(at));
            }
        }
    }

    /// Finds the lists: lines that follow each other and are items or empty.
    fn lists(&mut self) {
        let part_of_list = |line: &TextLine| line.item || line.span.start == line.span.end;
        let mut first = 0;
        while first < self.lines.len() {
            let rest = self.lines.get(first..).unwrap_or_default();
            let length = rest.iter().take_while(|line| part_of_list(line)).count();
            for line in self.lines.iter_mut().skip(first).take(length) {
                line.list = Some((first, first + length - 1));
            }
            first += length.max(1);
        }
    }

    fn line_of(&self, span: Span) -> Option<usize> {
        holder(&self.lines, |line| line.span, span)
    }

    pub(in crate::grounding) fn place(&self, span: Span) -> TextPlace {
        let within = |spans: &[Span]| holder(spans, |one| *one, span).and_then(|at| spans.get(at).copied());
        let line = self.line_of(span).and_then(|at| self.lines.get(at));
        let whole = line.map_or(span, |line| line.span);
        let sentence = within(&self.sentences).unwrap_or(whole);
        let before = self
            .sentences
            .partition_point(|one| one.end <= sentence.start)
            .checked_sub(1)
            .and_then(|at| self.sentences.get(at))
            .filter(|one| whole.holds(**one));
        TextPlace {
            aside: within(&self.asides),
            clause: within(&self.clauses).unwrap_or(sentence),
            sentence,
            before: before.copied(),
            line: whole,
            item: line.is_some_and(|line| line.item && whole.end - whole.start <= LONGEST_SENTENCE),
            row: line.and_then(|line| self.in_table(line, span)),
        }
    }

    fn in_table(&self, line: &TextLine, span: Span) -> Option<InTable> {
        let column = holder(&line.cells, |cell| *cell, span)?;
        let cell = line.cells.get(column)?;
        let header = self.lines.get(line.header?)?;
        let above = header.cells.get(column).filter(|_| header.span != line.span);
        Some(InTable {
            cell: *cell,
            header: above.copied(),
        })
    }

    /// Whether these bytes are a whole cell or begin a list's item, or stand in brackets or quotes alone.
    pub(in crate::grounding) fn stands_alone(&self, text: &str, span: Span) -> bool {
        const MARKS: [char; 10] = ['(', ')', '*', '_', '`', '"', '“', '”', '„', '’'];
        let before = text.get(..span.start).unwrap_or_default();
        let after = text.get(span.end..).unwrap_or_default();
        let spaces = [' ', '\u{a0}', '\u{202f}'];
        let quoted = before.trim_end_matches(spaces).ends_with('«')
            && after.trim_start_matches(spaces).starts_with('»');
        let framed = quoted || (before.ends_with(MARKS) && after.starts_with(MARKS));
        let place = self.place(span);
        let alone = |cell: InTable| cell.cell.of(text).trim_matches(' ').trim_matches(MARKS) == span.of(text);
        let opening = text.get(place.line.start..span.start).unwrap_or_default();
        let opens = place.item && !opening.contains(char::is_alphanumeric);
        framed || opens || place.row.is_some_and(alone)
    }

    /// Whether a cell has another one before it in its row.
    pub(in crate::grounding) fn has_cell_before(&self, cell: Span) -> bool {
        let line = self.line_of(cell).and_then(|at| self.lines.get(at));
        line.is_some_and(|line| line.cells.first().is_some_and(|first| first.start < cell.start))
    }

    /// Whether these bytes stand in an item of the list right before or right after the line of `figure`, or in
    /// another item of the list it is in.
    pub(in crate::grounding) fn in_list_beside(&self, figure: Span, other: Span) -> bool {
        let (Some(own), Some(at)) = (self.line_of(figure), self.line_of(other)) else {
            return false;
        };
        let Some((first, last)) = self
            .lines
            .get(at)
            .filter(|line| line.item)
            .and_then(|line| line.list)
        else {
            return false;
        };
        own != at && first <= own + 1 && own <= last + 1
    }

    /// The bytes of the lists right before and right after the line of a figure, and of the one it is in.
    pub(in crate::grounding) fn lists_beside(&self, figure: Span) -> Option<Span> {
        let own = self.line_of(figure)?;
        let list = |at: Option<usize>| self.lines.get(at?)?.list;
        let around = [own.checked_sub(1), Some(own), Some(own + 1)].map(list);
        let from = around.iter().flatten().map(|(first, _)| *first).min()?;
        let to = around.iter().flatten().map(|(_, last)| *last).max()?;
        Some(Span::new(
            self.lines.get(from)?.span.start,
            self.lines.get(to)?.span.end,
        ))
    }

    /// The bytes of the table that a figure stands in.
    pub(in crate::grounding) fn table_around(&self, figure: Span) -> Option<Span> {
        let own = self.line_of(figure)?;
        let header = self.lines.get(own)?.header?;
        let rows = self
            .lines
            .iter()
            .skip(own)
            .take_while(|line| line.header == Some(header));
        Some(Span::new(
            self.lines.get(header)?.span.start,
            rows.last()?.span.end,
        ))
    }

    /// Whether two figures stand in the same column of the same table.
    pub(in crate::grounding) fn shares_column(&self, figure: Span, other: Span) -> bool {
        let place = |span: Span| {
            let line = self.lines.get(self.line_of(span)?)?;
            Some((line.header?, holder(&line.cells, |cell| *cell, span)?))
        };
        place(figure).is_some_and(|own| place(other) == Some(own))
    }

    /// The brackets that these bytes stand in.
    pub(in crate::grounding) fn aside(&self, span: Span) -> Option<Span> {
        self.asides
            .get(holder(&self.asides, |aside| *aside, span)?)
            .copied()
    }

    /// Whether these bytes stand in brackets.
    pub(in crate::grounding) fn in_aside(&self, span: Span) -> bool {
        holder(&self.asides, |aside| *aside, span).is_some()
    }
}

/// Whether a number is a time of day.
fn is_clock(number: &Number, text: &str) -> bool {
    let written = Span::new(number.start, number.end).of(text);
    number.kind == Kind::Date && written.contains(':') && !written.contains(['-', '/'])
}

/// The cells of a table's row: what stands between bars.
fn cells(line: &str, start: usize, bare: bool) -> Vec<Span> {
    let trimmed = line.trim();
    if !(trimmed.starts_with('|') || bare) || trimmed.len() < 3 || trimmed.len() > LONGEST_ROW {
        return Vec::new();
    }
    let mut edges: Vec<usize> = line.match_indices('|').map(|(at, _)| start + at).collect();
    let mut cells = Vec::new();
    if bare && let Some(first) = edges.first() {
        cells.push(Span::new(start, *first));
    }
    if edges.last().is_some_and(|last| last + 1 < start + line.len()) {
        edges.push(start + line.len());
    }
    cells.extend(
        edges
            .iter()
            .zip(edges.iter().skip(1))
            .map(|(from, to)| Span::new(from + 1, *to)),
    );
    cells
}

/// For each line whether it is of a table that is written without bars at its edges, as a row of dashes says:
/// `--- | ---`.
fn bare_tables(text: &str) -> Vec<bool> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut bare = vec![false; lines.len()];
    let dashes = |line: &str| {
        let line = line.trim();
        line.contains('|')
            && line.contains('-')
            && !line.starts_with('|')
            && line.chars().all(|c| "-:| ".contains(c))
    };
    for (at, _) in lines.iter().enumerate().filter(|(_, line)| dashes(line)) {
        let of_table = |line: &&&str| line.contains('|') && !line.trim().starts_with('|');
        let rows = lines.iter().skip(at).take_while(of_table).count();
        let from = at.saturating_sub(1);
        bare.iter_mut()
            .take(at + rows)
            .skip(from)
            .for_each(|bare| *bare = true);
    }
    bare
}

/// Bytes of a list item's marker.
fn marker(line: &str) -> usize {
    let body = line.trim_start();
    let indent = line.len() - body.len();
    let mark = match body.chars().next() {
        Some('-' | '*' | '+' | '•' | '–') => body.chars().next().map_or(0, char::len_utf8),
        Some(c) if c.is_ascii_digit() => {
            let digits = body.find(|c: char| !c.is_ascii_digit()).unwrap_or(0);
            match body.get(digits..).and_then(|rest| rest.chars().next()) {
                Some('.' | ')') if digits <= 3 => digits + 1,
                _ => 0,
            }
        }
        _ => 0,
    };
    let rest = body.get(mark..).unwrap_or_default();
    if mark > 0 && rest.starts_with([' ', '\t']) {
        indent + mark + 1
    } else {
        0
    }
}

fn sentences(text: &str, body: Span) -> Vec<Span> {
    let line = body.of(text);
    let mut found = Vec::new();
    let mut start = 0;
    for (at, mark) in line.match_indices(['.', '!', '?']) {
        let rest = line.get(at + mark.len()..).unwrap_or_default();
        let closing = rest.len() - rest.trim_start_matches(['*', '_', ')', '"', '”']).len();
        let after = rest.get(closing..).unwrap_or_default();
        let word = line
            .get(start..at)
            .unwrap_or_default()
            .rsplit([' ', '('])
            .next()
            .unwrap_or_default();
        let short = SHORT.contains(&word.to_lowercase().as_str())
            || (word.len() == 1
                && mark == "."
                && !word.starts_with(|c: char| c.is_ascii_digit())
                && !is_unit(line.get(start..at).unwrap_or_default()));
        if after.starts_with(' ') && !(mark == "." && short) {
            let end = at + mark.len() + closing;
            found.push(Span::new(body.start + start, body.start + end));
            start = end;
        }
    }
    if line.get(start..).is_some_and(|rest| !rest.trim().is_empty()) {
        found.push(Span::new(body.start + start, body.end));
    }
    if found.iter().all(|one| one.end - one.start <= LONGEST_SENTENCE) {
        return found;
    }
    found.into_iter().flat_map(|one| pieces(text, one)).collect()
}

/// Whether the letter at the end of some words is the unit of a figure: `1.45M t`.
fn is_unit(words: &str) -> bool {
    let mut words = words.rsplit(' ');
    let (unit, before) = (words.next(), words.next());
    let small = unit.is_some_and(|unit| unit.starts_with(char::is_lowercase));
    small
        && before.is_some_and(|before| before.starts_with(|c: char| c.is_ascii_digit() || "$€£".contains(c)))
}

/// A sentence in pieces that are not too long, cut between two words.
fn pieces(text: &str, sentence: Span) -> Vec<Span> {
    let mut found = Vec::new();
    let mut start = sentence.start;
    while sentence.end - start > LONGEST_SENTENCE {
        let mut most = start + LONGEST_SENTENCE;
        while !text.is_char_boundary(most) {
            most -= 1;
        }
        let piece = Span::new(start, most);
        let cut = piece.of(text).rfind(' ').filter(|at| *at > 0);
        let end = cut.map_or(most, |at| start + at);
        found.push(Span::new(start, end));
        start = end;
    }
    found.push(Span::new(start, sentence.end));
    found
}

/// What stands in round brackets, brackets left out.
fn asides(text: &str, sentence: Span) -> Vec<Span> {
    let mut open = Vec::new();
    let mut found = Vec::new();
    for (at, c) in sentence.of(text).char_indices() {
        match c {
            '(' => open.push(sentence.start + at + 1),
            ')' => {
                if let Some(start) = open.pop().filter(|_| open.is_empty()) {
                    found.push(Span::new(start, sentence.start + at));
                }
            }
            _ => {}
        }
    }
    found
}

/// Parts of a sentence with at least one figure each, as far as there are any.
fn clauses(text: &str, sentence: Span, asides: &[Span], figures: &[Span]) -> Vec<Span> {
    let line = sentence.of(text);
    let mut cuts: Vec<usize> = BETWEEN
        .iter()
        .flat_map(|mark| line.match_indices(mark))
        .map(|(at, mark)| sentence.start + at + usize::from(mark.starts_with([',', ';'])))
        .filter(|cut| holder(asides, |aside| *aside, Span::new(*cut, *cut + 1)).is_none())
        .collect();
    cuts.sort_unstable();
    cuts.dedup();
    cuts.push(sentence.end);
    let mut found = Vec::new();
    let mut start = sentence.start;
    for cut in cuts {
        let part = Span::new(start, cut);
        let has = !held(figures, |figure| *figure, part).is_empty();
        if has {
            found.push(part);
            start = cut;
        }
    }
    if start < sentence.end {
        found.push(Span::new(start, sentence.end));
    }
    found
}
