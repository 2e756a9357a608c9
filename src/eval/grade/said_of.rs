//! Whether a right figure is said of something else than what was asked: of another name ("Bergen sent 4,127" where Trondheim was
//! asked about), of the opposite ("48.6 % were late" for those on time), of a plan ("the target was 57") or of what would be.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::grounding::{Kind, Number};
use crate::text::built_in_pattern;

/// Letters that a verb of the question and one of the text begin with alike: "harvested" and "harvest".
const STEM: usize = 5;

/// What differs by more than a syllable.
const OPPOSITES: [(&str, &str); 20] = [
    ("on time|punctual|in time", "late|delayed|overdue"),
    ("open|unresolved", "closed|resolved"),
    ("won|win|wins", "lost|lose|loses"),
    ("passed", "failed"),
    ("approved|accepted", "rejected|declined|denied"),
    ("active", "inactive|cancelled|canceled|churned"),
    ("new|first-time", "returning|existing|repeat"),
    ("male|men|boys", "female|women|girls"),
    ("joined", "left"),
    ("hired", "fired|dismissed"),
    ("arrived|arrivals|arrival", "departed|departures|departure"),
    ("deposits|deposited", "withdrawals|withdrawn|withdrew"),
    ("online", "offline|in store|in stores"),
    ("domestic", "foreign|international|abroad"),
    ("highest|largest|greatest|most", "lowest|smallest|fewest|least"),
    ("oldest|earliest", "newest|youngest|latest"),
    ("enabled", "disabled"),
    ("complete|completed|finished", "incomplete|unfinished"),
    ("in stock", "out of stock|sold out"),
    ("satisfied", "dissatisfied"),
];
/// Words that begin with `in` and mean the opposite of what is left without it.
const WITH_IN: [&str; 9] = [
    "active",
    "complete",
    "valid",
    "correct",
    "direct",
    "frequent",
    "secure",
    "eligible",
    "sufficient",
];

static WORD: LazyLock<Regex> = LazyLock::new(|| built_in_pattern(r"\w[\w'’-]*"));
/// Words that are written with a capital letter and name nobody.
static NO_NAME: LazyLock<Regex> = LazyLock::new(|| {
    built_in_pattern(
        r"^(?:I|We|It|They|He|She|This|That|These|Those|There|The|A|An|In|On|At|Of|For|From|By|To|With|And|But|So|Thus|Hence|Yes|No|Not|Only|About|Around|Over|Our|Its|Their|Your|All|Each|Every|Both|Total|Overall|Altogether|Together|Here|Source|Metabase|Metric|Card|Table|According|Based|Currently|During|Last|Next|As|If|When|While|Answer|Result|Out|Exactly|Just|Some|Q[1-4]|H[12]|FY\d*|January|February|March|April|May|June|July|August|September|October|November|December|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|Mondays?|Tuesdays?|Wednesdays?|Thursdays?|Fridays?|Saturdays?|Sundays?|USD|EUR|GBP|CHF|JPY|Dr|Mr|Mrs|Ms|Prof|St|Inc|Revenue|Amount|Count|Number|Turnover|Profit|Sum|Value|Share|Rate|Average|Mean|Balance|Income|Cost|Price|Margin|Volume|Weight|Quantity|Duration|Score|Percentage|Growth)$",
    )
});
/// Where what is said of a figure ends before it, and behind it.
static TURN: LazyLock<Regex> =
    LazyLock::new(|| built_in_pattern(r"(?i)[,;(—–]|\b(?:but|while|whereas|and|although)\b"));
static STOP: LazyLock<Regex> =
    LazyLock::new(|| built_in_pattern(r"(?i)[,;:(—–]|\b(?:but|while|whereas|although)\b"));
/// What makes one sentence two.
static AGAINST: LazyLock<Regex> = LazyLock::new(|| built_in_pattern(r"(?i);|\b(?:but|while|whereas)\b"));
/// A place or owner behind a figure: "4,127 parcels were sent from Bergen".
static OF_ONE: LazyLock<Regex> =
    LazyLock::new(|| built_in_pattern(r"^(?:\s+[\w-]+){0,5}?\s+(?:in|at|from|of|for|by)\s+(?:the\s+)?$"));
