use jiff::civil::Date;

use super::lexicon::{self, number};
use super::stem::Stemmer;
use super::time::{AskedPeriod, PeriodUnit, periods};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct QuestionWord {
    pub(super) text: String,
    pub(super) stem: String,
    /// Whether it was written in capitals, as codes are, among words that were not.
    pub(super) capitals: bool,
    /// Whether something other than a plain keyword was read from it.
    pub(super) used: bool,
}

/// How many of the best, or worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TopCount {
    pub(super) count: u32,
    /// Whether the greatest are wanted.
    pub(super) greatest: bool,
    /// Whether one thing is asked for (`which state has the most …`).
    pub(super) single: bool,
}

/// A comparison with a number: `over 100`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct NumberCondition {
    /// The filter operation's name.
    pub(super) operation: &'static str,
    /// The number, as written.
    pub(super) number: serde_json::Number,
    /// Where it stands among the words.
    pub(super) at: usize,
}

/// What was read from a question, apart from what only an entry can tell.
#[derive(Debug, Clone)]
pub(super) struct ParsedQuestion {
    pub(super) words: Vec<QuestionWord>,
    /// The periods it names, in order.
    pub(super) periods: Vec<AskedPeriod>,
    /// The unit of time it wants the figures for.
    pub(super) each: Option<PeriodUnit>,
    /// Whether it wants them by day of the week.
    pub(super) weekday: bool,
    pub(super) top: Option<TopCount>,
    /// Where words begin that say for each of what: after `by`, `per`, `which`.
    pub(super) groups: Vec<usize>,
    pub(super) compare: Vec<NumberCondition>,
    /// Whether it begins with `how many`.
    pub(super) counts: bool,
}

impl ParsedQuestion {
    pub(super) fn read(text: &str, today: Date, stemmer: &Stemmer) -> Result<Self, rusqlite::Error> {
        let written = split(text);
        let shouted = !text.chars().any(char::is_lowercase);
        let texts: Vec<String> = written.iter().map(|word| word.to_lowercase()).collect();
        let stems = stemmer.stems(&texts)?;
        let mut words: Vec<QuestionWord> = texts
            .into_iter()
            .zip(stems)
            .zip(&written)
            .map(|((text, stems), written)| QuestionWord {
                used: false,
                capitals: !shouted && text.len() > 1 && *written == text.to_uppercase(),
                stem: if stems.is_empty() {
                    text.clone()
                } else {
                    stems.concat()
                },
                text,
            })
            .collect();
        money_of_something(&mut words);
        let mut periods = periods(&mut words, today);
        let (mut each, weekday) = granularity(&mut words);
        let top = superlative(&mut words);
        best_of_something(&mut words, top, stemmer)?;
        let groups = groups(&words);
        let compare = comparisons(&mut words);
        if periods.is_empty() && has(&words, &["year", "over", "year"]) {
            each = each.or(Some(PeriodUnit::Year));
        }
        // Recurring revenue is a figure of a month.
        if has(&words, &["mrr"]) {
            each = each.or(Some(PeriodUnit::Month));
        }
        // Several periods side by side are one stretch of time, told apart by their unit.
        if let (Some(first), true) = (periods.first().copied(), periods.len() > 1) {
            each = each.or(Some(first.unit));
            let one = AskedPeriod {
                from: periods.iter().map(|period| period.from).min().flatten(),
                to: if periods.iter().any(|period| period.to.is_none()) {
                    None
                } else {
                    periods.iter().filter_map(|period| period.to).max()
                },
                unit: first.unit,
            };
            periods.insert(0, one);
        }
        if each.is_some() {
            for word in &mut words {
                word.used |= lexicon::CHANGE.contains(&word.text.as_str());
            }
        }
        let counts =
            has(&words, &["how", "many"]) || has(&words, &["number", "of"]) || has(&words, &["count"]);
        Ok(Self {
            words,
            periods,
            each,
            weekday,
            top,
            groups,
            compare,
            counts,
        })
    }

    /// The stretch of time the whole question is about.
    pub(super) fn period(&self) -> Option<AskedPeriod> {
        self.periods.first().copied()
    }

    /// Positions of the words that say what is asked about.
    pub(super) fn subjects(&self) -> impl Iterator<Item = (usize, &QuestionWord)> {
        self.words
            .iter()
            .enumerate()
            .filter(|(_, word)| !word.used && !lexicon::is_filler(&word.text))
    }

    /// Whether it asks with one of these words.
    pub(super) fn says(&self, any: &[&str]) -> bool {
        self.words.iter().any(|word| any.contains(&word.text.as_str()))
    }
}

