use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::Usage;

/// What a judge said of one trial, asked the same more than once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Opinions {
    /// The judge, `provider:name`.
    pub model: String,
    /// Hash of what it was told to do.
    pub prompt: String,
    /// The sampling temperature it was asked at.
    pub temperature: f32,
    /// What it said, one for each time it was asked.
    pub said: Vec<Opinion>,
    pub usage: Usage,
    /// US dollars; `None` when the price is unknown.
    pub cost_usd: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opinion {
    /// Whether it takes the answer for right; `None` when that cannot be told.
    pub right: Option<bool>,
    /// Why, in its own words; or why nothing can be told.
    pub reason: String,
}

impl Opinions {
    /// The first opinion, if it is one.
    pub fn first(&self) -> Option<bool> {
        self.said.first()?.right
    }

    /// Whether the same question had two answers; `None` unless two can be told.
    pub(crate) fn flipped(&self) -> Option<bool> {
        let known: Vec<bool> = self.said.iter().filter_map(|opinion| opinion.right).collect();
        let (first, others) = known.split_first()?;
        (!others.is_empty()).then(|| others.iter().any(|other| other != first))
    }
}

impl Opinion {
    /// Reads a judge's reply: the JSON object in it, whatever stands around it.
    pub(super) fn read(reply: &str) -> Self {
        let object = reply
            .find('{')
            .zip(reply.rfind('}'))
            .and_then(|(from, to)| serde_json::from_str::<Value>(reply.get(from..=to)?).ok());
        let word = |key| object.as_ref()?.get(key)?.as_str();
        let right = match word("verdict") {
            Some("right") => Some(true),
            Some("wrong") => Some(false),
            _ => None,
        };
        match right {
            Some(right) => Self {
                right: Some(right),
                reason: word("reason").unwrap_or_default().to_owned(),
            },
            None => Self::none(format!("the reply is not a verdict: {}", clip(reply))),
        }
    }

    pub(super) fn none(reason: String) -> Self {
        Self { right: None, reason }
    }
}

fn clip(text: &str) -> String {
    const MOST: usize = 200;
    text.trim().chars().take(MOST).collect()
}
