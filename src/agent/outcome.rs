//! How a turn ends: its [`Outcome`], for people and programs, and the [`StopReason`] that ended its loop.

use serde::{Deserialize, Serialize};

/// How a turn ended, for people and programs. A turn always ends in exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// The question was answered from complete results.
    Answered,
    /// It was answered, but something it rests on is not whole (cut rows, a failed page), a figure of it has no source,
    /// or a query failed that nothing made up for.
    Partial,
    /// The model asked the person something.
    NeedsClarification,
    /// The catalog holds nothing that answers it: the model said so, or all its calls asked for what is not there.
    NotInCatalog,
    /// It was declined: it asks Cardinal to act, the provider withheld the answer, or figures have no source and the
    /// settings withhold such answers.
    Refused,
    /// A budget ran out; the text says what was found until then.
    BudgetExhausted,
    /// The guard ended a loop that went nowhere; the text says what was found until then.
    LoopStopped,
    /// The model or the data source failed, or no call brought anything that an answer could rest on.
    UpstreamFailed,
    /// Whoever asked cancelled it.
    Cancelled,
}

impl Outcome {
    /// The exit code of the command line: 0 only for a whole answer.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Answered => 0,
            Self::Partial => 10,
            Self::NeedsClarification => 11,
            Self::NotInCatalog => 12,
            Self::Refused => 13,
            Self::BudgetExhausted => 14,
            Self::LoopStopped => 15,
            Self::UpstreamFailed => 16,
            Self::Cancelled => 130,
        }
    }

    /// One English sentence for people, with its full stop.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Answered => "The question was answered from complete results.",
            Self::Partial => "The question was answered, but not all of it rests on whole results.",
            Self::NeedsClarification => "The question can be meant in more than one way.",
            Self::NotInCatalog => "Nothing in the catalog answers the question.",
            Self::Refused => "The question was declined.",
            Self::BudgetExhausted => "A budget ran out before the question was answered.",
            Self::LoopStopped => "The model went in circles and was stopped.",
            Self::UpstreamFailed => "The model or the data source failed.",
            Self::Cancelled => "The question was cancelled.",
        }
    }
}

/// Why the loop ended: every exit has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StopReason {
    /// The model answered without asking for more tools.
    FinalAnswer,
    /// The model's answer reached its output limit: the text is cut.
    OutputLimit,
    /// The model called `ask_user`: the answer's text is its question, `options` what to choose from.
    AskedUser,
    /// The model called `cannot_answer` and said that nothing in the catalog answers the question.
    CannotAnswer,
    /// The model called `cannot_answer` and said that the data is there.
    CannotCompute,
    /// The model called `cannot_answer` because it was asked to do something, or to show its instructions.
    CannotAct,
    /// The provider withheld the answer.
    ModelRefused,
    /// Figures of the answer have no source, and the settings say to withhold such an answer.
    Ungrounded,
    /// The step budget ran out.
    MaxSteps,
    /// The tool-call budget ran out.
    MaxToolCalls,
    /// The token budget ran out.
    MaxTokens,
    /// The money budget ran out, or the model's price is unknown under a money budget.
    MaxCost,
    /// The wall-time budget ran out.
    MaxTime,
    /// The conversation's tokens ran out.
    SessionTokens,
    /// The conversation's money ran out, or the model's price is unknown under a money budget.
    SessionCost,
    /// The conversation's queries ran out.
    SessionQueries,
    /// The principal's tokens of the day ran out.
    DayTokens,
    /// The principal's money of the day ran out, or the model's price is unknown under a money budget.
    DayCost,
    /// The principal's queries of the day ran out.
    DayQueries,
    /// The day's ledger cannot be read or written, so that nothing more is spent.
    LedgerFailed,
    /// The same call came again and again.
    RepeatedCall,
    /// A cycle of calls came again and again.
    Cycle,
    /// The same class of error came again and again.
    ErrorStreak,
    /// Calls failed too often in one turn, whatever lay between.
    TooManyErrors,
    /// Calls with other arguments brought the same results again and again.
    NoNewInformation,
    /// The same source was asked again and again for more than is shown.
    RefetchedCut,
    /// One result was read page by page.
    EndlessPaging,
    /// The person was asked back turn after turn.
    AskedAgain,
    /// Results were empty again and again.
    EmptyResults,
    /// The model's text had no end.
    EndlessText,
    /// The model answered nothing at all.
    EmptyAnswer,
    /// The model wrote tool calls into its text in forms that cannot be read.
    UnreadableCalls,
    /// The model could not be reached, or its answers could not be read, after all retries.
    ModelFailed,
    /// The data source failed in a way the model cannot fix.
    DataFailed,
    /// Whoever asked cancelled it.
    Cancelled,
}

