use super::answer::{self, OutputFormat};
use super::args::{ChatArgs, GlobalArgs};
use super::error::CliError;
use super::exit::ExitStatus;
use super::lines::{InputLine, LineReader};
use super::term;
use super::turn::{QuestionRunner, TapeChoice};
use crate::agent::Answer;

const HELP: &str = "\
/help     this list
/new      forget the conversation and begin another
/sources  the results that the last answer rests on
/quit     end (also Ctrl-D)
Ctrl-C ends the running question with what is known. Everything else is a question.";

enum ChatInput<'a> {
    Nothing,
    Help,
    New,
    Sources,
    Quit,
    Unknown(&'a str),
    Question(&'a str),
}

impl<'a> ChatInput<'a> {
    fn of(line: &'a str) -> Self {
        match line.trim() {
            "" => Self::Nothing,
            "/help" | "/?" => Self::Help,
            "/new" => Self::New,
            "/sources" => Self::Sources,
            "/quit" | "/exit" => Self::Quit,
            command if command.starts_with('/') => Self::Unknown(command),
            question => Self::Question(question),
        }
    }
}

/// Answers questions line by line until the input ends. What went wrong with one question does not end the rest.
pub(super) async fn run(global: &GlobalArgs, args: &ChatArgs) -> Result<ExitStatus, CliError> {
    let format = if global.json() {
        OutputFormat::JsonLine
    } else {
        OutputFormat::Text
    };
    let tape = args.tape.clone().map_or(TapeChoice::Settings, TapeChoice::Folder);
    let runner = QuestionRunner::open(global, &args.turn, format, tape).await?;
    runner.warn_of_dbt_token().await;
    let mut lines = LineReader::open()?;
    if lines.interactive() && !args.turn.quiet {
        term::say("ask away; /help lists commands, Ctrl-D ends");
    }
    let mut number = 1;
    let mut session = runner.session(&name(number))?;
    let mut last: Option<Answer> = None;
    loop {
        let line = match tokio::task::block_in_place(|| lines.next())? {
            InputLine::Text(line) => line,
            InputLine::Interrupted => continue,
            InputLine::End => return Ok(ExitStatus::Done),
        };
        match ChatInput::of(&line) {
            ChatInput::Nothing => {}
            ChatInput::Help => term::say(HELP),
            ChatInput::Quit => return Ok(ExitStatus::Done),
            ChatInput::New => {
                number += 1;
                session = runner.session(&name(number))?;
                last = None;
                term::say("a new conversation");
            }
            ChatInput::Sources => match &last {
                Some(answer) if !answer.evidence.is_empty() => answer::say_sources(answer, runner.links()),
                Some(_) => term::say("the last answer rests on no result"),
                None => term::say("nothing was answered yet"),
            },
            ChatInput::Unknown(command) => {
                term::warn(format_args!("{command} is not a command; /help lists them"));
            }
            ChatInput::Question(question) => last = Some(runner.answer(&mut session, question).await?),
        }
    }
}

fn name(number: u32) -> String {
    format!("chat-{number}")
}
