use super::EvalError;
use super::args::PromoteArgs;
use super::replay::settings_for;
use crate::cli::args::GlobalArgs;
use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;
use crate::cli::term;
use crate::eval::Mode;
use crate::eval::recordings::{Promotion, promote};

/// The set that promoted cases are kept in.
const SET: &str = "promoted";

/// Makes a case of a tape, and says what of it has to be looked at.
pub(super) async fn run(global: &GlobalArgs, args: &PromoteArgs) -> Result<ExitStatus, CliError> {
    let promotion = Promotion {
        tape: args.tape.clone(),
        suite: args.suite.clone(),
        set: args.set.clone().unwrap_or_else(|| SET.to_owned()),
        id: args.id.clone(),
    };
    let promoted = promote(&promotion, &settings_for(global, Mode::Replay)?)
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
