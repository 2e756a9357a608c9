//! What an answer's figures are looked up in: the results a conversation holds, and other texts the model was shown.

use std::num::NonZero;
use std::sync::{Arc, LazyLock};

use serde_json::Value;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::calculated_sources::CalculatedSources;
use super::clock::Interruption;
use super::driver::TurnDriver;
use super::state::TurnState;
use crate::catalog::Entry;
use crate::grounding::{
    Claim, Figure, Material, ReferencedFigure, ground_referenced, may_hold_figures, ranks, unchecked,
};
use crate::model::Message;
use crate::result::{ColumnTotals, Handle, HeldResult, HeldResults, ResultOrigin, ResultTable};
use crate::tools::ToolRole;

/// Most look-ups that run at once.
const MOST_LOOK_UPS: usize = 16;

/// A place for each look-up that runs. Each keeps a processor busy and takes memory for rows and index: more than twice as
/// many as there are processors would not be quicker.
static LOOK_UPS: LazyLock<Semaphore> = LazyLock::new(|| {
    let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
    Semaphore::new(processors.saturating_mul(2).min(MOST_LOOK_UPS))
});

/// A result with all that a look-up needs.
struct SourceResult {
    handle: String,
    title: String,
    arguments: Value,
    table: Arc<ResultTable>,
    totals: Arc<[ColumnTotals]>,
    rows_seen: usize,
    current: bool,
}

/// What came of looking up the figures of a text.
pub(super) struct LookedUp {
    pub(super) figures: Vec<Figure>,
    /// What ended it before it was done; then no figure was checked.
    pub(super) cut: Option<Interruption>,
}

/// A text whose figures are looked up, and what was said besides.
struct TextToGround {
    answer: String,
    question: String,
    earlier: Vec<String>,
    today: jiff::civil::Date,
    shown: Vec<Arc<str>>,
    /// What was written in place of references.
    referenced: Vec<ReferencedFigure>,
}

impl TextToGround {
    /// Looks the figures up in some results, away from the threads that wait for the network.
    async fn ground(self: Arc<Self>, results: Vec<SourceResult>, stop: CancellationToken) -> Vec<Figure> {
        let asked = Arc::clone(&self);
        let looked_up = tokio::task::spawn_blocking(move || {
            let claim = Claim {
                text: &asked.answer,
                question: &asked.question,
                earlier: &strs(&asked.earlier),
                today: asked.today,
                shown: &strs(&asked.shown),
            };
            let materials: Vec<Material<'_>> = results.iter().map(SourceResult::material).collect();
            ground_referenced(&claim, &asked.referenced, &materials, &|| stop.is_cancelled())
        });
        match looked_up.await {
            Ok(Some(figures)) => figures,
            Ok(None) | Err(_) => unchecked(&self.answer, &self.referenced),
        }
    }
}

fn strs<T: AsRef<str>>(texts: &[T]) -> Vec<&str> {
    texts.iter().map(AsRef::as_ref).collect()
}

impl TurnDriver<'_> {
    /// The figures of a text, with where they come from, or why they were not looked up: time was up, or the person
    /// wanted the turn to end, if there is a wish to wait for.
    pub(super) async fn ground(
        &mut self,
        turn: &TurnState,
        text: &str,
        referenced: &[ReferencedFigure],
        cancel: Option<&CancellationToken>,
    ) -> LookedUp {
        let cutter = self.clock.figures_cutter(cancel);
        let earlier = questions(self.before);
        let asked = Arc::new(TextToGround {
            answer: text.to_owned(),
            question: self.question.to_owned(),
            earlier: earlier.into_iter().map(str::to_owned).collect(),
            today: self.today,
            shown: self.shown(turn),
            referenced: referenced.to_vec(),
        });
        let stop = CancellationToken::new();
        // Whatever ends this, a turn that is dropped included, ends the work too.
        let _ended = stop.clone().drop_guard();
        let looked_up = tokio::select! {
            biased;
            cut = cutter.cut() => Err(cut),
            figures = look_up(self.shelf, turn, asked, stop) => Ok(figures),
        };
        match looked_up {
            Ok(figures) => LookedUp { figures, cut: None },
            Err(cut) => {
                self.clock.figures_were_cut();
                LookedUp {
                    figures: unchecked(text, referenced),
                    cut: Some(cut),
                }
            }
        }
    }

    /// Texts the model was shown besides results: what the catalog says of the entries used, and what the tools said
    /// that bring text.
    fn shown(&self, turn: &TurnState) -> Vec<Arc<str>> {
        let mut shown = Vec::new();
        let catalog = self.agent.toolbox.catalog();
        for held in self.shelf.iter() {
            let source = held.origin.source();
            shown.extend(
                source
                    .and_then(|source| catalog.entry(source.kind, source.id))
                    .map(|entry| said_of(entry).into()),
            );
        }
        for message in self.before.iter().chain(&turn.messages) {
            if let Message::ToolResults(results) = message {
                let toolbox = &self.agent.toolbox;
                let texts = results
                    .iter()
                    .filter(|result| toolbox.role(&result.tool) == Some(ToolRole::Lookup));
                shown.extend(texts.map(|result| Arc::clone(&result.content)));
            }
        }
        if self.shelf.iter().next().is_none() {
            shown.push(Arc::clone(&self.agent.prompt().system));
        }
        shown
    }
}

