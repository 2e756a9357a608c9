//! Finds in text from outside what could be read as something else than data: the marks that model servers put
//! between the parts of a conversation, the names of its speakers at the beginning of a line, and the lines that we
//! write ourselves.

use std::sync::LazyLock;

use super::hidden::is_hidden;

/// What follows `<` (and `/`) in marks of prompts, of tools and of ours.
const TAGS: &[&str] = &[
    "|",
    "catalog",
    "asker",
    "tool",
    "function",
    "system",
    "sys>",
    "sys ",
    "user>",
    "user ",
    "assistant",
    "human>",
    "developer",
    "im_",
    "start_of",
    "end_of",
    "begin_of",
    "eos",
    "bos",
    "s>",
    "inst",
    "prompt",
    "think",
    "antml",
    "invoke",
    "parameter",
    "result",
    "data>",
    "document>",
    "context>",
    "message>",
    "model>",
];
/// What stands in brackets in marks of prompts and in notes of ours.
const BRACKETED: &[&str] = &[
    "inst]",
    "sys]",
    "system]",
    "system:",
    "system ",
    "user]",
    "assistant]",
    "human]",
    "developer]",
    "tool]",
    "tool_",
    "available_tools",
    "cardinal",
    "cut here",
    "prefix]",
    "control_",
];
/// Who speaks in a conversation, as a line begins in one.
const SPEAKERS: &[&str] = &[
    "human",
    "assistant",
    "user",
    "system",
    "developer",
    "tool",
    "function",
    "ai",
    "cardinal",
    "benutzer",
    "assistent",
    "utilisateur",
    "usuario",
    "asistente",
    "пользователь",
    "ассистент",
    "система",
    "用户",
    "助手",
    "系统",
    "ユーザー",
    "アシスタント",
];
/// How headings of prompts begin, after `#`.
const HEADINGS: &[&str] = &[
    "system",
    "instruction",
    "assistant",
    "user",
    "response",
    "human",
    "new instruction",
    "developer",
    "the catalog",
];
/// How lines of ours begin. `#` stands for digits, a space for any white space, `$` for the end of the line.
const OURS: &[&str] = &[
    "result r#",
    "result of ",
    "rows: #",
    "totals over ",
    "units: ",
    "asked: ",
    "no row matched",
    "tie at the edge: ",
    "what columns hold: ",
    "padded with spaces, ",
    "(totals of ",
    "to narrow: ",
    "the next rows: ",
    "the other columns: ",
    "labels: ",
    "row key: ",
    "table:$",
    "end of table",
    "values of ",
    "end of values",
    "failed: ",
    "refused, ",
    "message (data",
    "a right call: ",
    "today is ",
    "asked by: ",
    "description: ",
    "card # \"",
    "card # '",
    "metric # \"",
    "metric # '",
    "table # \"",
    "table # '",
];

/// The places of the characters in `text` that begin such a mark, in order. Who shows the text shows something else
/// in their place.
pub(super) fn mark_positions(text: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let mut line_begins = true;
    let mut fence = None;
    for (at, c) in text.char_indices() {
        if line_begins {
            if reads_as_own_line(text.get(at..).unwrap_or_default()) {
                found.push(at);
                line_begins = false;
            } else if !may_precede(c) {
                line_begins = false;
            }
        }
        if is_line_end(c) {
            line_begins = true;
        }
        let rest = || text.get(at + c.len_utf8()..).unwrap_or_default();
        // What `plain` makes of them is asked for only where it can matter: every character comes by here.
        let mark = match c {
            '<' | '＜' | '\u{fe64}' => is_tag(rest()),
            '[' | '［' => begins_any(rest().trim_start_matches(['/', ' ']), BRACKETED),
            '(' | '（' => begins(rest(), "data, not "),
            '`' | '~' | '｀' | '～' => fence == Some(plain(c)) || begins_with_run(rest(), plain(c)),
            _ => false,
        };
        fence = mark.then(|| plain(c)).filter(|c| matches!(c, '`' | '~'));
        if mark && found.last() != Some(&at) {
            found.push(at);
        }
    }
    found
}

/// Whether a line of ours or of a speaker begins where `text` does, behind what people put before the words of a line.
pub(super) fn mark_at_start(text: &str) -> bool {
    for (at, c) in text.char_indices() {
        if reads_as_own_line(text.get(at..).unwrap_or_default()) {
            return true;
        }
        if !may_precede(c) {
            return false;
        }
    }
    false
}

