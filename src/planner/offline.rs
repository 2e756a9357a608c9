use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, stream};
use jiff::civil::Date;
use serde_json::{Value, json};

use super::answer::{self, NO_MODEL};
use super::index::EntryIndex;
use super::profile::{Computes, EntryStems, Profile};
use super::proposal::{Proposal, QuestionContext, proposals};
use super::question::ParsedQuestion;
use super::stem::Stemmer;
use crate::catalog::{Catalog, Entry};
use crate::model::{
    Completion, Message, Model, ModelError, ModelEvent, ModelId, ModelRequest, ModelStream, Provider,
    StopCause, ToolCall, ToolChoice, ToolResultMessage, Usage,
};
use crate::text::defuse as clean;

/// Most entries named when none fits.
const MAX_NEAREST: usize = 3;
/// Most values offered for a missing parameter.
const MAX_OPTIONS: usize = 8;
/// Most words of a question that a reason names.
const MOST_WORDS: usize = 5;
/// Calls made for one question: the best one, and one more if it was refused.
const MAX_CALLS: usize = 2;

/// Plans calls from keywords: a [`Model`] without a language model. The same question over the same catalog on the same
/// day always leads to the same call.
pub struct OfflinePlanner {
    id: ModelId,
    today: Date,
    indexed: Arc<SharedIndex>,
}

/// A catalog as planners look it up. `Err` when SQLite could not build the index; said when a completion is asked for.
type SharedIndex = Result<Mutex<IndexedCatalog>, String>;

/// The indexes that planners use now, each beside its catalog. One takes half a megabyte, and so all sessions over a catalog
/// share it.
static INDEXES: Mutex<Vec<(Weak<Catalog>, Weak<SharedIndex>)>> = Mutex::new(Vec::new());

/// The index of a catalog: the one that other planners use, or a new one.
fn index_of(catalog: &Arc<Catalog>) -> Arc<SharedIndex> {
    let mut known = INDEXES.lock().unwrap_or_else(PoisonError::into_inner);
    known.retain(|(_, index)| index.strong_count() > 0);
    let same = known
        .iter()
        .find(|(of, _)| std::ptr::eq(of.as_ptr(), Arc::as_ptr(catalog)));
    if let Some(index) = same.and_then(|(_, index)| index.upgrade()) {
        return index;
    }
    let index = IndexedCatalog::new(catalog)
        .map(Mutex::new)
        .map_err(|error| error.to_string());
    let index = Arc::new(index);
    known.push((Arc::downgrade(catalog), Arc::downgrade(&index)));
    index
}

struct IndexedCatalog {
    profiles: Vec<Profile>,
    index: EntryIndex,
    stemmer: Stemmer,
}

impl fmt::Debug for OfflinePlanner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OfflinePlanner")
            .field("today", &self.today)
            .finish_non_exhaustive()
    }
}

impl OfflinePlanner {
    /// A planner over `catalog` that reads `last month` from `today`.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "every model is made from shared parts"
    )]
    pub fn new(catalog: Arc<Catalog>, today: Date) -> Self {
        Self {
            id: ModelId {
                provider: Provider::Offline,
                name: "offline".to_owned(),
            },
            today,
            indexed: index_of(&catalog),
        }
    }

    fn decide(&self, request: &ModelRequest) -> Result<NextAction, ModelError> {
        let unusable = |reason: String| ModelError::NotUsable {
            model: self.id.to_string(),
            reason: format!("the catalog could not be indexed: {reason}"),
        };
        let lock = (*self.indexed)
            .as_ref()
            .map_err(|reason| unusable(reason.clone()))?;
        lock.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .decide(&TurnSoFar::of(&request.messages), request.tool_choice, self.today)
            .map_err(|error| unusable(error.to_string()))
    }
}

impl Model for OfflinePlanner {
    fn id(&self) -> &ModelId {
        &self.id
    }

    fn complete<'a>(&'a self, request: &'a ModelRequest) -> BoxFuture<'a, Result<ModelStream, ModelError>> {
        let decided = self.decide(request);
        async move { Ok(events(decided?, &self.id, request.messages.len())) }.boxed()
    }
}

enum NextAction {
    Say(String),
    Call { tool: &'static str, arguments: Value },
}

fn events(decision: NextAction, id: &ModelId, said: usize) -> ModelStream {
    let mut events = Vec::new();
    let (text, tool_calls, stop) = match decision {
        NextAction::Say(text) => {
            events.push(Ok(ModelEvent::Text(text.clone())));
            (text, Vec::new(), StopCause::End)
        }
        NextAction::Call { tool, arguments } => {
            events.push(Ok(ModelEvent::ToolCallStarted {
                name: tool.to_owned(),
            }));
            let call = ToolCall {
                id: format!("offline-{said}"),
                name: tool.to_owned(),
                arguments: arguments.to_string(),
            };
            (String::new(), vec![call], StopCause::ToolCalls)
        }
    };
    events.push(Ok(ModelEvent::Done(Completion {
        text,
        reasoning: String::new(),
        tool_calls,
        opaque: None,
        stop,
        usage: Some(Usage::default()),
        model: id.name.clone(),
        id: None,
    })));
    stream::iter(events).boxed()
}

/// The question that is being answered, and what was done for it.
struct TurnSoFar<'a> {
    question: &'a str,
    calls: Vec<&'a ToolCall>,
    results: Vec<&'a ToolResultMessage>,
}

