//! The compact form of fault rules, as `--faults` takes it.
//!
//! ```text
//! faults  = rule *( ";" rule )
//! rule    = METHOD PATH "=" kind *( "," option )       METHOD may be *; in PATH * is one segment, a last ** the rest
//! kind    = latency:DURATION                           the answer comes later
//!         | slow-first-byte:DURATION                   headers at once, the body later
//!         | STATUS                                     e.g. 429, 503
//!         | failed                                     202 with a failed envelope
//!         | cut:SIZE                                   the connection breaks after SIZE bytes of the body
//!         | glue:SIZE                                  an error object follows SIZE bytes of the body
//!         | huge:SIZE                                  a valid result of SIZE bytes
//!         | expired-jwt                                401 as for an old token
//! option  = count=N | skip=N | retry-after=SECONDS     STATUS:N, failed:N and expired-jwt:N are short for count=N
//! ```
//!
//! `DURATION` is `250ms` or `2s`; `SIZE` is `512`, `64kb`, `200mb` or `1gb` (powers of ten).
//! Example: `POST /api/card/*/query=429:2,retry-after=1; GET /api/card/*=latency:500ms`.

use std::str::FromStr;
use std::time::Duration;

use super::rule::{FaultKind, FaultRule, RoutePattern};

/// A fault rule that could not be read.
#[derive(Debug, thiserror::Error)]
#[error(
    "fault rule `{rule}`: {reason}; write METHOD PATH=KIND, e.g. POST /api/card/*/query=429:2,retry-after=1"
)]
pub struct FaultSyntaxError {
    /// The rule as given.
    pub rule: String,
    /// What is wrong with it.
    pub reason: String,
}

impl FaultRule {
    /// Reads rules separated by `;`. Empty text has none.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, FaultSyntaxError> {
        text.split(';')
            .map(str::trim)
            .filter(|rule| !rule.is_empty())
            .map(str::parse)
            .collect()
    }
}

impl FromStr for FaultRule {
    type Err = FaultSyntaxError;

    fn from_str(rule: &str) -> Result<Self, Self::Err> {
        parse(rule).map_err(|reason| FaultSyntaxError {
            rule: rule.to_owned(),
            reason,
        })
    }
}

fn parse(rule: &str) -> Result<FaultRule, String> {
    let (route, effect) = rule.split_once('=').ok_or("it has no `=`")?;
    let (method, path) = route
        .trim()
        .split_once(char::is_whitespace)
        .ok_or("it has no method before the path")?;
    let path = path.trim();
    if !path.starts_with('/') {
        return Err(format!("the path `{path}` does not start with `/`"));
    }
    let mut parts = effect.split(',').map(str::trim);
    let kind = parts.next().unwrap_or_default();
    let (name, value) = match kind.split_once(':') {
        Some((name, value)) => (name.trim(), Some(value.trim())),
        None => (kind, None),
    };
    let (mut kind, mut count) = fault_kind(name, value)?;
    let mut skip = 0;
    for option in parts {
        let (key, value) = option
            .split_once('=')
            .ok_or_else(|| format!("the option `{option}` has no value"))?;
        let value = number(value.trim())?;
        match (key.trim(), &mut kind) {
            ("count", _) => count = Some(value),
            ("skip", _) => skip = value,
            ("retry-after", FaultKind::Status { retry_after, .. }) => *retry_after = Some(value),
            (key, _) => return Err(format!("the option `{key}` is unknown or does not fit `{name}`")),
        }
    }
    Ok(FaultRule {
        route: RoutePattern::new(method, path),
        kind,
        skip,
        count,
    })
}

fn fault_kind(name: &str, value: Option<&str>) -> Result<(FaultKind, Option<u64>), String> {
    let needed = || value.ok_or_else(|| format!("`{name}` needs a value, as in `{name}:…`"));
    let count = || value.map(number).transpose();
    Ok(match name {
        "latency" => (FaultKind::Latency(duration(needed()?)?), None),
        "slow-first-byte" => (FaultKind::SlowFirstByte(duration(needed()?)?), None),
        "cut" => (FaultKind::Cut(size(needed()?)?), None),
        "glue" => (FaultKind::Glue(size(needed()?)?), None),
        "huge" => (FaultKind::Huge(size(needed()?)?), None),
        "failed" => (FaultKind::FailedInBody, count()?),
        "expired-jwt" => (FaultKind::ExpiredJwt, count()?),
        _ => match name.parse::<u16>() {
            Ok(status @ 400..=599) => {
                let retry_after = None;
                (FaultKind::Status { status, retry_after }, count()?)
            }
            _ => return Err(format!("`{name}` is no kind of fault")),
        },
    })
}

fn number(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is not a whole number"))
}

fn duration(text: &str) -> Result<Duration, String> {
    if let Some(millis) = text.strip_suffix("ms") {
        return Ok(Duration::from_millis(number(millis)?));
    }
    let seconds = text
        .strip_suffix('s')
        .ok_or_else(|| format!("`{text}` is not a duration such as 250ms or 2s"))?;
    Ok(Duration::from_secs(number(seconds)?))
}

fn size(text: &str) -> Result<u64, String> {
    let lower = text.to_ascii_lowercase();
    let (digits, unit) = [("kb", 1_000), ("mb", 1_000_000), ("gb", 1_000_000_000), ("b", 1)]
        .into_iter()
        .find_map(|(suffix, unit)| lower.strip_suffix(suffix).map(|digits| (digits, unit)))
        .unwrap_or((lower.as_str(), 1));
    number(digits.trim())?
        .checked_mul(unit)
        .ok_or_else(|| format!("`{text}` is too large"))
}
