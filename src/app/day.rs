use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::Error;
use super::catalog_cache::credential_holder;
use crate::config::Settings;
use crate::ledger::DayLedger;
use crate::metabase::AuthSettings;
use crate::principal::Principal;

/// How long after the end of a turn its reservation is taken for left behind.
const GRACE: Duration = Duration::from_secs(60);

/// The day's ledger of whoever has this credential; `None` when no day is limited. One that cannot be read is an error
/// now, before anything is spent.
pub fn book(
    settings: &Settings,
    principal: &Principal,
    auth: &AuthSettings,
) -> Result<Option<Arc<DayLedger>>, Error> {
    let day = &settings.day;
    let Some(dir) = day.dir.as_ref().filter(|_| !day.allowance.is_unlimited()) else {
        return Ok(None);
    };
    let whose = credential_holder(principal, auth);
    let lease = settings.budget.max_time.saturating_add(GRACE);
    let book = DayLedger::new(dir, &whose, day.allowance, day.time_zone.clone(), lease);
    book.standing(Timestamp::now())?;
    Ok(Some(Arc::new(book)))
}