/// Words as written; a number keeps its decimal point and loses its thousands separators.
fn split(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let digit = |at: Option<usize>| at.and_then(|at| chars.get(at)).is_some_and(char::is_ascii_digit);
    let mut words = vec![String::new()];
    for (at, c) in chars.iter().enumerate() {
        let inside = digit(at.checked_sub(1)) && digit(Some(at + 1));
        match c {
            '\'' | '’' | ',' if *c != ',' || inside => {}
            '.' if inside => push(&mut words, '.'),
            c if c.is_alphanumeric() => push(&mut words, *c),
            _ => words.push(String::new()),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn push(words: &mut [String], c: char) {
    if let Some(word) = words.last_mut() {
        word.push(c);
    }
}

fn has(words: &[QuestionWord], wanted: &[&str]) -> bool {
    words
        .windows(wanted.len())
        .any(|window| window.iter().zip(wanted).all(|(word, text)| word.text == *text))
}

fn text(words: &[QuestionWord], at: usize) -> &str {
    words.get(at).map_or("", |word| word.text.as_str())
}

fn mark(words: &mut [QuestionWord], at: usize, length: usize) {
    words
        .iter_mut()
        .skip(at)
        .take(length)
        .for_each(|word| word.used = true);
}

/// `by month`, `monthly`, `each quarter`, `month by month`, `over time`, `which month`, `by day of week`.
fn granularity(words: &mut [QuestionWord]) -> (Option<PeriodUnit>, bool) {
    let mut each = None;
    let mut weekday = false;
    for at in 0..words.len() {
        if words.get(at).is_none_or(|word| word.used) {
            continue;
        }
        let (word, next, third) = (text(words, at), text(words, at + 1), text(words, at + 2));
        let before = at.checked_sub(1).map_or("", |before| text(words, before));
        let leads = matches!(
            before,
            "by" | "per"
                | "each"
                | "every"
                | "which"
                | "what"
                | "a"
                | "and"
                | "best"
                | "worst"
                | "busiest"
                | "strongest"
                | "weakest"
                | "biggest"
                | "highest"
                | "lowest"
                | "over"
                | "in"
        );
        let (unit, length) = match (word, next, third) {
            ("day", "of", "week" | "the") => {
                weekday = true;
                (None, if third == "the" { 4 } else { 3 })
            }
            ("weekday" | "weekdays", ..) => {
                weekday = true;
                (None, 1)
            }
            ("daily" | "weekly" | "monthly" | "quarterly" | "yearly" | "annual" | "annually", ..) => {
                (PeriodUnit::parse(word), 1)
            }
            ("over", "time", _) | ("time", "series", _) => (Some(PeriodUnit::Month), 2),
            ("trend" | "trends" | "trended" | "evolution" | "evolved", ..) => (Some(PeriodUnit::Month), 1),
            ("month", "by" | "over", "month") => (Some(PeriodUnit::Month), 3),
            ("year", "by" | "over", "year") => (Some(PeriodUnit::Year), 3),
            (_, _, _) if leads => (PeriodUnit::parse(word), 1),
            _ => (None, 0),
        };
        if unit.is_some() || length > 1 || weekday && length > 0 {
            each = each.or(unit);
            mark(words, at, length);
        }
    }
    (each, weekday)
}

/// `top 5`, `best`, `most`, `highest`, `fewest`, `3 largest`.
fn superlative(words: &mut [QuestionWord]) -> Option<TopCount> {
    let mut top = None;
    for at in 0..words.len() {
        let greatest = match text(words, at) {
            "top" | "best" | "most" | "highest" | "largest" | "biggest" | "greatest" | "busiest"
            | "strongest" | "leading" | "max" | "maximum" => true,
            "bottom" | "worst" | "least" | "lowest" | "smallest" | "fewest" | "weakest" | "poorest"
            | "min" | "minimum" => false,
            _ => continue,
        };
        if at > 0 && text(words, at - 1) == "at" {
            continue;
        }
        let before = at.checked_sub(1).and_then(|before| number(text(words, before)));
        let after = number(text(words, at + 1));
        let singular = !plural_follows(words, at);
        let count = after.or(before.filter(|n| *n <= 1000));
        if top.is_none() {
            top = Some(TopCount {
                count: count.unwrap_or(if singular { 1 } else { 10 }).clamp(1, 1000),
                greatest,
                single: count.is_none_or(|count| count == 1) && singular,
            });
        }
        mark(words, at, 1 + usize::from(after.is_some()));
        // `The most popular` says no more than `the most`.
        if text(words, at + 1) == "popular" {
            mark(words, at + 1, 1);
        }
        if after.is_none() && before.is_some() {
            mark(words, at - 1, 1);
        }
    }
    // `Which 3 states have the highest revenue`.
    if let Some(found) = &mut top
        && found.single
        && let Some(at) = words
            .iter()
            .position(|word| matches!(word.text.as_str(), "which" | "what"))
        && let Some(count) = number(text(words, at + 1)).filter(|count| (1..=1000).contains(count))
    {
        mark(words, at + 1, 1);
        found.count = count;
        found.single = count == 1;
    }
    // `Who are our biggest customers`, `which products sell best`: several are asked for.
    if let Some(found) = &mut top
        && found.single
        && let Some(at) = words
            .iter()
            .position(|word| matches!(word.text.as_str(), "which" | "what"))
        && is_plural(text(words, at + 1))
    {
        found.single = false;
        found.count = 10;
    }
    top
}

/// In `how much money did we refund` the verb says what is asked for, and `money` only its unit; in `how much money did
/// we make` there is nothing but `money`.
fn money_of_something(words: &mut [QuestionWord]) {
    let asked = words.windows(3).position(|window| {
        window
            .iter()
            .map(|word| word.text.as_str())
            .eq(["how", "much", "money"])
    });
    let Some(at) = asked else { return };
    let verb = words.iter().skip(at + 3).find(|word| {
        !matches!(
            word.text.as_str(),
            "did" | "do" | "does" | "have" | "has" | "had" | "was" | "were" | "is" | "are" | "we" | "our"
        )
    });
    if verb.is_some_and(|word| !lexicon::is_filler(&word.text)) {
        mark(words, at + 2, 1);
    }
}

/// `Our best customers`, `top products`: without a word on what they are best at, by revenue.
fn best_of_something(
    words: &mut Vec<QuestionWord>,
    top: Option<TopCount>,
    stemmer: &Stemmer,
) -> Result<(), rusqlite::Error> {
    let best = words
        .iter()
        .any(|word| matches!(word.text.as_str(), "best" | "top"));
    let mut subjects = words
        .iter()
        .filter(|word| !word.used && !lexicon::is_filler(&word.text));
    let one = subjects.next().is_some_and(|word| is_plural(&word.text)) && subjects.next().is_none();
    if best && one && top.is_some_and(|top| top.greatest) {
        let text = "revenue".to_owned();
        let stem = stemmer.stems(std::slice::from_ref(&text))?.concat().concat();
        words.push(QuestionWord {
            used: false,
            capitals: false,
            stem,
            text,
        });
    }
    Ok(())
}

fn plural_follows(words: &[QuestionWord], at: usize) -> bool {
    let noun = words.iter().skip(at + 1).take(3).find(|word| {
        let text = word.text.as_str();
        !matches!(
            text,
            "selling" | "popular" | "rated" | "performing" | "profitable" | "valuable" | "loyal"
        ) && number(text).is_none()
    });
    // After `the most orders` the plural belongs to what is counted, not to what is asked for.
    let counted = matches!(
        text(words, at),
        "most" | "least" | "fewest" | "highest" | "lowest" | "max" | "maximum"
    );
    !counted && noun.is_some_and(|word| is_plural(&word.text))
        || counted && noun.is_some_and(|word| is_plural(&word.text)) && {
            matches!(
                text(words, at + 1),
                "popular" | "selling" | "profitable" | "valuable" | "expensive" | "loyal"
            )
        }
}

fn is_plural(word: &str) -> bool {
    word == "people"
        || (word.len() > 3 && word.ends_with('s') && !word.ends_with("ss") && !word.ends_with("us"))
}

/// Positions after words that say for each of what.
fn groups(words: &[QuestionWord]) -> Vec<usize> {
    let mut found = Vec::new();
    for at in 0..words.len() {
        let starts = match text(words, at) {
            "by" | "per" | "each" | "every" | "which" | "what" | "across" | "among" => true,
            "and" => found.last().is_some_and(|last| at - last <= 2),
            _ => false,
        };
        let next = text(words, at + 1);
        if starts
            && !matches!(
                next,
                "is" | "are" | "was" | "were" | "did" | "do" | "does" | "the" | "our"
            )
        {
            found.push(at + 1);
        } else if starts && matches!(next, "the" | "our") && text(words, at) != "what" {
            found.push(at + 2);
        }
    }
    found
}

/// `over 100`, `more than 3`, `at least 4 stars`, `under $20`.
fn comparisons(words: &mut [QuestionWord]) -> Vec<NumberCondition> {
    let mut found = Vec::new();
    for at in 0..words.len() {
        let (operation, skip) = match (text(words, at), text(words, at + 1)) {
            ("at", "least") => ("greater-than-or-equal", 2),
            ("at", "most") => ("less-than-or-equal", 2),
            ("more" | "greater" | "higher" | "larger", "than") => ("greater-than", 2),
            ("less" | "fewer" | "lower" | "smaller", "than") => ("less-than", 2),
            ("over" | "above" | "exceeding", _) => ("greater-than", 1),
            ("under" | "below", _) => ("less-than", 1),
            _ => continue,
        };
        let value = words.get(at + skip).filter(|word| !word.used);
        if let Some(number) = value.and_then(|word| word.text.parse::<serde_json::Number>().ok()) {
            mark(words, at, skip + 1);
            found.push(NumberCondition {
                operation,
                number,
                at: at + skip,
            });
        }
    }
    found
}
