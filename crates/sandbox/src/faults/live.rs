use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::rule::{FaultKind, FaultRule};
use super::syntax::FaultSyntaxError;

/// The faults of a running sandbox; clones share them, so that a test can change them between requests.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    rules: Arc<Mutex<Vec<ActiveFault>>>,
}

#[derive(Debug)]
struct ActiveFault {
    rule: FaultRule,
    seen: u64,
    hits: u64,
}

impl Faults {
    /// Replaces all rules.
    pub fn set(&self, rules: Vec<FaultRule>) {
        *self.lock() = rules.into_iter().map(ActiveFault::new).collect();
    }

    /// Adds the rules written in `text` (see [`FaultRule`]'s `parse_all`) after those there are.
    pub fn add(&self, text: &str) -> Result<(), FaultSyntaxError> {
        let rules = FaultRule::parse_all(text)?;
        self.lock().extend(rules.into_iter().map(ActiveFault::new));
        Ok(())
    }

    /// Removes all rules.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// How many requests each rule has hit so far, in the order the rules were given.
    pub fn hits(&self) -> Vec<u64> {
        self.lock().iter().map(|armed| armed.hits).collect()
    }

    /// Faults for one request. Delays add up; of the others only the first that is due takes effect and is counted.
    pub(super) fn due(&self, method: &str, path: &str) -> Vec<FaultKind> {
        let mut due = Vec::new();
        let mut decided = false;
        for armed in self.lock().iter_mut() {
            if !armed.rule.route.matches(method, path) {
                continue;
            }
            let delays = matches!(
                armed.rule.kind,
                FaultKind::Latency(_) | FaultKind::SlowFirstByte(_)
            );
            if !delays && decided {
                continue;
            }
            armed.seen += 1;
            let spent = armed.rule.count.is_some_and(|count| armed.hits >= count);
            if armed.seen <= armed.rule.skip || spent {
                continue;
            }
            armed.hits += 1;
            decided |= !delays;
            due.push(armed.rule.kind.clone());
        }
        due
    }

    fn lock(&self) -> MutexGuard<'_, Vec<ActiveFault>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ActiveFault {
    fn new(rule: FaultRule) -> Self {
        Self {
            rule,
            seen: 0,
            hits: 0,
        }
    }
}
