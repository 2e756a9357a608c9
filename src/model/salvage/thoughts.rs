//! Thoughts that a model writes into its text because its server does not keep them apart. Marks of them are read in letters of any
//! size, with spaces and attributes within them.

use std::borrow::Cow;

/// The marks that such thoughts stand between.
pub(crate) const MARKS: [ThoughtMarks; 17] = [
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("<seed:think>", "</seed:think>"),
    ("<mm:think>", "</mm:think>"),
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
    ("<|channel>thought", "<channel|>"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<|thinking|>", "<|/thinking|>"),
    ("<|think|>", "<|/think|>"),
    ("<|thinking_start|>", "<|thinking_end|>"),
    ("[THINKING]", "[/THINKING]"),
    FOLDED,
    ("Here is my thought process:", "Here is my response:"),
];
/// Thoughts as a page folds them. What closes them closes other things too.
const FOLDED: ThoughtMarks = ("<details type=\"reasoning\"", "</details>");
/// What some models put around what they say behind them.
const ANSWERS: [ThoughtMarks; 5] = [
    ("<answer>", "</answer>"),
    ("<response>", "</response>"),
    ("<output>", "</output>"),
    ("<final>", "</final>"),
    ("<final_answer>", "</final_answer>"),
];
/// What the answer begins with where a model's channels were not read.
const FINAL: &str = "<|channel|>final<|message|>";
/// What thoughts begin with there, and what may stand before it.
const ANALYSIS: &str = "<|channel|>analysis<|message|>";
const START: &str = "<|start|>assistant";
/// The same with its marks taken off, and what stands before it then.
const FINAL_WORD: &str = "assistantfinal";
const ANALYSIS_WORD: &str = "analysis";
/// What a text begins with whose channels were not read: only its end tells what of it was said.
const CHANNELS: [&str; 4] = ["analysis", "assistant", "<|channel|>", "<|start|>assistant"];
/// Most of such a text that is kept back, in bytes.
const MOST_HELD: usize = 64 << 10;
/// What such an answer may end with.
const ENDS: [&str; 2] = ["<|return|>", "<|end|>"];
/// Longest closing mark that is looked for, in bytes.
const LONGEST: usize = 40;
/// Longest attributes that a mark has, in bytes.
const ATTRIBUTES: usize = 80;

/// The opening and the closing mark.
pub(crate) type ThoughtMarks = (&'static str, &'static str);

/// What is said behind the thoughts that a text begins with. Thoughts that never end leave nothing. Where thoughts came apart from
/// the text, a closing mark alone in it closes none.
pub(in crate::model) fn without_thoughts(text: &str, came_apart: bool) -> Cow<'_, str> {
    let said = behind_thoughts(text, came_apart);
    without_later(said, said.len() < text.len())
}

fn behind_thoughts(text: &str, came_apart: bool) -> &str {
    if let Some((_, said)) = text.rsplit_once(FINAL) {
        let said = said.trim_end();
        return ENDS.iter().find_map(|end| said.strip_suffix(end)).unwrap_or(said);
    }
    if let Some((before, said)) = text.rsplit_once(FINAL_WORD)
        && (before.trim().is_empty() || before.trim_start().starts_with(ANALYSIS_WORD))
    {
        return said.trim();
    }
    if let Some((_, thoughts)) = text
        .split_once(ANALYSIS)
        .filter(|(before, _)| before.trim().is_empty() || before.trim() == START)
    {
        return thoughts
            .split_once("<|end|>")
            .map_or("", |(_, said)| said.trim_start());
    }
    // Some servers put the opening mark into the prompt, so that only the closing one is seen.
    let mut closings = MARKS.iter().filter(|marks| **marks != FOLDED);
    let unopened = closings.find_map(|(open, close)| {
        let (thoughts, said) = marks_in(text, close).find(|(thoughts, _)| closes_thoughts(thoughts))?;
        marks_in(thoughts, open).next().is_none().then_some(said)
    });
    let mut rest = unopened.filter(|_| !came_apart).unwrap_or(text);
    while let Some((marks, inside)) = opened(rest) {
        rest = closed(inside, marks).unwrap_or_default();
    }
    if let Some((close, said)) = answered(rest) {
        let said = said.trim();
        return said.strip_suffix(close).unwrap_or(said).trim_end();
    }
    if rest.len() < text.len() {
        rest.trim_start()
    } else {
        rest
    }
}