/// Whether a line that begins like this reads as one of ours or as a speaker's.
pub(crate) fn reads_as_own_line(line: &str) -> bool {
    if !may_begin_own_line(line) {
        return false;
    }
    let speaks = |name: &&str| begins(line, name) && after_name(line, name).starts_with(':');
    if OURS.iter().any(|ours| begins(line, ours)) || SPEAKERS.iter().any(speaks) {
        return true;
    }
    let Some(heading) = line.strip_prefix('#') else {
        return false;
    };
    begins_any(heading.trim_start_matches(['#', ' ', '*']), HEADINGS)
}

/// Whether the first two bytes are such as a line of ours, a speaker or a heading begins with. A quick look that spares
/// the close one: this is asked of every cell and row.
fn may_begin_own_line(line: &str) -> bool {
    static SECOND_BYTES: LazyLock<Vec<u128>> = LazyLock::new(second_bytes);
    match line.as_bytes() {
        [first, second, ..] if first.is_ascii() && second.is_ascii() => SECOND_BYTES
            .get(usize::from(first.to_ascii_lowercase()))
            .is_some_and(|seconds| seconds >> second.to_ascii_lowercase() & 1 == 1),
        [first, ..] => *first == b'#' || !first.is_ascii() || line.len() > 1,
        [] => false,
    }
}

/// For each ASCII byte, as bits, the ASCII bytes that may follow it where a line of ours, a speaker or a heading begins.
fn second_bytes() -> Vec<u128> {
    let mut table = vec![0u128; 128];
    for pattern in OURS.iter().chain(SPEAKERS) {
        let [first, second, ..] = pattern.as_bytes() else {
            continue;
        };
        let Some(seconds) = table.get_mut(usize::from(*first)) else {
            continue;
        };
        for byte in (0..128u8).filter(|byte| match second {
            b' ' => char::from(*byte).is_whitespace(),
            second => byte == second,
        }) {
            *seconds |= 1 << byte;
        }
    }
    if let Some(seconds) = table.get_mut(usize::from(b'#')) {
        *seconds = u128::MAX;
    }
    table
}

/// Whether a line's words may still begin behind this character.
fn may_precede(c: char) -> bool {
    c.is_whitespace() || is_decoration(c) || is_hidden(c)
}

/// What stands after a name, white space and emphasis left out, in plain characters.
fn after_name(line: &str, name: &str) -> String {
    line.chars()
        .skip(name.chars().count())
        .skip_while(|c| matches!(c, ' ' | '\t' | '*' | '_'))
        .map(plain)
        .take(1)
        .collect()
}

fn is_tag(rest: &str) -> bool {
    let name = rest.trim_start_matches(['/', ' ', '<', '!', '\\', '／', '＜']);
    begins_any(name, TAGS)
}

/// Whether `fence` comes twice more.
fn begins_with_run(rest: &str, fence: char) -> bool {
    let mut next = rest.chars().map(plain);
    next.next() == Some(fence) && next.next() == Some(fence)
}

fn begins_any(text: &str, patterns: &[&str]) -> bool {
    patterns.iter().any(|pattern| begins(text, pattern))
}

/// Whether `text` begins with `pattern`, whatever its case and width.
fn begins(text: &str, pattern: &str) -> bool {
    let mut text = text.chars().map(plain).peekable();
    for wanted in pattern.chars() {
        let fits = match wanted {
            '#' => {
                let digit = text.next_if(char::is_ascii_digit).is_some();
                while text.next_if(char::is_ascii_digit).is_some() {}
                digit
            }
            ' ' => {
                let space = text.next_if(|c| c.is_whitespace()).is_some();
                while text.next_if(|c| c.is_whitespace()).is_some() {}
                space
            }
            '$' => {
                while text.next_if(|c| c.is_whitespace() && !is_line_end(*c)).is_some() {}
                text.peek().is_none_or(|c| is_line_end(*c))
            }
            wanted => text.next() == Some(wanted),
        };
        if !fits {
            return false;
        }
    }
    true
}

/// The character as it is compared: lower case, of ordinary width.
fn plain(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    let narrow = match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{fe64}' => '<',
        c => c,
    };
    let mut lower = narrow.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(one), None) => one,
        _ => narrow,
    }
}

fn is_line_end(c: char) -> bool {
    matches!(
        c,
        '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}

/// What people put before the words of a line.
fn is_decoration(c: char) -> bool {
    matches!(c, '#' | '*' | '>' | '_' | '-' | '=' | '|' | '"' | '\'' | '•')
}
