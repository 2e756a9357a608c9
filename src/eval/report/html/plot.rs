//! Plots of one bar for each trial.

use serde::Serialize;

use super::anchor;
use crate::eval::record::TrialRecord;
use crate::eval::stats::quantile;

/// Bars, one for each trial, as wide as the plot divided by their number. The plot is 1000 wide and 100 high.
#[derive(Debug, Serialize)]
pub(super) struct Plot {
    name: &'static str,
    title: &'static str,
    /// What the highest bar is worth.
    most: String,
    /// All of it in words.
    caption: String,
    /// How far from above the median is.
    median: f64,
    bars: Vec<Bar>,
}

#[derive(Debug, Serialize)]
struct Bar {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
    label: String,
    anchor: String,
    passed: bool,
}

/// Nothing is drawn when nothing was measured, or all of it is zero.
pub(super) fn plot(
    name: &'static str,
    title: &'static str,
    unit: &str,
    records: &[TrialRecord],
    value: impl Fn(&TrialRecord) -> Option<f64>,
) -> Option<Plot> {
    let values: Vec<(usize, &TrialRecord, f64)> = records
        .iter()
        .enumerate()
        .filter_map(|(place, record)| value(record).map(|value| (place, record, value)))
        .collect();
    let most = values.iter().map(|(_, _, value)| *value).fold(0.0, f64::max);
    if most <= 0.0 {
        return None;
    }
    let mut sorted: Vec<f64> = values.iter().map(|(_, _, value)| *value).collect();
    let median = quantile(&mut sorted, 0.5)?;
    let p95 = quantile(&mut sorted, 0.95)?;
    let width = 1000.0 / values.iter().map(|_| 1.0).sum::<f64>();
    let mut x = 0.0;
    let mut bars = Vec::with_capacity(values.len());
    for (place, record, value) in values {
        let height = 100.0 * value / most;
        let (case, trial) = (record.case_key(), record.trial);
        bars.push(Bar {
            x,
            y: 100.0 - height,
            width: (width * 0.85).min(60.0),
            height,
            label: format!(
                "{case} trial {trial}: {} {unit}, {}",
                short(value),
                record.verdict
            ),
            anchor: anchor(place),
            passed: record.verdict.passed(),
        });
        x += width;
    }
    Some(Plot {
        name,
        title,
        most: format!("{} {unit}", short(most)),
        caption: format!(
            "{title} of {} trials, in order: median {} {unit} (dashed), 95 % within {} {unit}, at most {} {unit}. Hatched \
             trials did not pass.",
            bars.len(),
            short(median),
            short(p95),
            short(most)
        ),
        median: 100.0 - 100.0 * median / most,
        bars,
    })
}

fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}
