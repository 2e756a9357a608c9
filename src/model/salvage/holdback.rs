/// Most text that is held back, in bytes: whatever is longer is an answer, not a call.
const MOST_HELD: usize = 16 << 10;
/// How a line begins that may be the beginning of a written call.
const OPENINGS: [&str; 15] = [
    "{",
    "[",
    "```",
    "<",
    "Action:",
    "to=",
    "commentary to=",
    "print(",
    "default_api.",
    "/",
    "tool",
    "function",
    "name:",
    "- name:",
    "- tool",
];

/// Lets text through as it comes, but keeps back what may turn out to be a tool call: everything from the first line
/// that begins like one.
#[derive(Debug, Default)]
pub(super) struct HoldBack {
    held: String,
    inside_line: bool,
    given_up: bool,
}

impl HoldBack {
    /// Takes in text and gives out what is certain to be no call.
    pub(super) fn push(&mut self, text: &str) -> String {
        self.held += text;
        if self.given_up || self.held.len() > MOST_HELD {
            self.given_up = true;
            return self.rest();
        }
        let mut clear = 0;
        for line in self.held.split_inclusive('\n') {
            if !self.inside_line && may_open(line) {
                break;
            }
            self.inside_line = !line.ends_with('\n');
            clear += line.len();
        }
        let held = self.held.split_off(clear);
        std::mem::replace(&mut self.held, held)
    }

    /// Everything still held back: it was no call.
    pub(super) fn rest(&mut self) -> String {
        std::mem::take(&mut self.held)
    }
}

/// Whether a line begins like a call, or is too short to tell.
fn may_open(line: &str) -> bool {
    let start = line.trim_start();
    OPENINGS
        .iter()
        .any(|opening| start.starts_with(opening) || (opening.starts_with(start) && !line.ends_with('\n')))
}