/// The same before it: "The depot in Bergen sent 4,127".
static LED: LazyLock<Regex> =
    LazyLock::new(|| built_in_pattern(r"(?i)\b(?:in|at|from|of|for|by)\s+(?:the\s+)?$"));
static ASKS_FOR_NAME: LazyLock<Regex> = LazyLock::new(|| {
    built_in_pattern(
        r"(?i)\b(?:which|who|whose|whom|best|worst|most|least|top|highest|lowest|largest|smallest)\b",
    )
});
static VERB: LazyLock<Regex> = LazyLock::new(|| {
    built_in_pattern(
        r"^\s+(?:had|has|have|made|makes|with|sent|sold|got|took|gave|paid|won|lost|brought|earned|spent|placed|received|saw|shipped|reached)\b",
    )
});
static NEGATED: LazyLock<Regex> =
    LazyLock::new(|| built_in_pattern(r"(?i)\b(?:not|never|no|without)\b|n['’]t\b"));
/// A bound, which denies nothing.
static AT_LEAST: LazyLock<Regex> =
    LazyLock::new(|| built_in_pattern(r"(?i)\b(?:no|not)\s+(?:fewer|less|more|only)\b"));
static PLAN: LazyLock<Regex> = LazyLock::new(|| {
    built_in_pattern(
        r"(?i)\b(?:targets?|goals?|budgets?|budgeted|planned|the plan (?:is|was|of)|forecasts?|quotas?|projections?|projected)\b",
    )
});
/// What sets a figure against a plan.
static SET_AGAINST: LazyLock<Regex> = LazyLock::new(|| {
    built_in_pattern(
        r"(?i)\b(?:against|below|above|over|under|beat\w*|exceed\w*|short|miss\w*|met|than|with|reached|toward|towards)\b",
    )
});
static PLANNED: LazyLock<Regex> = LazyLock::new(|| {
    built_in_pattern(
        r"(?i)^(?:\s+[\w-]+){0,3}\s+(?:was|were|is|are|had been)\s+(?:planned|budgeted|targeted|forecast|projected|the (?:target|goal|plan|budget|forecast))\b",
    )
});
static WOULD: LazyLock<Regex> = LazyLock::new(|| {
    built_in_pattern(
        r"(?i)\bwould\s+(?:be|have|come|reach|make|amount|rise|fall)\b[^.;\n]*$|\bcould have\b[^.;\n]*$",
    )
});
static SUPPOSES: LazyLock<Regex> = LazyLock::new(|| {
    built_in_pattern(
        r"(?i)\b(?:would|targets?|goals?|budget\w*|plan\w*|forecast\w*|quotas?|project\w*|expect\w*|if)\b",
    )
});

/// What a sentence says of one of its figures.
struct SaidOf<'t> {
    /// The whole sentence, and its part up to the figure.
    sentence: &'t str,
    left: &'t str,
    /// Whether another figure follows in the sentence.
    goes_on: bool,
    /// From the figure before, or the last turn, to this one.
    before: &'t str,
    /// From this one to the next, or the next turn.
    after: &'t str,
    /// The same without regard to turns.
    behind: &'t str,
}

