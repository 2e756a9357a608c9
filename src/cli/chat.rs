use super::answer::{self, Form};
use super::args::{ChatArgs, GlobalArgs};
use super::error::CliError;
use super::exit::Ending;
use super::lines::{Line, Lines};
use super::term;
use super::turn::{Asking, TapeTo};
use crate::agent::Answer;

const HELP: &str = "\
/help     this list
/new      forget the conversation and begin another
/sources  the results that the last answer rests on
/quit     end (also Ctrl-D)
Ctrl-C ends the running question with what is known. Everything else is a question.";

/// What a line means.
enum Input<'a> {
    Nothing,
    Help,
    New,
    Sources,
    Quit,
    Unknown(&'a str),
    Question(&'a str),
}

impl<'a> Input<'a> {
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
pub(super) async fn run(global: &GlobalArgs, args: &ChatArgs) -> Result<Ending, CliError> {
    let form = if global.json() { Form::JsonLine } else { Form::Text };
    let tape = args.tape.clone().map_or(TapeTo::Settings, TapeTo::Folder);
    let asking = Asking::open(global, &args.turn, form, tape).await?;
    let mut lines = Lines::open()?;
    if lines.interactive() && !args.turn.quiet {
        term::say("ask away; /help lists commands, Ctrl-D ends");
    }
    let mut number = 1;
    let mut session = asking.session(&name(number))?;
    let mut last: Option<Answer> = None;
    loop {
        let line = match tokio::task::block_in_place(|| lines.next())? {
            Line::Text(line) => line,
            Line::Interrupted => continue,
            Line::End => return Ok(Ending::Done),
        };
        match Input::of(&line) {
            Input::Nothing => {}
            Input::Help => term::say(HELP),
            Input::Quit => return Ok(Ending::Done),
            Input::New => {
                number += 1;
                session = asking.session(&name(number))?;
                last = None;
                term::say("a new conversation");
            }
            Input::Sources => match &last {
                Some(answer) if !answer.evidence.is_empty() => answer::sources(answer, asking.remarks()),
                Some(_) => term::say("the last answer rests on no result"),
                None => term::say("nothing was answered yet"),
            },
            Input::Unknown(command) => {
                term::warn(format_args!("{command} is no command; /help lists them"));
            }
            Input::Question(question) => last = Some(asking.answer(&mut session, question).await?),
        }
    }
}

fn name(number: u32) -> String {
    format!("chat-{number}")
}