impl<'a> TurnSoFar<'a> {
    fn of(messages: &'a [Message]) -> Self {
        let asked = messages
            .iter()
            .enumerate()
            .rev()
            .find_map(|(at, message)| match message {
                Message::User(question) => Some((at, question.text())),
                _ => None,
            });
        // Without a question, what the program says is one.
        let asked = asked.or_else(|| {
            messages
                .iter()
                .enumerate()
                .rev()
                .find_map(|(at, message)| match message {
                    Message::Note(text) => Some((at, text.as_str())),
                    _ => None,
                })
        });
        let (at, question) = asked.unwrap_or((0, ""));
        let mut turn = Self {
            question,
            calls: Vec::new(),
            results: Vec::new(),
        };
        for message in messages.iter().skip(at) {
            match message {
                Message::Assistant { tool_calls, .. } => turn.calls.extend(tool_calls),
                Message::ToolResults(results) => turn.results.extend(results),
                Message::User(_) | Message::Note(_) => {}
            }
        }
        turn
    }
}

impl IndexedCatalog {
    fn new(catalog: &Catalog) -> Result<Self, rusqlite::Error> {
        let stemmer = Stemmer::new()?;
        let stems = EntryStems::of(catalog, &stemmer)?;
        let profiles: Vec<Profile> = catalog
            .entries()
            .iter()
            .map(|entry| {
                let notes = catalog.notes().of(entry.kind(), entry.id());
                Profile::new(entry, notes, &stems)
            })
            .collect();
        let index = EntryIndex::new(&profiles, &stemmer)?;
        Ok(Self {
            profiles,
            index,
            stemmer,
        })
    }

    fn decide(
        &self,
        turn: &TurnSoFar<'_>,
        choice: ToolChoice,
        today: Date,
    ) -> Result<NextAction, rusqlite::Error> {
        if asks_for_help(turn.question) && turn.calls.is_empty() && choice == ToolChoice::Auto {
            return Ok(self.overview());
        }
        let question = ParsedQuestion::read(turn.question, today, &self.stemmer)?;
        let begins = question.period().and_then(|period| period.from);
        let may_decline = turn.calls.is_empty() && choice == ToolChoice::Auto;
        if may_decline && begins.is_some_and(|day| day > today) {
            return Ok(NextAction::Call {
                tool: "cannot_answer",
                arguments: json!({"reason": format!("The period that is asked about has not begun. {NO_MODEL}")}),
            });
        }
        let asked = QuestionContext {
            question: &question,
            index: &self.index,
        };
        let (found, incomplete): (Vec<Proposal>, Vec<Proposal>) = proposals(asked, &self.profiles)?
            .into_iter()
            .partition(|proposal| proposal.unplaced.is_empty());
        // One word, and nothing that narrows it.
        let vague = question.subjects().count() == 1 && question.words.iter().all(|word| !word.used);
        if may_decline && vague && found.len() > 1 && !found.iter().any(|one| one.named) {
            let names = found.iter().map(|one| clean(&one.name, 120));
            let question = "Several entries speak of that: which one do you mean?";
            return Ok(ask_user(question, &names.take(MAX_OPTIONS).collect::<Vec<_>>()));
        }
        if let Some(text) = self.answer(turn, &found) {
            return Ok(NextAction::Say(text));
        }
        let untried = found
            .iter()
            .find(|proposal| !turn.calls.iter().any(|call| proposal.is(call)));
        let may_call = choice == ToolChoice::Auto && turn.calls.len() < MAX_CALLS;
        Ok(match untried {
            Some(best) if may_call => self.call(best),
            _ => match turn.results.last() {
                // What went wrong is in the evidence; repeating a refusal written for a model helps nobody.
                Some(_) => NextAction::Say(format!(
                    "The catalog seems to hold an answer, but the call for it was not let through or failed. {NO_MODEL}"
                )),
                None if may_call => self.cannot(&question, incomplete.first())?,
                None => NextAction::Say(format!("Nothing was found before the end. {NO_MODEL}")),
            },
        })
    }