impl<'t> SaidOf<'t> {
    fn of(text: &'t str, number: &Number, all: &[Number]) -> Self {
        let (left, right) = (
            text.get(..number.start).unwrap_or_default(),
            text.get(number.end..).unwrap_or_default(),
        );
        let from = [
            left.rfind('\n').map(|at| at + 1),
            left.rfind(". ").map(|at| at + 2),
            left.rfind("? ").map(|at| at + 2),
        ];
        let from = from.into_iter().flatten().max().unwrap_or(0);
        let to = [right.find('\n'), right.find(". ")];
        let to = number.end + to.into_iter().flatten().min().unwrap_or(right.len());
        let others = || all.iter().filter(|other| other.kind == Kind::Quantity);
        let previous = others()
            .map(|other| other.end)
            .filter(|end| *end <= number.start)
            .max();
        let next = others()
            .map(|other| other.start)
            .filter(|start| *start >= number.end)
            .min();
        let begins = previous.map_or(from, |end| end.max(from));
        let before = text.get(begins..number.start).unwrap_or_default();
        let turn = TURN.find_iter(before).last().map_or(0, |turn| turn.end());
        let behind = text
            .get(number.end..next.map_or(to, |next| next.min(to)))
            .unwrap_or_default();
        let stop = STOP.find(behind).map_or(behind.len(), |stop| stop.start());
        Self {
            sentence: text.get(from..to).unwrap_or_default(),
            left: text.get(from..number.start).unwrap_or_default(),
            goes_on: next.is_some_and(|next| next < to),
            before: before.get(turn..).unwrap_or_default(),
            after: behind.get(..stop).unwrap_or_default(),
            behind,
        }
    }

    fn clause(&self) -> String {
        format!("{} {}", self.before, self.after).to_lowercase()
    }
}

/// Of what else a right figure is said, if the sentence leaves no doubt. `own` are the names of the row that the figure is of.
pub(super) fn what_else(
    questions: &str,
    own: &[String],
    text: &str,
    number: &Number,
    all: &[Number],
) -> Option<&'static str> {
    let said = SaidOf::of(text, number, all);
    if is_supposed(questions, &said) {
        return Some("it is a plan, or would be");
    }
    if is_opposite(questions, &said) {
        return Some("it is said of the opposite");
    }
    is_of_another_name(questions, own, &said).then_some("it is said of another name")
}

fn is_supposed(questions: &str, said: &SaidOf<'_>) -> bool {
    if SUPPOSES.is_match(questions) {
        return false;
    }
    let planned = PLAN.is_match(said.before) && !SET_AGAINST.is_match(said.before);
    planned || PLANNED.is_match(said.behind) || WOULD.is_match(said.before)
}

/// Whether some of these words, each whole, stand in a text.
fn has_any(text: &str, words: &str) -> Option<usize> {
    let whole = |at: usize, word: &str| {
        let outer = |c: Option<char>| !c.is_some_and(|c| c.is_alphanumeric() || c == '-');
        outer(text.get(..at).and_then(|left| left.chars().next_back()))
            && outer(text.get(at + word.len()..).and_then(|right| right.chars().next()))
    };
    words.split('|').find_map(|word| {
        text.match_indices(word)
            .map(|(at, _)| at)
            .find(|at| whole(*at, word))
    })
}

fn is_opposite(questions: &str, said: &SaidOf<'_>) -> bool {
    let asked = questions.to_lowercase();
    // A bound is no end of an order.
    let clause = said.clause().replace("at least", "").replace("at most", "");
    // "1,812 were paid and 128 were not"
    if clause.trim_end().ends_with("not") || clause.trim_end().ends_with("n't") {
        return false;
    }
    let negated = |at: usize| {
        clause
            .get(..at)
            .is_some_and(|before| NEGATED.is_match(&AT_LEAST.replace_all(before, "")))
    };
    let turned = |one: &str, other: &str| {
        if has_any(&asked, one).is_none() || has_any(&asked, other).is_some() {
            return false;
        }
        match (has_any(&clause, one), has_any(&clause, other)) {
            (None, Some(at)) => !negated(at),
            (Some(at), None) => negated(at) && !NEGATED.is_match(&asked),
            _ => false,
        }
    };
    if OPPOSITES
        .iter()
        .any(|(one, other)| turned(one, other) || turned(other, one))
    {
        return true;
    }
    let words = |text: &str| -> BTreeSet<String> {
        let words = text.split(|c: char| !c.is_alphanumeric());
        words.filter(|word| word.len() > 3).map(str::to_owned).collect()
    };
    let pairs = words(&asked)
        .into_iter()
        .chain(words(&clause))
        .filter_map(|word| {
            let un = word.strip_prefix("un").filter(|rest| rest.len() > 3);
            let inn = word.strip_prefix("in").filter(|rest| WITH_IN.contains(rest));
            let rest = un.or(inn).map(str::to_owned);
            rest.map(|rest| (rest, word))
        });
    let pairs: Vec<(String, String)> = pairs.collect();
    pairs
        .iter()
        .any(|(plain, prefixed)| turned(plain, prefixed) || turned(prefixed, plain))
}

