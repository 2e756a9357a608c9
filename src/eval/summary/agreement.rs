use std::collections::BTreeSet;

use serde::Serialize;

use super::count;
use crate::eval::opinion::Opinions;
use crate::eval::record::TrialRecord;

/// How a language model that was asked for its opinion stands to the graders. A diagnostic: nothing hangs on it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JudgeAgreement {
    pub models: BTreeSet<String>,
    /// Hashes of what they were told to do.
    pub prompts: BTreeSet<String>,
    pub temperature: f32,
    /// Trials of which the first opinion can be told.
    pub trials: u32,
    /// Trials of which it cannot.
    pub unreadable: u32,
    /// Graders and judge take the answer for right.
    pub both_right: u32,
    /// Both take it for wrong.
    pub both_wrong: u32,
    /// The graders passed it, the judge did not.
    pub only_graders: u32,
    /// The judge passed it, the graders did not.
    pub only_judge: u32,
    /// Agreement beyond chance, Cohen's kappa over first opinions: `(o - e) / (1 - e)` with the observed share of
    /// agreement `o` and the one expected of two that judge independently, `e`. `None` where `e` is 1.
    pub kappa: Option<f64>,
    pub repeated: u32,
    /// Of these, such where they differ though nothing else did.
    pub flips: u32,
    /// The latter's share of the former.
    pub flip_rate: Option<f64>,
    /// Tokens it used, in and out.
    pub tokens: u64,
    /// US dollars; `None` when a price is unknown. Not part of what answers cost.
    pub cost_usd: Option<f64>,
}

impl JudgeAgreement {
    /// `None` when no opinion was asked for.
    pub(super) fn of(records: &[TrialRecord]) -> Option<Self> {
        let all: Vec<(&Opinions, bool)> = records
            .iter()
            .filter_map(|record| Some((record.judge.as_ref()?, record.verdict.passed())))
            .collect();
        let (first, _) = all.first()?;
        let told: Vec<(bool, bool)> = all
            .iter()
            .filter_map(|(opinions, passed)| Some((*passed, opinions.first()?)))
            .collect();
        let of =
            |graders: bool, judge: bool| count(told.iter().filter(|pair| **pair == (graders, judge)).count());
        let flips: Vec<bool> = all
            .iter()
            .filter_map(|(opinions, _)| opinions.flipped())
            .collect();
        let (repeated, flipped) = (
            count(flips.len()),
            count(flips.iter().filter(|flip| **flip).count()),
        );
        let (both_right, both_wrong) = (of(true, true), of(false, false));
        let (only_graders, only_judge) = (of(true, false), of(false, true));
        Some(Self {
            models: all.iter().map(|(opinions, _)| opinions.model.clone()).collect(),
            prompts: all.iter().map(|(opinions, _)| opinions.prompt.clone()).collect(),
            temperature: first.temperature,
            trials: count(told.len()),
            unreadable: count(all.len() - told.len()),
            both_right,
            both_wrong,
            only_graders,
            only_judge,
            kappa: kappa(both_right, only_graders, only_judge, both_wrong),
            repeated,
            flips: flipped,
            flip_rate: (repeated > 0).then(|| f64::from(flipped) / f64::from(repeated)),
            tokens: all
                .iter()
                .map(|(opinions, _)| opinions.usage.input_tokens + opinions.usage.output_tokens)
                .sum(),
            cost_usd: all.iter().map(|(opinions, _)| opinions.cost_usd).sum(),
        })
    }

    /// What is said of it in a line.
    pub fn sentence(&self) -> String {
        let agreed = self.both_right + self.both_wrong;
        let kappa = self
            .kappa
            .map_or_else(|| "undefined".to_owned(), |kappa| format!("{kappa:.2}"));
        let models: Vec<&str> = self.models.iter().map(String::as_str).collect();
        format!(
            "{}: as the graders in {agreed} of {} trials (kappa {kappa}), right where they failed in {}, wrong where they passed in {}; \
             said otherwise when asked again in {} of {}; {} without a verdict",
            models.join(", "),
            self.trials,
            self.only_judge,
            self.only_graders,
            self.flips,
            self.repeated,
            self.unreadable,
        )
    }
}

/// Cohen's kappa of a table of two by two.
fn kappa(both_yes: u32, only_first: u32, only_second: u32, both_no: u32) -> Option<f64> {
    let [a, b, c, d] = [both_yes, only_first, only_second, both_no].map(f64::from);
    let all = a + b + c + d;
    let observed = (a + d) / all;
    let expected = ((a + b) * (a + c) + (c + d) * (b + d)) / (all * all);
    let kappa = (observed - expected) / (1.0 - expected);
    kappa.is_finite().then_some(kappa)
}
