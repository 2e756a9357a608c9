//! What a person at a terminal sees and types.
#![cfg(unix)]

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::Child;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::kit::Program;
use crate::support::scripted_model::{Reply, ScriptedModel};

/// Longest wait for something to be shown. It only ends a test that fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program at a terminal of 80 columns.
struct Terminal {
    keyboard: File,
    screen: Receiver<Vec<u8>>,
    seen: String,
    child: Child,
}

impl Terminal {
    fn start(program: &Program, arguments: &[&str]) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let size = Winsize {
            ws_row: 40,
            ws_col: 80,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&master, size).unwrap();
        let path = ptsname(&master, Vec::new()).unwrap();
        let open =
            || -> OwnedFd { rustix::fs::open(&*path, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap() };
        let child = program
            .command(arguments)
            .env("TERM", "xterm-256color")
            .stdin(open())
            .stdout(open())
            .stderr(open())
            .spawn()
            .unwrap();
        let mut screen = File::from(master);
        let keyboard = screen.try_clone().unwrap();
        let (sender, receiver) = channel();
        std::thread::spawn(move || {
            let mut piece = [0; 4096];
            // The terminal is gone when the program has ended.
            while let Ok(read @ 1..) = screen.read(&mut piece) {
                if sender.send(piece[..read].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            keyboard,
            screen: receiver,
            seen: String::new(),
            child,
        }
    }

    fn types(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).unwrap();
    }

    /// Waits until `text` was shown so many times.
    fn shows(&mut self, text: &str, times: usize) {
        while self.seen.matches(text).count() < times {
            match self.screen.recv_timeout(PATIENCE) {
                Ok(piece) => self.seen.push_str(&String::from_utf8_lossy(&piece)),
                Err(error) => panic!("{text:?} {times} times: {error}: {}", self.seen),
            }
        }
    }

    /// All that was shown, when the program has ended.
    fn ends(mut self) -> (Option<i32>, String) {
        while let Ok(piece) = self.screen.recv_timeout(PATIENCE) {
            self.seen.push_str(&String::from_utf8_lossy(&piece));
        }
        (self.child.wait().unwrap().code(), self.seen)
    }
}

/// What stands on the screen in the end, without colours, line by line.
fn lines(seen: &str) -> Vec<String> {
    let mut plain = String::new();
    let mut chars = seen.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => {
                if chars.next() == Some('[') {
                    while chars.next().is_some_and(|c| !c.is_ascii_alphabetic()) {}
                }
            }
            // Back to the line's beginning, to write over it.
            '\r' if chars.peek() != Some(&'\n') => {
                let begins = plain.rfind('\n').map_or(0, |at| at + 1);
                plain.truncate(begins);
            }
            '\r' => {}
            c => plain.push(c),
        }
    }
    plain.lines().map(|line| line.trim_end().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_typed_while_an_answer_runs_are_asked_next() {
    let model = ScriptedModel::openai_with(|request| {
        let asked = request["messages"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|message| message["role"] == "user")
            .count();
        Reply::text(format!("answer-{asked}-done")).after(Duration::from_millis(if asked == 1 {
            1500
        } else {
            0
        }))
    })
    .await;
    let program = Program::new()
        .with("CARDINAL_MODEL", "openai:scripted")
        .with("OPENAI_BASE_URL", model.base_url().as_str())
        .with("OPENAI_API_KEY", "sk-test-secret");
    let shown = tokio::task::spawn_blocking(move || {
        let mut terminal = Terminal::start(&program, &["chat"]);
        terminal.shows("> ", 1);
        terminal.types("one?\r");
        terminal.shows("thinking", 1);
        terminal.types("two?\rthree?\rfour?\r/quit\r");
        terminal.ends()
    });
    let (code, seen) = shown.await.unwrap();
    assert_eq!(code, Some(0), "{seen}");
    for answer in 1..=4 {
        assert!(
            seen.contains(&format!("answer-{answer}-done")),
            "{answer} of {seen}"
        );
    }
}

#[test]
fn an_answer_fits_a_terminal_of_80_columns() {
    let program = Program::new();
    let question = "How did revenue develop by month in 2025?";
    let (code, seen) = Terminal::start(&program, &["ask", question, "--model", "offline"]).ends();
    assert_eq!(code, Some(0), "{seen}");
    assert!(seen.contains("\u{1b}[2m"), "sources are dimmed: {seen}");
    let lines = lines(&seen);
    assert!(
        lines.contains(&"  2025-01   28,550.43 [1]".to_owned()),
        "{lines:#?}"
    );
    for line in lines.iter().filter(|line| !line.contains("METABASE_URL")) {
        assert!(line.chars().count() <= 80, "{line}");
    }

    let program = Program::new().with("NO_COLOR", "1");
    let (_, seen) = Terminal::start(&program, &["ask", question, "--model", "offline"]).ends();
    assert!(
        !seen.contains("\u{1b}[2m") && !seen.contains("\u{1b}[1m"),
        "{seen}"
    );
    assert!(seen.contains("28,550.43 [1]"), "{seen}");
}

#[test]
fn the_catalog_fits_a_terminal_of_80_columns() {
    for arguments in [
        &["catalog", "list"][..],
        &["catalog", "show", "metric 1"],
        &["init"],
        &["doctor"],
    ] {
        let program = Program::new();
        let (_, seen) = Terminal::start(&program, arguments).ends();
        for line in lines(&seen) {
            assert!(line.chars().count() <= 80, "{arguments:?}: {line}");
        }
    }
}

/// The program with a model that answers so, one text after the other, at the demo.
fn saying(model: &ScriptedModel) -> Program {
    Program::new()
        .with("CARDINAL_MODEL", "openai:scripted")
        .with("OPENAI_BASE_URL", model.base_url().as_str())
        .with("OPENAI_API_KEY", "sk-test-secret")
}

async fn shown(program: Program) -> (Option<i32>, Vec<String>) {
    let ended =
        tokio::task::spawn_blocking(move || Terminal::start(&program, &["ask", "What is it?"]).ends());
    let (code, seen) = ended.await.unwrap();
    (code, lines(&seen))
}

#[tokio::test(flavor = "multi_thread")]
async fn markdown_is_laid_out_and_wrapped_at_words() {
    let text = "## Findings\n\nA **bold** claim and a *soft* one, on a line that is much too long for a terminal of \
                eighty columns, so that it has to be broken between two words.\n\n1. First\n2. Second\n\n\
                | name | note |\n|---|---|\n| left | right |\n\n> quoted";
    let model = ScriptedModel::openai_with(move |_| Reply::text(text)).await;
    let (code, lines) = shown(saying(&model)).await;
    assert_eq!(code, Some(0), "{lines:#?}");
    let has = |line: &str| lines.iter().any(|shown| shown == line);
    assert!(
        has("Findings") && has("1. First") && has("2. Second") && has("│ quoted"),
        "{lines:#?}"
    );
    assert!(has(" left   right") && has(" name   note"), "{lines:#?}");
    assert!(
        has("A bold claim and a soft one, on a line that is much too long for a terminal of"),
        "{lines:#?}"
    );
    assert!(
        lines
            .iter()
            .all(|line| line.chars().count() <= 80 && !line.contains("**")),
        "{lines:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_is_repaired_is_gone_from_the_screen() {
    let model = ScriptedModel::openai_with(|request| {
        let messages = request["messages"].as_array().unwrap().len();
        Reply::text(if messages <= 2 {
            "It was 987,654.32."
        } else {
            "Nothing is known of it."
        })
    })
    .await;
    let (_, lines) = shown(saying(&model)).await;
    let text = lines.join("\n");
    assert!(text.contains("the text so far was dropped"), "{text}");
    assert!(text.contains("Nothing is known of it."), "{text}");
    assert!(!text.contains("It was 987,654.32."), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partial_answer_says_its_true_reason() {
    let model = ScriptedModel::openai_with(|_| Reply::text("It was 987,654.32.")).await;
    let (code, lines) = shown(saying(&model)).await;
    assert_eq!(code, Some(10), "{lines:#?}");
    let said = "partial: No result bears out the figure \"987,654.32\".";
    assert!(lines.iter().any(|line| line == said), "{lines:#?}");
}