/// The names in a text, each with where it begins: words with capital letters that stand together.
fn names(text: &str) -> Vec<(usize, &str)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    for word in WORD.find_iter(text) {
        if !word.as_str().starts_with(char::is_uppercase) || NO_NAME.is_match(word.as_str()) {
            continue;
        }
        let gap = |end: usize| text.get(end..word.start());
        match found
            .last_mut()
            .filter(|(_, end)| matches!(gap(*end), Some(" " | " & ")))
        {
            Some((_, end)) => *end = word.end(),
            None => found.push((word.start(), word.end())),
        }
    }
    let name = |(start, end): (usize, usize)| Some((start, text.get(start..end)?));
    let is_code = |name: &str| name.len() < 5 && name.chars().all(|c| !c.is_lowercase());
    let named = found.into_iter().filter_map(name);
    named.filter(|(_, name)| !is_code(name)).collect()
}

fn is_of_another_name(questions: &str, own: &[String], said: &SaidOf<'_>) -> bool {
    // What begins a question is written with a capital letter as well.
    let inside = questions
        .split(['\n', '?', '.'])
        .filter_map(|one| one.trim_start().split_once(' '));
    let asked: Vec<&str> = inside
        .flat_map(|(_, rest)| names(rest))
        .map(|(_, name)| name)
        .collect();
    let low = questions.to_lowercase();
    let codes = WORD.find_iter(questions).any(|word| {
        let word = word.as_str();
        (2..4).contains(&word.len()) && word.chars().all(char::is_uppercase) && !NO_NAME.is_match(word)
    });
    // "Which shop sold most, and how much?" asks for a name that it does not have.
    let asks_for_name = own.is_empty() && ASKS_FOR_NAME.is_match(questions);
    if (asked.is_empty() && own.is_empty()) || codes || asks_for_name {
        return false;
    }
    let known = |text: &str| {
        let text = text.to_lowercase();
        let mut words = asked
            .iter()
            .flat_map(|name| name.split_whitespace())
            .chain(own.iter().flat_map(|name| name.split_whitespace()));
        words.any(|word| text.contains(&word.to_lowercase()))
    };
    let clause = format!("{} {}", said.before, said.after);
    // `Montelupo harvested 812, Castelrotto 777.`
    let apart = AGAINST.is_match(said.sentence) || (said.goes_on && !known(said.left));
    if known(&clause) || (known(said.sentence) && !apart) {
        return false;
    }
    let is_other = |name: &str| {
        let words = name.split_whitespace();
        let mut words = words.map(str::to_lowercase);
        !words.any(|word| low.contains(word.trim_end_matches("'s")))
    };
    let asks_for = |after: &str| {
        let letters = after.trim_start().chars().take_while(|c| c.is_alphabetic());
        let stem = letters.take(STEM).collect::<String>().to_lowercase();
        let mut asked = low.split(|c: char| !c.is_alphabetic());
        stem.len() > 3
            && asked.any(|word| word.starts_with(&stem) || (word.len() > 3 && stem.starts_with(word)))
    };
    let before = names(said.before).into_iter().rev().any(|(at, name)| {
        let (left, right) = (
            said.before.get(..at).unwrap_or_default(),
            said.before.get(at + name.len()..).unwrap_or_default(),
        );
        let subject =
            left.trim().is_empty() && !name.ends_with('s') && (VERB.is_match(right) || asks_for(right));
        let label =
            left.trim_matches([' ', '-', '*', '•']).is_empty() && right.trim_matches(['*', ' ']) == ":";
        is_other(name) && (subject || label || LED.is_match(left))
    });
    let behind = names(said.after).into_iter().any(|(at, name)| {
        let left = said.after.get(..at).unwrap_or_default();
        is_other(name) && OF_ONE.is_match(left)
    });
    before || behind
}
