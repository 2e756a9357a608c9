//! `cardinal token`: who may ask the server.

use std::time::Duration;

use secrecy::ExposeSecret as _;
use serde_json::json;

use super::args::{GlobalArgs, ScopeArg, TokenCommand};
use super::error::CliError;
use super::exit::ExitStatus;
use super::{settings, term};
use crate::server::principal_fault;

pub(super) async fn run(global: &GlobalArgs, command: TokenCommand) -> Result<ExitStatus, CliError> {
    let store = settings::open_store(global).await?;
    match command {
        TokenCommand::Create {
            name,
            principal,
            expires,
            scope,
        } => {
            let mut scopes = vec!["ask".to_owned()];
            if scope.contains(&ScopeArg::Admin) {
                scopes.push("admin".to_owned());
            }
            let principal = principal.unwrap_or_else(|| name.clone());
            let new = store.create_token(&name, &principal, &scopes, expires).await?;
            let token = new.token.expose_secret();
            if global.json() {
                term::out_line(json!({"token": token, "id": new.id})).map_err(CliError::Output)?;
            } else {
                term::out_line(token).map_err(CliError::Output)?;
                term::say(format_args!(
                    "{} is shown once; `cardinal token revoke {}` ends it",
                    new.id, new.id
                ));
            }
        }
        TokenCommand::List => {
            let tokens = store.tokens().await?;
            if global.json() {
                term::out_line(json!({ "tokens": tokens })).map_err(CliError::Output)?;
            } else {
                for token in tokens {
                    let state = match (&token.revoked_at, &token.expires_at) {
                        (Some(at), _) => format!("revoked {at}"),
                        (None, Some(at)) => format!("ends {at}"),
                        (None, None) => "does not end".to_owned(),
                    };
                    let line = format!(
                        "{}  {}  {}  {}  {state}",
                        token.id,
                        token.name,
                        token.principal,
                        token.scopes.join(" ")
                    );
                    term::out_line(term::line(&line)).map_err(CliError::Output)?;
                }
            }
        }
        TokenCommand::Revoke { id } => {
            if !store.revoke_token(&id).await? {
                return Err(CliError::NoSuchToken { id });
            }
            term::say(format_args!("{id} is revoked"));
        }
    }
    Ok(ExitStatus::Done)
}

/// Longest life of a token that has an end, in seconds: a hundred years.
const LONGEST: u64 = 100 * 366 * 86_400;

/// Whom a token is for. What would be read as somebody else, or as nobody, is none.
pub(super) fn name(text: &str) -> Result<String, String> {
    if let Some(fault) = principal_fault(text) {
        return Err(fault.to_owned());
    }
    Ok(text.to_owned())
}

/// A time as people write it: `90s`, `30m`, `12h`, `30d`, `8w`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    const HELP: &str = "write a whole number with s, m, h, d or w, such as 12h or 30d";
    let unit = text.chars().next_back().ok_or(HELP)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return Err(HELP.to_owned()),
    };
    let number: u64 = text.trim_end_matches(unit).parse().map_err(|_| HELP.to_owned())?;
    if number == 0 {
        return Err("a token that ends at once is of no use".to_owned());
    }
    number
        .checked_mul(seconds)
        .filter(|seconds| *seconds <= LONGEST)
        .map(Duration::from_secs)
        .ok_or_else(|| "is longer than a hundred years; leave it out for a token without an end".to_owned())
}