/// Whether a closing mark that no opening one stands before ends what is before it, as models write it: at the beginning of a line,
/// or behind a word without a space. An answer that speaks of the mark puts it into its sentence, or into code.
fn closes_thoughts(before: &str) -> bool {
    let is_in_fence = before.matches("```").count() % 2 == 1;
    let line = before.rsplit('\n').next().unwrap_or_default();
    let is_in_line = line.ends_with(|c: char| c.is_whitespace() || "`'\"“”‘’«(*".contains(c));
    !is_in_fence && (line.trim().is_empty() || !is_in_line)
}

/// How a text begins, beside a mark.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum MarkMatch<'a> {
    /// With the mark, and this is behind it.
    Behind(&'a str),
    /// With a part of it, and then the text ends.
    Begun,
    Other,
}

/// A character as marks are compared, in any width and size.
fn narrow(c: char) -> char {
    match c {
        '＜' => '<',
        '＞' => '>',
        '／' => '/',
        c => c.to_ascii_lowercase(),
    }
}

/// Reads a mark where a text begins, in letters of any size and width, with spaces and attributes within it.
pub(crate) fn match_mark<'a>(text: &'a str, mark: &str) -> MarkMatch<'a> {
    let mut rest = text;
    for (nth, wanted) in mark.chars().filter(|c| *c != ' ').enumerate() {
        let spaced = rest.trim_start_matches(' ');
        let has_attributes =
            wanted == '>' && spaced.len() < rest.len() && spaced.starts_with(char::is_alphabetic);
        if nth > 0 {
            rest = spaced;
        }
        if has_attributes {
            match rest.split_once('>') {
                Some((attributes, behind)) if attributes.contains('=') && attributes.len() <= ATTRIBUTES => {
                    rest = behind;
                    continue;
                }
                None if rest.len() <= ATTRIBUTES => return MarkMatch::Begun,
                _ => return MarkMatch::Other,
            }
        }
        let mut chars = rest.chars();
        match chars.next() {
            None => return MarkMatch::Begun,
            Some(c) if narrow(c) == narrow(wanted) => rest = chars.as_str(),
            Some(_) => return MarkMatch::Other,
        }
    }
    MarkMatch::Behind(rest)
}

/// What stands before a mark and behind it, for each time that it stands in a text.
fn marks_in<'a>(text: &'a str, mark: &'static str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let first = mark.chars().next().map(narrow);
    let begins = text
        .char_indices()
        .filter(move |(_, c)| Some(narrow(*c)) == first);
    begins.filter_map(move |(at, _)| {
        let (before, begun) = text.split_at_checked(at)?;
        match match_mark(begun, mark) {
            MarkMatch::Behind(behind) => Some((before, behind)),
            MarkMatch::Begun | MarkMatch::Other => None,
        }
    })
}

/// The marks of the thoughts that a text begins with, and what stands behind the first of them.
fn opened(text: &str) -> Option<(ThoughtMarks, &str)> {
    let begun = text.trim_start();
    MARKS.iter().find_map(|marks| match match_mark(begun, marks.0) {
        MarkMatch::Behind(inside) => Some((*marks, inside)),
        MarkMatch::Begun | MarkMatch::Other => None,
    })
}

/// What is said behind thoughts, whose opening mark is off, and behind those within them. Where not all are closed, the last closing
/// mark counts.
fn closed(inside: &str, (open, close): ThoughtMarks) -> Option<&str> {
    let (mut rest, mut said, mut depth) = (inside, None, 1_usize);
    while depth > 0 {
        let Some((thoughts, behind)) = marks_in(rest, close).next() else {
            break;
        };
        depth = depth
            .saturating_add(marks_in(thoughts, open).count())
            .saturating_sub(1);
        (rest, said) = (behind, Some(behind));
    }
    said
}

/// What is said without thoughts within it: those of a model that began with some, or whose marks begin lines. What speaks of the
/// marks in code is kept, and so is what never ends.
fn without_later(said: &str, has_begun: bool) -> Cow<'_, str> {
    let mut kept = Cow::Borrowed(said);
    for (open, close) in MARKS {
        loop {
            let text = kept.as_ref();
            let found = marks_in(text, open).find_map(|(before, inside)| {
                let behind = closed(inside, (open, close))?;
                let line = before.rsplit('\n').next().unwrap_or_default();
                let is_code = line.matches('`').count() % 2 == 1 || before.matches("```").count() % 2 == 1;
                let is_line = line.trim().is_empty() && (behind.is_empty() || behind.starts_with('\n'));
                (!is_code && (has_begun || is_line)).then(|| format!("{before}{behind}"))
            });
            match found {
                Some(shorter) => kept = Cow::Owned(shorter),
                None => break,
            }
        }
    }
    kept
}

