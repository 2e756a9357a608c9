use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::Value;

use super::marks::EnglishMarks;
use crate::eval::gold::Locale;
use crate::grounding::{Notation, Separators};

/// What graders read of an answer.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct AnswerView {
    pub(super) version: u32,
    pub(super) outcome: String,
    #[serde(default)]
    pub(super) text: String,
    /// How the program wrote its figures. The text is read with all of them as English has them.
    #[serde(default)]
    pub(super) number_style: Notation,
    #[serde(default)]
    pub(super) figures: Vec<FigureView>,
    #[serde(default)]
    pub(super) options: Vec<String>,
    #[serde(default)]
    pub(super) evidence: Vec<ResultView>,
    #[serde(default)]
    pub(super) tool_calls: Vec<CallView>,
    #[serde(default)]
    pub(super) usage: UsageView,
}

/// A figure of the text, by its first byte, with what it was taken from.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct FigureView {
    pub(super) start: usize,
    #[serde(default)]
    pub(super) sources: Vec<SourceView>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct SourceView {
    #[serde(default)]
    cell: Value,
    #[serde(default)]
    value: Value,
}

/// A result an answer rests on.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct ResultView {
    /// Card, metric or table; a calculation over several results is of none of them.
    #[serde(default = "calculation")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) id: u64,
    #[serde(default)]
    pub(super) name: String,
    /// The results it was made from; none for a query's.
    #[serde(default)]
    pub(super) from: Vec<String>,
    #[serde(default)]
    pub(super) arguments: Value,
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Vec<Value>>,
    #[serde(default)]
    pub(super) rows_known: Option<u64>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct CallView {
    pub(super) name: String,
    #[serde(default)]
    pub(super) arguments: Value,
    pub(super) status: String,
    #[serde(default)]
    pub(super) message: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct UsageView {
    #[serde(default)]
    pub(super) input_tokens: u64,
    #[serde(default)]
    pub(super) output_tokens: u64,
    pub(super) cost_usd: Option<f64>,
    pub(super) steps: Option<u64>,
}

impl AnswerView {
    pub(super) fn read(answer: &Value) -> Result<Self, String> {
        let view =
            Self::deserialize(answer).map_err(|error| format!("the answer cannot be read: {error}"))?;
        // Nothing that graders read changed since the first version: stored answers of it stay readable.
        if (1..=crate::agent::ANSWER_VERSION).contains(&view.version) {
            return Ok(match view.number_style.separators() {
                Separators::English => view,
                marks => view.in_english(marks),
            });
        }
        Err(format!(
            "the answer has version {}, which is not known",
            view.version
        ))
    }

    /// The answer with its numbers as English writes them.
    pub(super) fn in_english(&self, marks: Separators) -> Self {
        let english = EnglishMarks::of(&self.text, marks);
        let mut view = self.clone();
        for figure in &mut view.figures {
            figure.start = english.place(figure.start);
        }
        view.text = english.text;
        view
    }

    /// The marks of its text, where a case says that they are those of a `locale`: the program's own are English by now.
    pub(super) fn marks(&self, locale: Locale) -> Separators {
        if self.number_style.is_english() {
            locale.into()
        } else {
            Separators::English
        }
    }
}

fn calculation() -> String {
    "calculation".to_owned()
}

impl SourceView {
    /// The number that a cell or a calculation came to.
    pub(super) fn number(&self) -> Option<Decimal> {
        super::cell::number(&self.cell).or_else(|| super::cell::number(&self.value))
    }
}

impl ResultView {
    /// `card 7 "Revenue by month"`, or `calculation over r1, r2`.
    pub(super) fn title(&self) -> String {
        if self.name.is_empty() {
            format!("{} over {}", self.kind, self.from.join(", "))
        } else {
            format!("{} {} \"{}\"", self.kind, self.id, self.name)
        }
    }

    /// Whether the data source was asked for it; what was made of held results was not.
    pub(super) fn is_query(&self) -> bool {
        self.from.is_empty()
    }
}

impl CallView {
    /// Whether it brought something.
    pub(super) fn worked(&self) -> bool {
        matches!(self.status.as_str(), "ok" | "served_from_turn")
    }
}

/// A text cut to what a reason can hold.
pub(super) fn short(text: &str) -> String {
    const MOST: usize = 160;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", line.get(..at).unwrap_or_default()),
        None => line,
    }
}
