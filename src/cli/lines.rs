use std::fs;
use std::io::{self, BufRead as _, IsTerminal as _};
use std::path::PathBuf;

use etcetera::BaseStrategy as _;
use rustyline::Editor;
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;

use super::error::CliError;
use super::term;

const PROMPT: &str = "> ";

/// Named with its history: the library's default one cannot be kept in a file unless a feature is on.
type LineEditor = Editor<(), FileHistory>;

pub(super) enum InputLine {
    Text(String),
    /// Ctrl-C: what was typed is dropped.
    Interrupted,
    /// Ctrl-D, or the end of the input.
    End,
}

/// Lines that a person types, or that are piped in.
pub(super) enum LineReader {
    /// With line editing and history.
    Edited {
        editor: Box<LineEditor>,
        /// Where history is kept; `None` when the system names no folder for it.
        history: Option<PathBuf>,
    },
    Piped,
}

impl LineReader {
    /// Edited when a person sits at it, else as they come.
    pub(super) fn open() -> Result<Self, CliError> {
        if !io::stdin().is_terminal() {
            return Ok(Self::Piped);
        }
        let mut editor = LineEditor::new().map_err(failed)?;
        let history = history_file();
        if let Some(path) = history.as_ref().filter(|path| path.exists())
            && let Err(error) = editor.load_history(path)
        {
            term::warn(format_args!(
                "the history {} cannot be read: {error}",
                path.display()
            ));
        }
        Ok(Self::Edited {
            editor: Box::new(editor),
            history,
        })
    }

    pub(super) fn interactive(&self) -> bool {
        matches!(self, Self::Edited { .. })
    }

    /// Waits for the next line.
    pub(super) fn next(&mut self) -> Result<InputLine, CliError> {
        match self {
            Self::Edited { editor, history } => match editor.readline(PROMPT) {
                Ok(line) => {
                    remember(editor, history, &line);
                    Ok(InputLine::Text(line))
                }
                Err(ReadlineError::Interrupted) => Ok(InputLine::Interrupted),
                Err(ReadlineError::Eof) => Ok(InputLine::End),
                Err(error) => Err(failed(error)),
            },
            Self::Piped => loop {
                let mut line = Vec::new();
                let read = io::stdin().lock().read_until(b'\n', &mut line);
                if read.map_err(CliError::Input)? == 0 {
                    return Ok(InputLine::End);
                }
                match String::from_utf8(line) {
                    Ok(line) => return Ok(InputLine::Text(line)),
                    Err(_) => term::warn("a line that is not UTF-8 is left out"),
                }
            },
        }
    }
}

/// Appends to the history. When that fails it is said once, and history is no longer written.
fn remember(editor: &mut LineEditor, history: &mut Option<PathBuf>, line: &str) {
    if line.trim().is_empty() {
        return;
    }
    let written = editor.add_history_entry(line).and_then(|_| match history {
        Some(path) => editor.append_history(path),
        None => Ok(()),
    });
    if let Err(error) = written {
        term::warn(format_args!("history is not kept: {error}"));
        *history = None;
    }
}

fn history_file() -> Option<PathBuf> {
    let strategy = etcetera::choose_base_strategy().ok()?;
    let folder = strategy
        .state_dir()
        .unwrap_or_else(|| strategy.data_dir())
        .join("cardinal");
    fs::create_dir_all(&folder).ok()?;
    Some(folder.join("history"))
}

fn failed(error: ReadlineError) -> CliError {
    CliError::Input(io::Error::other(error))
}
