//! The agent: what it is made of, and how it answers one question of a conversation.

use std::fmt;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;
use url::Url;

use super::cite::cite;
use super::clock::{TimeoutMarks, TurnClock};
use super::day_budget::{DayBudget, DaySpending};
use super::driver::{TimeSpent, TurnDriver};
use super::finish::TurnConclusion;
use super::state::{TurnRules, TurnState, bytes_of};
use super::{
    ANSWER_VERSION, Answer, CatalogReport, Denial, Event, GuardSettings, Outcome, PromptReport, Timings,
    TurnSettings, UsageReport, spans,
};
use crate::conversation::Conversation;
use crate::dbt::DbtConnection;
use crate::ledger::{DayLedger, Spend};
use crate::metabase::MetabaseClient;
use crate::model::{
    Message, Model, ModelDrive, ModelId, ModelRequest, ToolChoice, UserQuestion, usual_address,
};
use crate::prompt::{Prompt, PromptError};
use crate::result::HeldResults;
use crate::text::LinkRules;
use crate::tools::Toolbox;
use crate::wire::Stalls;

/// What an agent is made of.
#[derive(Debug)]
pub struct AgentParts {
    pub model: Arc<dyn Model>,
    /// The tools, with the gate before them.
    pub toolbox: Toolbox,
    pub prompt: Prompt,
    /// What the answer says of the catalog.
    pub catalog: CatalogReport,
    /// What shapes its requests and answers.
    pub settings: TurnSettings,
}

/// What differs from turn to turn.
#[derive(Debug, Clone)]
pub struct TurnOptions {
    /// Today, as the question's "last month" means it.
    pub today: jiff::civil::Date,
    /// Who asks, if known; told to the model in the user's turn.
    pub asker: Option<String>,
    /// Ends the turn with what is known when it is cancelled.
    pub cancel: CancellationToken,
}

/// Answers questions: one model, one catalog, one set of tools. Holds no conversation.
pub struct Agent {
    pub(super) model: Arc<dyn Model>,
    pub(super) toolbox: Toolbox,
    common: Arc<SharedAgentParts>,
}

/// What the agents of all sessions over one catalog share.
#[derive(Clone)]
struct SharedAgentParts {
    settings: TurnSettings,
    links: LinkRules,
    /// The rules for what we say ourselves.
    own_links: LinkRules,
    prompt: Prompt,
    catalog: CatalogReport,
    day: Option<Arc<DayLedger>>,
}

impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agent")
            .field("model", self.model.id())
            .finish_non_exhaustive()
    }
}

impl Agent {
    /// An agent of these parts. Nothing is counted beyond a conversation.
    pub fn new(parts: AgentParts) -> Self {
        let links = LinkRules::to(parts.toolbox.metabase());
        let common = SharedAgentParts {
            own_links: links.naming(&servers(&parts)),
            links,
            settings: parts.settings,
            prompt: parts.prompt,
            catalog: parts.catalog,
            day: None,
        };
        Self {
            model: parts.model,
            toolbox: parts.toolbox,
            common: Arc::new(common),
        }
    }

    /// The same agent, spending from this principal's day.
    #[must_use]
    pub fn on_day(self, day: Option<Arc<DayLedger>>) -> Self {
        let common = SharedAgentParts {
            day,
            ..(*self.common).clone()
        };
        Self {
            common: Arc::new(common),
            ..self
        }
    }

    /// The same agent for another session, which has a model and a client of its own. Everything else is shared.
    #[must_use]
    pub fn for_session(
        &self,
        model: Arc<dyn Model>,
        client: MetabaseClient,
        dbt: Option<DbtConnection>,
    ) -> Self {
        let toolbox = self.toolbox.run_by(client, self.common.settings.shaping);
        Self {
            model,
            toolbox: toolbox.with_dbt(dbt),
            common: Arc::clone(&self.common),
        }
    }

    /// The same agent with the same model, which is driven in this way.
    #[must_use]
    pub fn driven(&self, model: Arc<dyn Model>, drive: ModelDrive) -> Self {
        let mut common = (*self.common).clone();
        common.settings.model.drive = drive;
        Self {
            model,
            toolbox: self.toolbox.clone(),
            common: Arc::new(common),
        }
    }

    /// The prefix every request of this agent begins with.
    pub fn prompt(&self) -> &Prompt {
        &self.common.prompt
    }

    pub(crate) fn model_id(&self) -> &ModelId {
        self.model.id()
    }

    pub fn toolbox(&self) -> &Toolbox {
        &self.toolbox
    }

    /// The settings of a turn that begins now. How the model is driven, and what its server refuses, may have been found out
    /// in an earlier one.
    pub fn settings(&self) -> TurnSettings {
        let mut settings = self.common.settings.clone();
        settings.model.drive = self.model.found_drive().unwrap_or(settings.model.drive);
        settings.model.left_out = self.model.left_out();
        settings
    }

