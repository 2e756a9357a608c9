use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, Zoned};
use rust_decimal::Decimal;

use crate::batch::{AnswerOrder, AskOptions, RoundOptions};
use crate::cli::args::{LimitArgs, TurnArgs};

/// Sessions at once, by default; and when all that wait are asked together.
const JOBS: u16 = 4;
const JOBS_IN_ROUNDS: u16 = 2000;

/// `cardinal batch`.
#[derive(Debug, Args)]
#[command(after_long_help = HELP)]
pub(in crate::cli) struct BatchArgs {
    /// The questions: JSON Lines or CSV; `-` reads them from stdin
    #[arg(value_name = "QUESTIONS")]
    pub(super) questions: PathBuf,
    /// The file of answers, one JSON object a line. What a run needs to go on is kept beside it, in ANSWERS.run/
    #[arg(short, long, value_name = "ANSWERS.jsonl")]
    pub(super) out: PathBuf,
    /// How many sessions are asked at once [default: 4; with --provider-batch 2000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=20_000))]
    jobs: Option<u16>,
    #[command(flatten)]
    pub(super) limits: LimitArgs,
    /// Most money that the run may spend, in US dollars; reserved before each completion
    #[arg(long, value_name = "USD", value_parser = dollars)]
    pub(super) budget: Option<Decimal>,
    /// Ask by the batch API of OpenAI or Anthropic, at half the price: completions go up in rounds, each of which may take
    /// a day and mostly takes less than an hour
    #[arg(long)]
    pub(super) provider_batch: bool,
    /// Most rounds of the whole run [default: as many as its questions can need]
    #[arg(long, value_name = "N", requires = "provider_batch", value_parser = clap::value_parser!(u32).range(1..))]
    max_rounds: Option<u32>,
    /// Ask at once and at the full price when no more than N completions are left, or no rounds
    #[arg(long, value_name = "N", requires = "provider_batch")]
    live_stragglers: Option<u32>,
    /// The order of the answers when the run ends; until then they stand as they come
    #[arg(long, value_enum, default_value_t = OrderArg::Input)]
    pub(super) order: OrderArg,
    /// Ask again what came to nothing because the model or the data source failed or the day's budget was used up
    #[arg(long)]
    pub(super) retry_failed: bool,
    /// Keep only answers given since then, and ask the others again: a time ago such as 12h or 7d, a day, or a moment
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(super) since: Option<Timestamp>,
    /// Begin again: remove ANSWERS.jsonl and what is kept beside it
    #[arg(long)]
    pub(super) fresh: bool,
    /// Write one HTML page with the summary and all answers
    #[arg(long, value_name = "FILE.html")]
    pub(super) report: Option<PathBuf>,
    /// Write a table with one row for each answer
    #[arg(long, value_name = "FILE.csv")]
    pub(super) table: Option<PathBuf>,
    #[command(flatten)]
    pub(super) turn: TurnArgs,
}

impl BatchArgs {
    pub(super) fn asked(&self) -> AskOptions {
        let rounds = self.provider_batch.then(|| RoundOptions {
            most: self.max_rounds,
            live: self
                .live_stragglers
                .map(|few| usize::try_from(few).unwrap_or(usize::MAX)),
        });
        let usual = if self.provider_batch { JOBS_IN_ROUNDS } else { JOBS };
        AskOptions {
            jobs: self.jobs.unwrap_or(usual).into(),
            budget: self.budget,
            rounds,
        }
    }
}

/// In which order answers stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum OrderArg {
    /// That of the questions
    Input,
    /// That in which they came
    Completion,
}

impl From<OrderArg> for AnswerOrder {
    fn from(order: OrderArg) -> Self {
        match order {
            OrderArg::Input => Self::Input,
            OrderArg::Completion => Self::Completion,
        }
    }
}

const HELP: &str = "\
A row has `question` and may have `id`, `session`, `principal` and `today`; everything
else is passed through as `metadata`. Rows of one session are asked in order, sessions
side by side. The same command goes on with a run that was stopped or killed.

Exit codes of `batch`:
    0  Every question has an answer, whatever its outcome.
    1  Some questions could not be asked, the rounds are used up, or the run could not
       begin or go on.
    2  The command line is wrong.
   14  A budget ended the run; the same command with more money goes on.
  130  It was stopped; the same command goes on.";

fn dollars(text: &str) -> Result<Decimal, String> {
    let money: Decimal = text
        .parse()
        .map_err(|_| "write an amount such as 5 or 0.50".to_owned())?;
    if money <= Decimal::ZERO {
        return Err("a run without money asks nothing".to_owned());
    }
    Ok(money)
}

/// A time ago, a day or a moment.
fn moment(text: &str) -> Result<Timestamp, String> {
    const HELP: &str = "write a time ago such as 12h or 7d, a day such as 2026-06-30, or a moment such as \
                        2026-06-30T06:00:00Z";
    if let Ok(ago) = crate::cli::token::duration(text) {
        let ago = SignedDuration::try_from(ago).map_err(|_| HELP)?;
        return Timestamp::now().checked_sub(ago).map_err(|_| HELP.to_owned());
    }
    if let Ok(day) = text.parse::<Date>() {
        let zone = Zoned::now().time_zone().clone();
        let begins = day.to_zoned(zone).map_err(|_| HELP)?;
        return Ok(begins.timestamp());
    }
    text.parse().map_err(|_| HELP.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_in_three_ways() {
        let hour = moment("1h").unwrap();
        let ago = Timestamp::now().duration_since(hour).as_secs();
        assert!((3595..3700).contains(&ago), "{ago}");
        assert_eq!(
            moment("2026-06-30T06:00:00Z").unwrap().to_string(),
            "2026-06-30T06:00:00Z"
        );
        assert!(moment("2026-06-30").is_ok());
        assert!(moment("yesterday").is_err());
        assert!(dollars("0").is_err() && dollars("-1").is_err() && dollars("a").is_err());
        assert_eq!(dollars("0.5").unwrap().to_string(), "0.5");
    }
}
