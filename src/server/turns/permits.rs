//! How many turns there may be at once: in all, and of one principal.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

#[derive(Debug)]
pub(super) struct TurnPermits {
    most: usize,
    most_of_one: usize,
    taken: Mutex<(usize, HashMap<String, usize>)>,
}

impl TurnPermits {
    pub(super) fn new(most: usize, most_of_one: usize) -> Self {
        Self {
            most,
            most_of_one,
            taken: Mutex::default(),
        }
    }

    /// A place; `None` when there is none left, or when this principal has all it may have.
    pub(super) fn take(places: &Arc<Self>, principal: Option<&str>) -> Option<TurnPermit> {
        let mut taken = places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.0 >= places.most {
            return None;
        }
        if let Some(principal) = principal {
            let own = taken.1.entry(principal.to_owned()).or_default();
            if *own >= places.most_of_one {
                return None;
            }
            *own += 1;
        }
        taken.0 += 1;
        Some(TurnPermit {
            places: Arc::clone(places),
            principal: principal.map(str::to_owned),
        })
    }

    /// A place beyond the bound, for a turn that was taken before.
    pub(super) fn extra(places: &Arc<Self>) -> TurnPermit {
        places.taken.lock().unwrap_or_else(PoisonError::into_inner).0 += 1;
        TurnPermit {
            places: Arc::clone(places),
            principal: None,
        }
    }
}

/// A turn's place. It is given back when it is dropped.
#[derive(Debug)]
pub(super) struct TurnPermit {
    places: Arc<TurnPermits>,
    principal: Option<String>,
}

impl Drop for TurnPermit {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.0 = taken.0.saturating_sub(1);
        if let Some(principal) = &self.principal {
            let left = taken.1.get_mut(principal).map(|own| {
                *own = own.saturating_sub(1);
                *own
            });
            if left == Some(0) {
                taken.1.remove(principal);
            }
        }
    }
}
