use std::fs;
use std::io::{self, BufRead as _, IsTerminal as _};
use std::path::PathBuf;

use etcetera::BaseStrategy as _;
use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;

use super::error::CliError;
use super::term;

const PROMPT: &str = "> ";

/// What was read.
pub(super) enum Line {
    /// A line.
    Text(String),
    /// Ctrl-C: what was typed is dropped.
    Interrupted,
    /// Ctrl-D, or the end of the input.
    End,
}

/// Lines that a person types, or that are piped in.
pub(super) enum Lines {
    /// With line editing and history.
    Edited {
        /// The editor.
        editor: Box<DefaultEditor>,
        /// Where history is kept; `None` when the system names no folder for it.
        history: Option<PathBuf>,
    },
    /// As they come.
    Piped,
}

impl Lines {
    /// Edited when a person sits at it, else as they come.
    pub(super) fn open() -> Result<Self, CliError> {
        if !io::stdin().is_terminal() {
            return Ok(Self::Piped);
        }
        let mut editor = DefaultEditor::new().map_err(failed)?;
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

    /// Whether a person types.
    pub(super) fn interactive(&self) -> bool {
        matches!(self, Self::Edited { .. })
    }

    /// Waits for the next line.
    pub(super) fn next(&mut self) -> Result<Line, CliError> {
        match self {
            Self::Edited { editor, history } => match editor.readline(PROMPT) {
                Ok(line) => {
                    remember(editor, history, &line);
                    Ok(Line::Text(line))
                }
                Err(ReadlineError::Interrupted) => Ok(Line::Interrupted),
                Err(ReadlineError::Eof) => Ok(Line::End),
                Err(error) => Err(failed(error)),
            },
            Self::Piped => {
                let mut line = String::new();
                let read = io::stdin().lock().read_line(&mut line).map_err(CliError::Input)?;
                Ok(if read == 0 { Line::End } else { Line::Text(line) })
            }
        }
    }
}

/// Appends to the history. When that fails it is said once, and history is no longer written.
fn remember(editor: &mut DefaultEditor, history: &mut Option<PathBuf>, line: &str) {
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