/// What closes the answer that a text is marked as, and the text behind its opening mark.
fn answered(text: &str) -> Option<(&'static str, &str)> {
    let begun = text.trim_start();
    ANSWERS
        .iter()
        .find_map(|(open, close)| Some((*close, begun.strip_prefix(open)?)))
}

/// Lets text through but for the thoughts that it begins with.
#[derive(Debug, Default)]
pub(super) struct ThoughtFilter {
    held: String,
    state: ThoughtState,
    /// What came behind the last closing mark, while thoughts are still open: it was said if none of them is closed any more.
    doubtful: Option<String>,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum ThoughtState {
    /// Thoughts may begin here.
    #[default]
    Open,
    /// Inside thoughts between these marks, and so deep in them.
    Thinking(ThoughtMarks, usize),
    Speaking,
}

impl ThoughtFilter {
    /// Takes in text and gives out what is none of the thoughts.
    pub(super) fn push(&mut self, text: &str) -> String {
        if self.state == ThoughtState::Speaking {
            return text.to_owned();
        }
        self.held += text;
        loop {
            match self.state {
                ThoughtState::Speaking => return std::mem::take(&mut self.held),
                ThoughtState::Open => {
                    if let Some((marks, inside)) = opened(&self.held) {
                        self.held = inside.to_owned();
                        self.state = ThoughtState::Thinking(marks, 1);
                    } else if let Some((_, said)) = answered(&self.held) {
                        self.held = said.trim_start().to_owned();
                        self.state = ThoughtState::Speaking;
                    } else if may_open(&self.held)
                        || (in_channels(&self.held) && self.held.len() <= MOST_HELD)
                    {
                        return String::new();
                    } else {
                        self.state = ThoughtState::Speaking;
                    }
                }
                ThoughtState::Thinking(marks, depth) => {
                    let Some((thoughts, said)) = marks_in(&self.held, marks.1).next() else {
                        self.forget(marks, depth);
                        return String::new();
                    };
                    let depth = depth
                        .saturating_add(marks_in(thoughts, marks.0).count())
                        .saturating_sub(1);
                    self.held = said.trim_start().to_owned();
                    self.doubtful = (depth > 0).then(String::new);
                    self.state = match depth {
                        0 => ThoughtState::Open,
                        depth => ThoughtState::Thinking(marks, depth),
                    };
                }
            }
        }
    }

    /// What is still held back once the text has ended: it was no thought.
    pub(super) fn rest(&mut self) -> String {
        let held = std::mem::take(&mut self.held);
        match self.state {
            ThoughtState::Thinking(..) => self.doubtful.take().map_or_else(String::new, |said| said + &held),
            ThoughtState::Open if in_channels(&held) => without_thoughts(&held, true).into_owned(),
            _ => held,
        }
    }

    /// Keeps of the thoughts only as much as may be the beginning of a mark.
    fn forget(&mut self, (open, _): ThoughtMarks, depth: usize) {
        let from = self.held.len().saturating_sub(LONGEST);
        // An opening mark that is only in part forgotten stays.
        let last = marks_in(&self.held, open).last().map(|(before, behind)| {
            let end = self.held.len().saturating_sub(behind.len());
            (before.len(), end)
        });
        let from = match last {
            Some((start, end)) if start < from && from < end => start,
            _ => from,
        };
        let from = (from..=self.held.len()).find(|at| self.held.is_char_boundary(*at));
        let kept = self.held.split_off(from.unwrap_or_default());
        let forgotten = std::mem::replace(&mut self.held, kept);
        let depth = depth.saturating_add(marks_in(&forgotten, open).count());
        if let ThoughtState::Thinking(_, known) = &mut self.state {
            *known = depth;
        }
        if let Some(said) = self.doubtful.as_mut().filter(|said| said.len() < MOST_HELD) {
            *said += &forgotten;
        }
    }
}

/// Whether a text begins as one does whose channels were not read, or may go on so.
fn in_channels(text: &str) -> bool {
    let start = text.trim_start();
    CHANNELS
        .iter()
        .any(|channel| start.starts_with(channel) || channel.starts_with(start))
}

/// Whether a text is too short to tell whether it begins with thoughts.
fn may_open(text: &str) -> bool {
    let start = text.trim_start();
    let mut marks = MARKS.iter().chain(&ANSWERS);
    start.is_empty() || marks.any(|(open, _)| match_mark(start, open) == MarkMatch::Begun)
}
