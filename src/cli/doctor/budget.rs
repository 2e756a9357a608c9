use jiff::Timestamp;

use super::report::Check;
use crate::app;
use crate::config::Settings;
use crate::ledger::SpendLimit;
use crate::principal::Principal;

/// How much of the day's budget is used, if a day is limited.
pub(super) fn check(settings: &Settings, checks: &mut Vec<Check>) {
    let Some(metabase) = &settings.metabase else {
        return;
    };
    let standing = match app::day_book(settings, &Principal::default(), &metabase.auth) {
        Ok(None) => return,
        Ok(Some(book)) => book
            .standing(Timestamp::now())
            .map(|standing| (book.allowance(), standing)),
        Err(error) => return checks.push(Check::error("budget", &error, FIX)),
    };
    let (allowance, standing) = match standing {
        Ok(found) => found,
        Err(error) => return checks.push(Check::error("budget", &error, FIX)),
    };
    let limits = [
        (allowance.max_tokens.is_some(), SpendLimit::Tokens),
        (allowance.max_cost_usd.is_some(), SpendLimit::Cost),
        (allowance.max_queries.is_some(), SpendLimit::Queries),
    ];
    let told: Vec<String> = limits
        .into_iter()
        .filter(|(limited, _)| *limited)
        .map(|(_, limit)| allowance.told(limit, standing.taken))
        .collect();
    let (told, day, until) = (told.join(", "), standing.day, standing.until);
    checks.push(Check::ok(
        "budget",
        format!("{told} used or reserved on {day}; the next day begins at {until}"),
    ));
}

const FIX: &str = "see that the ledger's folder can be written, or set budget.ledger_dir";
