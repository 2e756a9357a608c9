//! The only place that writes to the terminal: stdout is data, stderr is talk. Colours go only where they are seen
//! and wanted (`NO_COLOR`, pipes).

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};

use anstyle::{AnsiColor, Style};

use crate::text::{one_line, visible, without_hidden};

/// Longest line of somebody else's words.
const LINE_CHARS: usize = 400;

/// Side remarks.
pub(super) const DIM: Style = Style::new().dimmed();
/// Headings and names.
pub(super) const BOLD: Style = Style::new().bold();
/// What went well.
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
/// What a person should look at.
pub(super) const WARN: Style = AnsiColor::Yellow.on_default().bold();
/// What went wrong.
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();

/// Whether a person watches stdout.
pub(super) fn out_is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Whether a person watches stderr.
pub(super) fn err_is_terminal() -> bool {
    io::stderr().is_terminal()
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

/// Writes a line of talk to stderr. A stderr that is gone is nobody's loss.
pub(super) fn say(talk: impl Display) {
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