/// Looks figures up in the results that are held. A result whose rows can no longer be had is not a source. Rows of earlier
/// turns that lie in files are read only when they may make a difference: when this turn brought no result, when a
/// figure is not found without them, or when something is said to be first or last of its kind.
async fn look_up(
    shelf: &HeldResults,
    turn: &TurnState,
    asked: Arc<TextToGround>,
    stop: CancellationToken,
) -> Vec<Figure> {
    if !may_hold_figures(&asked.answer, &asked.referenced) {
        return Vec::new();
    }
    // Taken before any rows are unpacked. Nobody closes it, and whoever waits here is on the turn's clock.
    let _place = LOOK_UPS.acquire().await;
    let held: Vec<&HeldResult> = shelf.iter().collect();
    let current = |handle| turn.evidence.iter().any(|item| item.result == handle);
    let questions = asked.earlier.iter().chain([&asked.question]);
    let mut calculated = CalculatedSources::new(questions.map(String::as_str));
    for held in held.iter().filter(|held| !held.origin.derivations().is_empty()) {
        calculated.judge(held.handle, held.origin.derivations());
    }
    let is_far = |held: &HeldResult| shelf.is_on_disk(held.handle) && !current(held.handle);
    let any_current = held.iter().any(|held| current(held.handle));
    let at_hand: Vec<&HeldResult> = held.iter().copied().filter(|held| !is_far(held)).collect();
    if any_current && at_hand.len() < held.len() && !ranks(&asked.answer) {
        let results = ready(shelf, &at_hand, &calculated, &current).await;
        let figures = Arc::clone(&asked).ground(results, stop.clone()).await;
        if !figures.iter().any(Figure::is_unmatched) {
            return figures;
        }
    }
    let results = ready(shelf, &held, &calculated, &current).await;
    asked.ground(results, stop).await
}

/// Results with their rows, in the order they came. One whose rows can no longer be had is left out.
async fn ready(
    shelf: &HeldResults,
    results: &[&HeldResult],
    calculated: &CalculatedSources,
    current: &(impl Fn(Handle) -> bool + Sync),
) -> Vec<SourceResult> {
    let mut ready = Vec::with_capacity(results.len());
    for held in results {
        if let Ok(table) = shelf.table(held.handle).await {
            let table = calculated.table(held.handle, table);
            ready.push(SourceResult::of(held, table, current(held.handle)));
        }
    }
    ready
}

impl SourceResult {
    fn of(held: &HeldResult, table: Arc<ResultTable>, current: bool) -> Self {
        let source = held.origin.source();
        let arguments = match &held.origin {
            ResultOrigin::Query(source) => source.arguments.clone(),
            ResultOrigin::Lookup(source) => source.arguments.clone(),
            ResultOrigin::Derived { .. } => source.map_or(Value::Null, |source| source.arguments.clone()),
            ResultOrigin::Calculated { .. } => Value::Null,
        };
        Self {
            handle: held.handle.to_string(),
            title: source.map_or_else(|| held.title.clone(), |source| source.name.clone()),
            arguments,
            totals: Arc::clone(&held.totals),
            rows_seen: usize::try_from(held.shown.rows_shown).unwrap_or(usize::MAX),
            current,
            table,
        }
    }

    fn material(&self) -> Material<'_> {
        Material {
            handle: &self.handle,
            title: &self.title,
            arguments: &self.arguments,
            table: &self.table,
            totals: &self.totals,
            rows_seen: self.rows_seen,
            current: self.current,
        }
    }
}

pub(super) fn questions(messages: &[Message]) -> Vec<&str> {
    messages
        .iter()
        .filter_map(|message| match message {
            Message::User(question) => Some(question.text()),
            _ => None,
        })
        .collect()
}

/// What the catalog says of an entry in words, with the values its parameters have when none is given.
fn said_of(entry: &Entry) -> String {
    let mut said: Vec<String> = entry.description().into_iter().map(str::to_owned).collect();
    match entry {
        Entry::Card(card) => {
            let defaults = card
                .parameters
                .iter()
                .filter_map(|parameter| parameter.default.as_ref());
            said.extend(defaults.map(Value::to_string));
        }
        Entry::Metric(metric) => {
            said.extend(metric.definition.clone());
            said.extend(metric.built_in_filters.iter().cloned());
            said.extend(
                metric
                    .segments
                    .iter()
                    .filter_map(|segment| segment.description.clone()),
            );
        }
        Entry::Table(table) => {
            said.extend(
                table
                    .measures
                    .iter()
                    .filter_map(|measure| measure.description.clone()),
            );
            said.extend(
                table
                    .segments
                    .iter()
                    .filter_map(|segment| segment.description.clone()),
            );
        }
    }
    said.join("\n")
}