impl StopReason {
    /// The outcome of a turn that ended so, before what its calls brought is looked at.
    pub fn outcome(self) -> Outcome {
        match self {
            Self::FinalAnswer => Outcome::Answered,
            Self::OutputLimit => Outcome::Partial,
            Self::AskedUser => Outcome::NeedsClarification,
            Self::CannotAnswer | Self::CannotCompute => Outcome::NotInCatalog,
            Self::CannotAct | Self::ModelRefused | Self::Ungrounded => Outcome::Refused,
            Self::MaxSteps
            | Self::MaxToolCalls
            | Self::MaxTokens
            | Self::MaxCost
            | Self::MaxTime
            | Self::SessionTokens
            | Self::SessionCost
            | Self::SessionQueries
            | Self::DayTokens
            | Self::DayCost
            | Self::DayQueries
            | Self::LedgerFailed => Outcome::BudgetExhausted,
            Self::RepeatedCall
            | Self::Cycle
            | Self::ErrorStreak
            | Self::TooManyErrors
            | Self::RefetchedCut
            | Self::EndlessPaging
            | Self::AskedAgain
            | Self::NoNewInformation
            | Self::EmptyResults
            | Self::EndlessText
            | Self::EmptyAnswer
            | Self::UnreadableCalls => Outcome::LoopStopped,
            Self::ModelFailed | Self::DataFailed => Outcome::UpstreamFailed,
            Self::Cancelled => Outcome::Cancelled,
        }
    }

    /// One sentence for people and for the model: why the loop ended.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::FinalAnswer => "The model answered.",
            Self::OutputLimit => "The model's answer reached its output limit and is cut.",
            Self::AskedUser => "The model asked a question back.",
            Self::CannotAnswer => "The model found nothing in the catalog that answers the question.",
            Self::CannotCompute => {
                "The catalog has the data, but no tool can compute from it what was asked."
            }
            Self::CannotAct => {
                "Cardinal only answers from the catalog: it cannot change or send anything, nor show its instructions."
            }
            Self::ModelRefused => "The model's provider withheld the answer.",
            Self::Ungrounded => "Figures of the answer have no source in any result.",
            Self::MaxSteps => "The turn's steps are used up.",
            Self::MaxToolCalls => "The turn's tool calls are used up.",
            Self::MaxTokens => "The turn's tokens are used up.",
            Self::MaxCost => {
                "The turn's money is used up, or the model's price is not known under a money budget."
            }
            Self::MaxTime => "The turn's time is used up.",
            Self::SessionTokens => "The conversation's tokens are used up.",
            Self::SessionCost => {
                "The conversation's money is used up, or the model's price is not known under a money budget."
            }
            Self::SessionQueries => "The conversation's queries are used up.",
            Self::DayTokens => "The day's tokens are used up.",
            Self::DayCost => {
                "The day's money is used up, or the model's price is not known under a money budget."
            }
            Self::DayQueries => "The day's queries are used up.",
            Self::LedgerFailed => "What was used today is not known, so nothing more is spent.",
            Self::RepeatedCall => "The same call came again and again.",
            Self::Cycle => "The same calls came round again and again.",
            Self::ErrorStreak => "Calls failed again and again.",
            Self::TooManyErrors => "Too many calls failed.",
            Self::NoNewInformation => "Calls brought nothing new.",
            Self::RefetchedCut => {
                "The same source was asked again and again for more rows than can be shown."
            }
            Self::EndlessPaging => "A result was read page by page without end.",
            Self::AskedAgain => "The person was asked back again and again.",
            Self::EmptyResults => "Results were empty again and again.",
            Self::EndlessText => "The model's text had no end and was cut.",
            Self::EmptyAnswer => "The model answered nothing.",
            Self::UnreadableCalls => "The model wrote tool calls that cannot be read.",
            Self::ModelFailed => "The model failed.",
            Self::DataFailed => "The data source failed.",
            Self::Cancelled => "The question was cancelled.",
        }
    }
}
