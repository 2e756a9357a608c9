use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::term;

/// How often the time left is written anew on a terminal.
const TICK: Duration = Duration::from_millis(500);
/// How often a line is written where nobody watches.
const NOW_AND_THEN: Duration = Duration::from_secs(10);

/// How far a run of many questions is. On a terminal: a bar with pace, time left, cost and what came of them. Elsewhere: a
/// line now and then.
#[derive(Debug)]
pub(super) struct RunProgress {
    bar: Option<ProgressBar>,
    wanted: bool,
    planned: u64,
    before: u64,
    ended: u64,
    cost: f64,
    counts: BTreeMap<String, u64>,
    began: Instant,
    said: Instant,
}

impl RunProgress {
    /// Of `planned` questions, of which so many were done before.
    pub(super) fn new(planned: usize, before: usize, wanted: bool) -> Self {
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        Self {
            bar: None,
            wanted,
            planned: count(planned),
            before: count(before),
            ended: 0,
            cost: 0.0,
            counts: BTreeMap::new(),
            began: Instant::now(),
            said: Instant::now(),
        }
    }

    /// Shows it, where it is wanted.
    pub(super) fn begin(&mut self) {
        (self.began, self.said) = (Instant::now(), Instant::now());
        self.bar = (self.wanted && term::err_is_terminal()).then(|| {
            let bar = ProgressBar::new(self.planned);
            let template = "{bar:24} {pos}/{len} · {per_sec} · {eta} left · {wide_msg}";
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.set_position(self.before);
            // What was done before says nothing of the pace.
            bar.reset_eta();
            // Seen from the start, and counting down while nothing ends.
            bar.enable_steady_tick(TICK);
            bar
        });
    }

    /// Whether it is a bar.
    pub(super) fn is_bar(&self) -> bool {
        self.bar.is_some()
    }

    /// A question has ended: in a word, and what it cost if that is known.
    pub(super) fn ended(&mut self, word: &str, cost: Option<f64>) {
        self.count(word, cost);
        if self.bar.is_none() && self.wanted && self.said.elapsed() >= NOW_AND_THEN {
            self.said = Instant::now();
            term::say(self.line());
        }
    }

    /// The same for whoever writes a line about each.
    pub(super) fn count(&mut self, word: &str, cost: Option<f64>) {
        self.ended += 1;
        self.cost += cost.unwrap_or(0.0);
        *self.counts.entry(word.to_owned()).or_default() += 1;
        if let Some(bar) = &self.bar {
            bar.set_message(self.tally());
            bar.inc(1);
        }
    }

    /// `3/12`: how many have ended.
    pub(super) fn position(&self) -> String {
        format!("{}/{}", self.before + self.ended, self.planned)
    }

    pub(super) fn suspended(&self, say: impl FnOnce()) {
        match &self.bar {
            Some(bar) => bar.suspend(say),
            None => say(),
        }
    }

    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn line(&self) -> String {
        let seconds = self.began.elapsed().as_secs_f64().max(0.001);
        let ended = f64::from(u32::try_from(self.ended).unwrap_or(u32::MAX));
        let left = self.planned.saturating_sub(self.before + self.ended);
        let left = f64::from(u32::try_from(left).unwrap_or(u32::MAX)) * seconds / ended.max(1.0);
        format!(
            "{} · {:.1}/s · {left:.0} s left · {}",
            self.position(),
            ended / seconds,
            self.tally()
        )
    }

    /// What it cost, and how many came to what.
    fn tally(&self) -> String {
        let counts = self.counts.iter().map(|(word, count)| format!("{count} {word}"));
        let counts: Vec<String> = counts.collect();
        format!("${:.2} · {}", self.cost, counts.join(", "))
    }
}