    pub(super) fn guard(&self) -> &GuardSettings {
        &self.common.settings.guard
    }

    pub(super) fn links(&self) -> &LinkRules {
        &self.common.links
    }

    /// Where its model is asked.
    pub(super) fn model_server(&self) -> Option<Url> {
        model_server(&self.common.settings, &*self.model)
    }

    /// The rules for links in words of our own, which may name the configured servers.
    pub(super) fn own_links(&self) -> &LinkRules {
        &self.common.own_links
    }

    pub(super) fn request(&self, messages: Vec<Message>, tool_choice: ToolChoice) -> ModelRequest {
        let (prompt, model) = (&self.common.prompt, &self.common.settings.model);
        ModelRequest {
            system: Arc::clone(&prompt.system),
            tools: Arc::clone(&prompt.tools),
            messages,
            tool_choice,
            max_output_tokens: model.max_output_tokens,
            temperature: model.temperature,
            cache_key: prompt.hash.clone(),
        }
    }

    /// Answers one question of a conversation, and appends the turn to it. Always ends, within the budgets, in
    /// exactly one outcome; it fails only if the question cannot be put into words for the model.
    pub async fn run_turn(
        &self,
        conversation: &mut Conversation,
        question: &str,
        options: TurnOptions,
        watch: &mut (dyn FnMut(Event) + Send),
    ) -> Result<Answer, PromptError> {
        let day_budget = self
            .common
            .day
            .clone()
            .map_or(DayBudget::Unlimited, DayBudget::Ledger);
        self.run(conversation, question, options, watch, (day_budget, None))
            .await
    }

    /// The same for a turn that was recorded: the day's ledger is not asked, it has said what it says here, and time runs
    /// out where it did.
    pub(crate) async fn rerun_turn(
        &self,
        conversation: &mut Conversation,
        question: &str,
        options: TurnOptions,
        watch: &mut (dyn FnMut(Event) + Send),
        denials: Vec<Denial>,
        late: (TimeoutMarks, Stalls),
    ) -> Result<Answer, PromptError> {
        let day_budget = DayBudget::Recorded(denials.into());
        self.run(conversation, question, options, watch, (day_budget, Some(late)))
            .await
    }

    /// Keeps a conversation within its bounds, where a turn begins.
    fn make_room(&self, conversation: &mut Conversation, watch: &mut (dyn FnMut(Event) + Send)) {
        let bounds = self.common.settings.conversation;
        let shortened = conversation.condense(bounds.max_bytes);
        if shortened > 0 {
            let note =
                format!("The conversation is long: {shortened} old results keep only their totals in it.");
            watch(Event::Guard { note });
        }
        let now = conversation.now.take().unwrap_or_else(jiff::Timestamp::now);
        conversation.shelf.begin_turn(bounds, now);
    }

    fn rules(&self, conversation: &Conversation) -> TurnRules {
        let settings = &self.common.settings;
        TurnRules {
            budget: settings.budget.clone(),
            guard: settings.guard.clone(),
            grounding: settings.grounding,
            prices: settings.model.prices,
            max_output_tokens: settings.model.max_output_tokens,
            prefix_bytes: self.common.prompt.bytes + bytes_of(&conversation.messages),
            asked_back: conversation.asked_back,
            spent: conversation.spent,
        }
    }

    async fn run(
        &self,
        conversation: &mut Conversation,
        question: &str,
        options: TurnOptions,
        watch: &mut (dyn FnMut(Event) + Send),
        (day_budget, late): (DayBudget, Option<(TimeoutMarks, Stalls)>),
    ) -> Result<Answer, PromptError> {
        let asked = UserQuestion::new(question, options.today, options.asker.as_deref());
        self.make_room(conversation, watch);
        let rules = self.rules(conversation);
        let begun = TurnState::new(asked, rules);
        let turn_id = format!("{}-{}", conversation.id, conversation.turns + 1);
        let turn_name = self.toolbox.client().name_turn(&turn_id);
        let mut drive = TurnDriver {
            agent: self,
            before: &conversation.messages,
            shelf: &mut conversation.shelf,
            turn_id: &turn_id,
            question,
            today: options.today,
            cancel: &options.cancel,
            watch,
            clock: TurnClock::new(&begun.budget, self.toolbox.client().queue_time(), late),
            clocks: TimeSpent::default(),
            reported: 0,
            links_removed: 0,
            references: self.common.settings.grounding.references,
            number_style: self.common.settings.grounding.number_style,
            conversation: &conversation.id,
            call_span: None,
            named: Vec::new(),
            prompt_told: false,
            spending: DaySpending::new(day_budget),
        };
        let span = spans::turn(self.model.id(), &conversation.id, &turn_id);
        // Log lines of the turn name it.
        let named = tracing::info_span!("turn", id = turn_id.as_str());
        let running = drive.run(begun).instrument(span.clone());
        let (turn, conclusion) = running.instrument(named).await;
        drop(turn_name);
        let ended = TurnSummary {
            timings: timings(drive.clocks, &drive.clock),
            late: drive.clock.late(),
            links_removed: drive.links_removed.saturating_add(conclusion.links_removed),
            denials: drive.spending.into_denials(),
            conclusion,
        };
        let spent = turn.budget.spent();
        let (answer, messages) = self.answer(question, turn, ended, &conversation.shelf).await;
        spans::answered(&span, &answer);
        keep(conversation, messages, spent, answer.outcome).await;
        watch(Event::Finished(Box::new(answer.clone())));
        Ok(answer)
    }

