use std::io::Read as _;

use super::answer::{self, AnswerDisplay, OutputFormat, SourceDetail};
use super::args::{AskArgs, GlobalArgs};
use super::error::CliError;
use super::exit::ExitStatus;
use super::turn::{QuestionRunner, TapeChoice};
use super::{settings, term};
use crate::agent::Answer;
use crate::app::Error;
use crate::metabase::FailureClass;
use crate::wire::TapeFile;

/// Longest question read from stdin, in bytes.
const MAX_QUESTION: u64 = 64 * 1024;

pub(super) async fn run(global: &GlobalArgs, args: &AskArgs) -> Result<ExitStatus, CliError> {
    let question = question(&args.question)?;
    let format = match (global.json(), args.table) {
        (true, _) => OutputFormat::Json,
        (false, true) => OutputFormat::Table,
        (false, false) => OutputFormat::Text,
    };
    let mut turn = args.turn.clone();
    if let Some(tape) = args.tape.as_ref().filter(|_| args.resume) {
        let begun = TapeFile::read_unfinished(tape)?.header;
        if begun.question != question && !turn.quiet {
            term::warn(term::plain(&format!(
                "the question on the tape is answered: {}",
                begun.question
            )));
        }
        turn.today = Some(begun.today);
    }
    let tape = args.tape.clone().map_or(TapeChoice::Settings, TapeChoice::File);
    let runner = match QuestionRunner::open(global, &turn, format, tape).await {
        Err(CliError::App(error)) if is_outage(&error) => return unasked(global, &question, format, &error),
        opened => opened?,
    };
    let mut session = runner.session("ask")?;
    let answer = match args.tape.as_ref().filter(|_| args.resume) {
        Some(tape) => runner.resume(&mut session, tape).await?,
        None => runner.answer(&mut session, &question).await?,
    };
    Ok(ExitStatus::Outcome(answer.outcome))
}

/// Whether the data source failed, rather than that the settings are wrong: then the question has an outcome.
fn is_outage(error: &Error) -> bool {
    match error {
        Error::Metabase { source, .. } => {
            source.class.is_of_the_source() && source.class != FailureClass::Unauthorized
        }
        _ => false,
    }
}

/// Answers that the data source failed before anything could be asked.
fn unasked(
    global: &GlobalArgs,
    question: &str,
    format: OutputFormat,
    error: &Error,
) -> Result<ExitStatus, CliError> {
    let model = settings::load_quietly(global)?.settings.model.id.to_string();
    let detail = crate::telemetry::causes(error).join(": ");
    let answer = Answer::without_source(question, model, &detail);
    let view = AnswerDisplay {
        format,
        sources: SourceDetail::None,
        remarks: false,
        links: false,
    };
    answer::print(&answer, view).map_err(CliError::Output)?;
    Ok(ExitStatus::Outcome(answer.outcome))
}

fn question(argument: &str) -> Result<String, CliError> {
    let text = if argument == "-" {
        let mut text = Vec::new();
        std::io::stdin()
            .take(MAX_QUESTION + 1)
            .read_to_end(&mut text)
            .map_err(CliError::Input)?;
        if text.len() as u64 > MAX_QUESTION {
            let problem = format!("the question is longer than {MAX_QUESTION} bytes");
            return Err(CliError::usage(problem));
        }
        String::from_utf8(text)
            .map_err(|error| CliError::Input(std::io::Error::new(std::io::ErrorKind::InvalidData, error)))?
    } else {
        argument.to_owned()
    };
    let text = text.trim();
    if text.is_empty() {
        return Err(CliError::usage("the question is empty"));
    }
    Ok(text.to_owned())
}
