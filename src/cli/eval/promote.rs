use std::path::{Path, PathBuf};

use super::EvalError;
use super::args::PromoteArgs;
use super::replay::settings_for;
use crate::cli::args::GlobalArgs;
use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;
use crate::cli::term;
use crate::config::Settings;
use crate::eval::Mode;
use crate::eval::recordings::{PersonsOpinion, Promotion, promote};
use crate::server::SessionStore;

/// The set that promoted cases are kept in.
const SET: &str = "promoted";

/// Makes a case of a tape, and says what of it has to be looked at.
pub(super) async fn run(global: &GlobalArgs, args: &PromoteArgs) -> Result<ExitStatus, CliError> {
    let settings = settings_for(global, Mode::Replay)?;
    // A store may hold the tape in a folder that goes with it.
    let (tape, opinion, _store) = tape_of(&args.tape, &settings).await?;
    let promotion = Promotion {
        tape,
        opinion,
        suite: args.suite.clone(),
        set: args.set.clone().unwrap_or_else(|| SET.to_owned()),
        id: args.id.clone(),
    };
    let promoted = promote(&promotion, &settings)
        .await
        .map_err(|error| EvalError::from(Box::new(error)))?;
    let line = |text: String| term::out_line(term::plain(&text)).map_err(CliError::Output);
    line(format!("case {} in {}", promoted.id, promoted.file.display()))?;
    line(format!("tapes in {}", promoted.tapes.display()))?;
    for figure in &promoted.confirm {
        line(format!(
            "confirm: turn {}: {} from {}",
            figure.turn, figure.written, figure.from
        ))?;
    }
    if promoted.confirm.is_empty() {
        line(
            "confirm: only the outcome is expected, for no figure of the answer comes from a result"
                .to_owned(),
        )?;
    }
    let suite = args.suite.display();
    term::say(format_args!(
        "replay it with `cardinal eval run {suite} --mode replay --filter {}`",
        promoted.id
    ));
    Ok(ExitStatus::Done)
}

/// The tape that is meant, with what a person thought of its answer, and the store that it is from.
async fn tape_of(
    named: &Path,
    settings: &Settings,
) -> Result<(PathBuf, Option<PersonsOpinion>, Option<SessionStore>), CliError> {
    let id = named
        .to_str()
        .filter(|name| name.starts_with("ans_") && !name.contains(['.', '/', '\\']));
    let Some(id) = id.filter(|_| !named.exists()) else {
        return Ok((named.to_owned(), None, None));
    };
    let store = SessionStore::open(settings).await?;
    let answer = store.rated_answer(id).await?;
    let answer = answer.ok_or_else(|| CliError::NoSuchAnswer {
        id: id.to_owned(),
        store: store.name().to_owned(),
    })?;
    let opinion = answer.rating.map(|rating| PersonsOpinion {
        person: answer.asked_by,
        rating,
        comment: answer.comment,
    });
    Ok((answer.tape, opinion, Some(store)))
}