    /// The answer of a turn, and what the turn adds to the conversation.
    async fn answer(
        &self,
        question: &str,
        turn: TurnState,
        ended: TurnSummary,
        held: &HeldResults,
    ) -> (Answer, Vec<Message>) {
        let TurnState {
            messages,
            records,
            evidence,
            budget,
            figures,
            ..
        } = turn;
        let conclusion = ended.conclusion;
        let (figures, earlier_results) = cite(figures.unwrap_or_default(), &evidence, held).await;
        let answer = Answer {
            version: ANSWER_VERSION,
            question: question.to_owned(),
            outcome: conclusion.outcome,
            stop_reason: conclusion.reason,
            stop_detail: conclusion.detail,
            text: conclusion.text,
            options: conclusion.options,
            charts: conclusion.charts,
            number_style: conclusion.notation,
            denials: ended.denials,
            figures,
            earlier_results,
            links_removed: ended.links_removed,
            evidence,
            tool_calls: records,
            usage: UsageReport::of(&budget),
            timings: ended.timings,
            catalog: self.common.catalog.clone(),
            prompt: PromptReport {
                hash: self.common.prompt.hash.clone(),
            },
            model: self.model.id().to_string(),
            tape: None,
            late: ended.late,
        };
        (answer, messages)
    }
}

/// How a turn ended, beside what its state holds.
struct TurnSummary {
    conclusion: TurnConclusion,
    timings: Timings,
    late: TimeoutMarks,
    links_removed: u32,
    denials: Vec<Denial>,
}

/// Appends a turn to its conversation.
async fn keep(conversation: &mut Conversation, messages: Vec<Message>, spent: Spend, outcome: Outcome) {
    conversation
        .messages
        .extend(messages.into_iter().map(without_tables));
    conversation.shelf.end_turn();
    conversation.shelf.make_room().await;
    conversation.turns += 1;
    conversation.spent = conversation.spent + spent;
    conversation.asked_back = match outcome {
        Outcome::NeedsClarification => conversation.asked_back.saturating_add(1),
        _ => 0,
    };
    conversation.tape = None;
}

/// What later turns need of a message: whole tables are among the held results.
fn without_tables(mut message: Message) -> Message {
    if let Message::ToolResults(results) = &mut message {
        for result in results {
            result.table = None;
        }
    }
    message
}

impl UsageReport {
    fn of(ledger: &super::budget::TurnBudget) -> Self {
        use rust_decimal::prelude::ToPrimitive;
        let usage = ledger.usage();
        let share = (usage.input_tokens > 0).then(|| {
            let (cached, input) = (usage.cached_tokens.to_f64(), usage.input_tokens.to_f64());
            cached.zip(input).map_or(0.0, |(cached, input)| cached / input)
        });
        Self {
            input_tokens: usage.input_tokens,
            cached_tokens: usage.cached_tokens,
            output_tokens: usage.output_tokens,
            cached_share: share,
            cost_usd: ledger.cost().and_then(|cost| cost.to_f64()),
            unreported: ledger.unreported(),
            steps: ledger.completions(),
        }
    }
}

fn timings(clocks: TimeSpent, clock: &TurnClock) -> Timings {
    let ms = |duration: std::time::Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    Timings {
        total_ms: ms(clock.elapsed()),
        model_ms: ms(clocks.model),
        tools_ms: ms(clocks.tools),
        first_text_ms: clocks.first_text.map(ms),
    }
}

/// Where the model is asked.
fn model_server(settings: &TurnSettings, model: &dyn Model) -> Option<Url> {
    let set = settings.model.base_url.clone();
    set.or_else(|| usual_address(model.id().provider))
}

/// The servers that an agent asks.
fn servers(parts: &AgentParts) -> Vec<Url> {
    let model = model_server(&parts.settings, &*parts.model);
    let dbt = parts.settings.dbt.as_ref();
    let dbt = dbt.map(|dbt| [&dbt.administrative, &dbt.discovery, &dbt.semantic_layer]);
    let dbt = dbt.into_iter().flatten().cloned();
    let metabase = parts.toolbox.metabase().clone();
    model.into_iter().chain([metabase]).chain(dbt).collect()
}