    /// The answer, when a call of this turn brought a table.
    fn answer(&self, turn: &TurnSoFar<'_>, found: &[Proposal]) -> Option<String> {
        let result = turn
            .results
            .iter()
            .rev()
            .find(|result| !result.is_error && result.table.is_some())?;
        let call = turn.calls.iter().find(|call| call.id == result.call_id)?;
        let made = found.iter().find(|proposal| proposal.is(call))?;
        let profile = self
            .profiles
            .iter()
            .find(|profile| profile.entry.name() == made.name);
        let computes = profile.map_or(Computes::Unknown, |profile| profile.computes);
        Some(answer::write(made, computes, &result.table.as_ref()?.unpack()))
    }

    fn call(&self, proposal: &Proposal) -> NextAction {
        let Some(missing) = proposal.missing.first() else {
            return NextAction::Call {
                tool: proposal.tool,
                arguments: proposal.arguments.clone(),
            };
        };
        let card = self.profiles.iter().find_map(|profile| match &profile.entry {
            Entry::Card(card) if card.name == proposal.name => Some(card),
            _ => None,
        });
        let parameter = card.and_then(|card| {
            card.parameters
                .iter()
                .find(|parameter| parameter.name == *missing)
        });
        let allowed = parameter.and_then(|parameter| parameter.allowed.as_ref());
        let options: Vec<String> = allowed
            .iter()
            .flat_map(|allowed| allowed.values.iter().take(MAX_OPTIONS))
            .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
            .collect();
        let (name, missing) = (clean(&proposal.name, 120), clean(missing, 120));
        ask_user(
            &format!("\"{name}\" needs a value: which {missing} do you mean?"),
            &options,
        )
    }

    /// Asks back with what there is to ask about.
    fn overview(&self) -> NextAction {
        let names = self
            .profiles
            .iter()
            .map(|profile| clean(profile.entry.name(), 120));
        let question = include_str!("../../prompts/planner/overview.md").trim_end();
        ask_user(question, &names.take(MAX_OPTIONS).collect::<Vec<_>>())
    }

    /// Says that nothing fits, which words no entry knows or the best call leaves out, and which entries come nearest.
    fn cannot(
        &self,
        question: &ParsedQuestion,
        incomplete: Option<&Proposal>,
    ) -> Result<NextAction, rusqlite::Error> {
        let stems: Vec<&str> = question.subjects().map(|(_, word)| word.stem.as_str()).collect();
        let nearest: Vec<&str> = self
            .index
            .rank(&stems)?
            .into_iter()
            .filter(|(_, rank)| *rank > 0.3)
            .filter_map(|(at, _)| self.profiles.get(at))
            .map(|profile| profile.entry.name())
            .take(MAX_NEAREST)
            .collect();
        let quoted = |words: &[String]| {
            let words = words
                .iter()
                .take(MOST_WORDS)
                .map(|word| format!("\"{}\"", clean(word, 40)));
            words.collect::<Vec<_>>().join(", ")
        };
        let unknown = question
            .subjects()
            .filter(|(_, word)| !self.index.knows(&word.stem));
        let unknown: Vec<String> = unknown.map(|(_, word)| word.text.clone()).collect();
        let why = match (unknown.is_empty(), incomplete) {
            (false, _) => format!("Nothing in the catalog speaks of {}.", quoted(&unknown)),
            (true, Some(best)) => format!(
                "The {} \"{}\" comes nearest, but it has no place for {}.",
                best.kind,
                clean(&best.name, 120),
                quoted(&best.unplaced)
            ),
            (true, None) => "No entry of the catalog answers the question as a whole.".to_owned(),
        };
        let mut arguments = json!({"reason": format!("{why} {NO_MODEL}")});
        if let (Some(object), false) = (arguments.as_object_mut(), nearest.is_empty()) {
            object.insert("nearest".to_owned(), json!(nearest));
        }
        Ok(NextAction::Call {
            tool: "cannot_answer",
            arguments,
        })
    }
}

/// A question back, with answers to choose from where there are some.
fn ask_user(question: &str, options: &[String]) -> NextAction {
    let mut arguments = json!({"question": question});
    if let (Some(object), false) = (arguments.as_object_mut(), options.is_empty()) {
        object.insert("options".to_owned(), json!(options));
    }
    NextAction::Call {
        tool: "ask_user",
        arguments,
    }
}

/// Whether somebody asks what can be asked.
fn asks_for_help(question: &str) -> bool {
    let words: Vec<String> = question
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let words = words.join(" ");
    let whole = [
        "help",
        "hi",
        "hello",
        "what is there",
        "what is this",
        "what can you tell me",
    ];
    let begins = [
        "what can i ask",
        "what could i ask",
        "what may i ask",
        "what should i ask",
        "what can you do",
        "what can you answer",
        "what do you know",
        "what data do you have",
        "what data is there",
        "what questions can",
        "which questions can",
        "how can you help",
        "what can we ask",
    ];
    whole.contains(&words.as_str()) || begins.iter().any(|begin| words.starts_with(begin))
}
