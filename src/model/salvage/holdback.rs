use crate::model::tool_names::ToolNames;

/// Most text that is held back, in bytes: whatever is longer is an answer, not a call.
const MOST_HELD: usize = 16 << 10;
/// How a line begins that may be the beginning of a written call.
const OPENINGS: [&str; 28] = [
    "{",
    "[",
    "```",
    "<",
    "&lt;",
    "Action:",
    "**Action",
    "Thought:",
    "Question:",
    "**Thought",
    "Final Answer",
    "Final answer",
    "**Final",
    "to=",
    "commentary to=",
    "function call",
    "print(",
    "default_api.",
    "/",
    "@",
    "!",
    "$ ",
    "functools",
    "name:",
    "- name:",
    "- tool",
    "call:",
    "✿",
];
/// Words that stand before a tool's name in such a line, in small letters.
const ANNOUNCING: [&str; 30] = [
    "call",
    "calling",
    "called",
    "use",
    "using",
    "used",
    "run",
    "running",
    "ran",
    "invoke",
    "invoking",
    "invoked",
    "execute",
    "executing",
    "executed",
    "the",
    "tool",
    "tools",
    "tool_call",
    "tool_name",
    "function",
    "functions",
    "function_call",
    "request",
    "command",
    "await",
    "return",
    "result",
    "assistant",
    "commentary",
];

/// Lets text through as it comes, but keeps back what may turn out to be a tool call: everything from the first line
/// that begins like one.
#[derive(Debug)]
pub(super) struct HoldBack<'a> {
    names: &'a ToolNames,
    held: String,
    inside_line: bool,
    given_up: bool,
}

impl<'a> HoldBack<'a> {
    pub(super) fn new(names: &'a ToolNames) -> Self {
        Self {
            names,
            held: String::new(),
            inside_line: false,
            given_up: false,
        }
    }

    /// Takes in text and gives out what is certain to be no call.
    pub(super) fn push(&mut self, text: &str) -> String {
        self.held += text;
        if self.given_up || self.held.len() > MOST_HELD {
            self.given_up = true;
            return self.rest();
        }
        let mut clear = 0;
        for line in self.held.split_inclusive('\n') {
            if !self.inside_line && may_open(line, self.names) {
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
fn may_open(line: &str, names: &ToolNames) -> bool {
    let start = line.trim_start();
    let is_whole = line.ends_with('\n');
    if start.is_empty() && is_whole {
        return false;
    }
    OPENINGS
        .iter()
        .any(|opening| start.starts_with(opening) || (!is_whole && opening.starts_with(start)))
        || may_name(start.trim_start_matches(['*', '`', '>', '#', '-', '(']), names)
}

/// Whether a line begins with a tool's name, behind nothing but words that announce a call, or may go on so.
fn may_name(line: &str, names: &ToolNames) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let mut rest = line;
    loop {
        let between = rest.find(is_part).unwrap_or(rest.len());
        let (marks, after) = rest.split_at_checked(between).unwrap_or_default();
        // What is a sentence of its own announces nothing.
        if marks.contains(['!', '?', ',', ';']) || marks.contains(". ") {
            return false;
        }
        let end = after.find(|c: char| !is_part(c)).unwrap_or(after.len());
        let (word, behind) = after.split_at_checked(end).unwrap_or_default();
        if word.is_empty() {
            return true;
        }
        let small = word.to_lowercase();
        if behind.is_empty() {
            return names.begin_with(word) || ANNOUNCING.iter().any(|known| known.starts_with(&small));
        }
        if names.has(&names.plain(word)) {
            return true;
        }
        if !ANNOUNCING.contains(&small.as_str()) {
            return false;
        }
        rest = behind;
    }
}
