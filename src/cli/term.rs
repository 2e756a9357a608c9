//! The only place that writes to the terminal: stdout is data, stderr is talk. Colours go only where they are seen
//! and wanted (`NO_COLOR`, pipes).

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};

use anstyle::{AnsiColor, Style};
use terminal_size::{Height, Width};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::text::{one_line, visible, without_hidden};

/// Widest text that reads well, in characters.
const TEXT_WIDTH: usize = 100;
/// A terminal that says it is narrower than this does not know its width.
const MIN_WIDTH: usize = 20;
/// Longest line of somebody else's words.
const LINE_CHARS: usize = 400;

pub(super) const DIM: Style = Style::new().dimmed();
/// Headings and names.
pub(super) const BOLD: Style = Style::new().bold();
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
/// What a person should look at.
pub(super) const WARN: Style = AnsiColor::Yellow.on_default().bold();
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();

/// Whether a person watches stdout.
pub(super) fn out_is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Whether a person watches stderr.
pub(super) fn err_is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Characters that fit on a line of stdout, when that is a terminal.
pub(super) fn width() -> Option<usize> {
    known(
        out_is_terminal()
            .then(|| terminal_size::terminal_size_of(io::stdout()))
            .flatten(),
    )
}

/// Characters on a line of running text on stdout.
pub(super) fn text_width() -> Option<usize> {
    width().map(|width| width.min(TEXT_WIDTH))
}

/// Characters on a line of running text on stderr.
pub(super) fn err_width() -> Option<usize> {
    known(
        err_is_terminal()
            .then(|| terminal_size::terminal_size_of(io::stderr()))
            .flatten(),
    )
    .map(|width| width.min(TEXT_WIDTH))
}

fn known(size: Option<(Width, Height)>) -> Option<usize> {
    size.map(|(Width(width), _)| usize::from(width))
        .filter(|width| *width >= MIN_WIDTH)
}

/// `1 row`, `2 rows`.
pub(super) fn count(count: u64, word: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {word}{plural}")
}

/// A line that ends with `…` where it is longer than `width` characters.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut used = 0;
    let fits = |c: &char| {
        used += c.width().unwrap_or(0);
        used < width
    };
    let mut cut: String = text.chars().take_while(fits).collect();
    cut.push('…');
    cut
}

/// Text from outside with what could drive a terminal (escape sequences and other controls), turn around what is read
/// there (bidirectional marks) or hide made visible. Line ends and tabs stay.
pub(super) fn plain(text: &str) -> String {
    visible(text)
}

/// The same on one line, of at most so many characters.
pub(super) fn line(text: &str) -> String {
    one_line(text, LINE_CHARS)
}

/// The same for a piece of a text that comes in pieces: what joins the end of one piece to the next stays, and what
/// could drive a terminal or hide is left out.
pub(super) fn piece(text: &str) -> String {
    without_hidden(text)
}

/// Writes a piece of data to stdout at once.
pub(super) fn out(data: impl Display) -> io::Result<()> {
    let mut stdout = anstream::stdout().lock();
    write!(stdout, "{data}")?;
    stdout.flush()
}

/// Writes a line of data to stdout.
pub(super) fn out_line(data: impl Display) -> io::Result<()> {
    out(format_args!("{data}\n"))
}

/// Writes lines of talk to stderr, broken at words where that is a terminal. A stderr that is gone is nobody's loss.
pub(super) fn say(talk: impl Display) {
    let mut talk = talk.to_string();
    if let Some(width) = err_width()
        && talk
            .lines()
            .any(|line| textwrap::core::display_width(line) > width)
    {
        talk = super::render::wrapped(&talk, Some(width), "  ");
    }
    let _ = writeln!(anstream::stderr().lock(), "{talk}");
}

/// Writes a warning to stderr.
pub(super) fn warn(talk: impl Display) {
    say(format_args!("{WARN}warning:{WARN:#} {talk}"));
}

/// Writes an error and its causes to stderr.
pub(super) fn error(error: &dyn std::error::Error) {
    let mut told = crate::telemetry::causes(error).into_iter();
    let first = told.next().unwrap_or_default();
    say(format_args!("{BAD}error:{BAD:#} {first}"));
    for cause in told {
        say(format_args!("  caused by: {cause}"));
    }
}
