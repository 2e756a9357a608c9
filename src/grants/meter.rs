use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::policy::PermittingRule;

const MINUTE: Duration = Duration::from_secs(60);

/// Counts calls under each rule: of the last minute for all sessions of a process together, and of one session.
#[derive(Debug, Clone, Default)]
pub struct CallMeter {
    minute: Arc<Mutex<BTreeMap<usize, VecDeque<Instant>>>>,
    session: Arc<Mutex<BTreeMap<usize, u32>>>,
}

impl CallMeter {
    /// The same meter for another session, of which nothing is counted yet.
    #[must_use]
    pub fn for_session(&self) -> Self {
        Self {
            minute: Arc::clone(&self.minute),
            session: Arc::default(),
        }
    }

    /// Counts a call under the first of these rules whose rates have room, and returns it. Or says why none has.
    pub fn take<'a>(&self, rules: &'a [PermittingRule]) -> Result<&'a PermittingRule, String> {
        let mut minute = self.minute.lock().unwrap_or_else(PoisonError::into_inner);
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let mut full = None;
        for rule in rules {
            let recent = minute.entry(rule.number).or_default();
            while recent.front().is_some_and(|at| now.duration_since(*at) >= MINUTE) {
                recent.pop_front();
            }
            let in_session = session.entry(rule.number).or_default();
            if let Some(most) = rule.max_calls_per_session.filter(|most| *in_session >= *most) {
                full = Some(format!("{most} calls a session are used up ({})", rule.name()));
                continue;
            }
            if let Some(most) = rule.max_calls_per_minute {
                if recent.len() >= usize::try_from(most).unwrap_or(usize::MAX) {
                    let wait = recent
                        .front()
                        .map_or(MINUTE, |at| MINUTE.saturating_sub(now.duration_since(*at)));
                    full = Some(format!(
                        "{most} calls a minute are used up, the next is free in {} s ({})",
                        wait.as_secs().saturating_add(1),
                        rule.name()
                    ));
                    continue;
                }
                recent.push_back(now);
            }
            *in_session = in_session.saturating_add(1);
            return Ok(rule);
        }
        Err(full.unwrap_or_else(|| "no rule grants it".to_owned()))
    }
}
