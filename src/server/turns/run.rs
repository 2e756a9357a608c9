//! Runs one turn: waits for its session, asks, stores the answer, tells it.

use std::sync::Arc;
use std::time::Duration;

use super::LiveTurn;
use super::active_answers::HeldAnswer;
use super::draft::DraftWords;
use super::permits::TurnPermit;
use super::recall::take_session;
use super::slot::{LoadedSession, QueuePlace};
use crate::agent::{Answer, Event};
use crate::app::{App, Error, Question, Session, SessionOptions};
use crate::server::apps::AppUnavailable;
use crate::server::chart::charts;
use crate::server::event::TurnEvent;
use crate::server::ids::name_of;
use crate::server::record::{AnswerBody, AnswerContent, AnswerStatus, RecordError, spoken_text};
use crate::server::said::message_hash;
use crate::server::state::SharedState;
use crate::server::store::{AskedTurn, EndedTurn, SessionStoreError, StoredEnd, TurnMemory, TurnStart};
use crate::server::suggest::follow_ups;
use crate::server::table_view::{tables, tool_start};

#[derive(Debug)]
pub(super) struct TurnTask {
    pub(super) asked: AskedTurn,
    /// Whether another process began it.
    pub(super) resumed: bool,
    /// What is known of its start already.
    pub(super) start: Option<TurnStart>,
}

/// Closes the log of a turn here, whatever the reason: one that did not come to its end is cut.
struct ClosedWhenDropped(SharedState, Arc<LiveTurn>);

impl Drop for ClosedWhenDropped {
    fn drop(&mut self) {
        let Self(state, live) = self;
        live.cut();
        state.turns.live.ended(live);
    }
}

/// What a turn holds as long as it is worked on: its place in the queue of its session, among all turns, and that nobody
/// else here works on it.
pub(super) type TurnPlaces = (QueuePlace, TurnPermit, HeldAnswer);

/// How often it is looked whether turns that come first ended in another process.
const LOOK_AGAIN: Duration = Duration::from_millis(300);

/// Runs a turn to its end, unless the process leaves it.
pub(super) async fn run(state: SharedState, live: Arc<LiveTurn>, mut task: TurnTask, places: TurnPlaces) {
    let log = ClosedWhenDropped(Arc::clone(&state), Arc::clone(&live));
    let (queue, place, held) = places;
    let work = async {
        match begin(&state, &live, &queue, task.start.take()).await {
            Ok(Beginning::Here(begun)) => {
                let mut loaded = queue.slot.loaded.lock().await;
                if let Err(error) = Box::pin(perform(&state, &live, task, &mut loaded, begun)).await {
                    *loaded = None;
                    fail(&live, &error);
                }
                queue.slot.weigh(loaded.as_ref());
            }
            Ok(Beginning::Stopped) => {
                if let Err(error) = Box::pin(end_unasked(&state, &live, task)).await {
                    fail(&live, &error);
                }
            }
            Ok(Beginning::NotHere) => {}
            Err(error) => fail(&live, &error),
        }
    };
    tokio::select! {
        () = work => {}
        () = live.leave.cancelled() => {}
        () = state.turns.leaving.cancelled() => {}
    }
    drop(log);
    state.store.forget_tape(&live.id).await;
    drop(queue);
    drop(place);
    drop(held);
    state.turns.slots.make_room(state.settings.max_kept_bytes);
}

fn fail(live: &LiveTurn, error: &SessionStoreError) {
    tracing::error!(%error, answer = live.id, "the store failed, so an answer could not be kept");
    live.push(TurnEvent::Error {
        code: "internal".to_owned(),
        detail: "the answer could not be stored".to_owned(),
    });
}

/// What a turn begins with.
struct BegunTurn {
    /// What is known of what was said before.
    memory: TurnMemory,
    /// Whether something that it went on from was deleted since another process began it.
    forgotten: bool,
}

/// How a turn begins.
enum Beginning {
    Here(BegunTurn),
    /// Somebody ended it while it waited.
    Stopped,
    /// It is left to another process, or gone.
    NotHere,
}

/// Waits until the turns of its session that were asked before it are over, wherever they run.
async fn begin(
    state: &SharedState,
    live: &Arc<LiveTurn>,
    queue: &QueuePlace,
    mut known: Option<TurnStart>,
) -> Result<Beginning, SessionStoreError> {
    let mut told = queue.ahead > 0;
    if told {
        live.push(TurnEvent::Queued { ahead: queue.ahead });
    }
    loop {
        let start = match known.take() {
            Some(start) => start,
            None => state.store.run_answer(&live.id, &state.turns.owner).await?,
        };
        match start {
            TurnStart::Begun { memory, forgotten } => {
                return Ok(Beginning::Here(BegunTurn { memory, forgotten }));
            }
            TurnStart::Lost => return Ok(Beginning::NotHere),
            TurnStart::Waits { ahead } => {
                if !std::mem::replace(&mut told, true) {
                    live.push(TurnEvent::Queued { ahead });
                }
                // It has not begun, and the next process finds it in the store.
                if state.turns.is_stopping() {
                    return Ok(Beginning::NotHere);
                }
                tokio::select! {
                    () = live.cancel.cancelled() => return Ok(Beginning::Stopped),
                    () = queue.turn_ends(LOOK_AGAIN) => {}
                }
            }
        }
    }
}

/// Does the work of a turn and stores what came of it. Fails only when the store does.
async fn perform(
    state: &SharedState,
    live: &Arc<LiveTurn>,
    task: TurnTask,
    loaded: &mut Option<LoadedSession>,
    begun: BegunTurn,
) -> Result<(), SessionStoreError> {
    let BegunTurn { memory, forgotten } = begun;
    if forgotten {
        state.store.begin_anew(&live.id, &state.turns.owner).await?;
        // Where something else is known, that is told when it is looked up.
        if memory == TurnMemory::Nothing {
            live.push(TurnEvent::Note {
                text: "What this question went on from was deleted while it was answered, so it is answered without \
                       that."
                    .to_owned(),
            });
        }
    }
    let answered = Box::pin(answer(state, live, &task, loaded, memory)).await;
    if !conclude(state, live, &task, answered).await? {
        *loaded = None;
    }
    Ok(())
}

/// Ends a turn that was stopped before anything was asked for it.
async fn end_unasked(
    state: &SharedState,
    live: &Arc<LiveTurn>,
    task: TurnTask,
) -> Result<(), SessionStoreError> {
    let answered = async {
        let app = state.app_of(&task.asked.principal).await?;
        let mut session = app.session(options(live, &task))?;
        let answer = session.ask_watched(question(live, &task), &mut |_| {}).await?;
        Ok(finished(state, &task, &app, &answer, &session).await)
    };
    let answered = answered.await;
    conclude(state, live, &task, answered).await.map(drop)
}

/// Stores how a turn ended, and tells it. Returns whether its session may be kept in memory.
async fn conclude(
    state: &SharedState,
    live: &Arc<LiveTurn>,
    task: &TurnTask,
    answered: Result<EndedTurn, AppUnavailable>,
) -> Result<bool, SessionStoreError> {
    let mut ended = match answered {
        Ok(ended) => ended,
        Err(AppUnavailable::Store(error)) => return Err(error),
        Err(error) => {
            let status = if task.resumed {
                AnswerStatus::Interrupted
            } else {
                AnswerStatus::Failed
            };
            tracing::warn!(answer = live.id, reason = %error, "a turn came to nothing");
            failed(status, &error)
        }
    };
    let content = &mut ended.content;
    // In the words of a draft.
    let answer = content.answer.clone().map(|answer| {
        let spoken = spoken_text(&state.addresses.answer(answer));
        state.addresses.prose(&spoken).into_owned()
    });
    let missing = answer.map_or_else(Vec::new, |answer| live.missing_text(&answer));
    let told =
        missing.len() + content.tables.len() + content.charts.len() + usize::from(ended.error.is_some());
    // The answer itself and `done` come last.
    content.last_event = Some(live.last_number(told + 2));
    let stored = state
        .store
        .end_answer(&live.id, &state.turns.owner, ended)
        .await?;
    let Some(StoredEnd { record, forgotten }) = stored else {
        // Another process goes on with it, or its session was deleted: nothing of it is told here.
        state.store.remove_tape_of_none(&live.id).await?;
        return Ok(false);
    };
    state.metrics.turn(&record);
    if record
        .answer
        .as_ref()
        .is_some_and(|answer| answer.text("outcome") == "upstream_failed")
    {
        // Why may quote what was asked.
        tracing::warn!(
            answer = live.id,
            "a question was not answered; GET /v1/admin/answers/ID says why"
        );
    }
    let record = state.addresses.record(record);
    for event in missing {
        live.push(event);
    }
    if let Some(RecordError { code, detail }) = record.error.clone() {
        live.push(TurnEvent::Error { code, detail });
    }
    for table in &record.tables {
        live.push(TurnEvent::Table(Box::new(table.clone())));
    }
    for chart in &record.charts {
        live.push(TurnEvent::Chart(Box::new(chart.clone())));
    }
    let status = record.status;
    live.push(TurnEvent::Answer(Box::new(record)));
    live.push(TurnEvent::Done { status });
    Ok(!forgotten)
}

/// Answers, and keeps the session for the next question. What a turn leaves behind that could not be carried on is not known,
/// so its session is not kept.
async fn answer(
    state: &SharedState,
    live: &Arc<LiveTurn>,
    task: &TurnTask,
    loaded: &mut Option<LoadedSession>,
    memory: TurnMemory,
) -> Result<EndedTurn, AppUnavailable> {
    let app = state.app_of(&task.asked.principal).await?;
    let mut session = Box::pin(take_session(state, live, &app, task, loaded, &memory)).await?;
    let answer = ask(state, live, &app, task, &mut session).await?;
    let ended = finished(state, task, &app, &answer, &session).await;
    let after = if ended.taped {
        TurnMemory::Tape(live.id.clone())
    } else {
        memory
    };
    *loaded = Some(LoadedSession { session, app, after });
    Ok(ended)
}

pub(super) fn options(live: &LiveTurn, task: &TurnTask) -> SessionOptions {
    SessionOptions {
        id: Some(name_of(&live.session).to_owned()),
        asked_by: Some(task.asked.principal.clone()),
        ..SessionOptions::default()
    }
}

fn question(live: &LiveTurn, task: &TurnTask) -> Question {
    Question {
        asker: task.asked.asker.clone(),
        cancel: live.cancel.clone(),
        ..Question::from(task.asked.question.as_str())
    }
}

async fn ask(
    state: &SharedState,
    live: &Arc<LiveTurn>,
    app: &Arc<App>,
    task: &TurnTask,
    session: &mut Session,
) -> Result<Answer, AppUnavailable> {
    let mut draft = DraftWords::default();
    let mut watch = |event| tell(state, live, app, &mut draft, event);
    let tape = state.store.tape_file(&live.id);
    session.set_recording(state.store.recording(&live.id, &state.turns.owner));
    // A turn that begins here has no tape yet.
    if task.resumed && state.store.bring_tape(&live.id).await? {
        // The process that began the turn may have died between the tape's end and the store's commit.
        if let Ok(answer) = session.restore(&tape).await {
            return Ok(answer);
        }
        return Ok(session.resume(&tape, live.cancel.clone(), &mut watch).await?);
    }
    Ok(session.ask_watched(question(live, task), &mut watch).await?)
}

/// Tells an event of the agent.
fn tell(state: &SharedState, live: &LiveTurn, app: &App, draft: &mut DraftWords, event: Event) {
    let words = match &event {
        Event::Text(delta) => draft.push(delta, &state.addresses),
        Event::TextDiscarded => {
            draft.discard();
            None
        }
        _ => draft.end(&state.addresses),
    };
    if let Some(delta) = words {
        live.push(TurnEvent::Text { delta });
    }
    let event = match event {
        Event::StepStarted { step } => TurnEvent::Step { step },
        Event::TextDiscarded => TurnEvent::TextDiscarded {},
        Event::ToolStarted {
            call,
            tool,
            summary,
            arguments,
        } => TurnEvent::ToolStarted(Box::new(tool_start(app, call, tool, summary, arguments))),
        Event::ToolFinished {
            call,
            tool,
            status,
            rows,
            served_by,
            note,
        } => TurnEvent::ToolFinished {
            call,
            tool,
            status,
            rows,
            served_by,
            note,
        },
        Event::Guard { note } | Event::Waiting { note } => TurnEvent::Note { text: note },
        // The answer is told when it is stored, and the charts that it asks for with it.
        Event::Text(_) | Event::Chart(_) | Event::Finished(_) => return,
    };
    live.push(state.addresses.event(event));
}

async fn finished(
    state: &SharedState,
    task: &TurnTask,
    app: &App,
    answer: &Answer,
    session: &Session,
) -> EndedTurn {
    let tables = tables(app, answer, session).await;
    let body = AnswerBody::of(answer, !app.server().is_demo());
    let before = task.asked.message_key.as_ref();
    let before = before.and_then(|key| blake3::Hash::from_hex(key).ok());
    EndedTurn {
        status: AnswerStatus::Finished,
        taped: answer.tape.is_some(),
        error: None,
        message_key: before.map(|before| {
            // The words that its client is told, and sends back.
            let told = state.addresses.answer(body.clone());
            message_hash(before, "assistant", &spoken_text(&told))
                .to_hex()
                .to_string()
        }),
        content: AnswerContent {
            charts: charts(answer, &tables),
            follow_ups: follow_ups(app, answer),
            answer: Some(body),
            tables,
            last_event: None,
            today: Some(session.asked_on()),
        },
    }
}

fn failed(status: AnswerStatus, error: &AppUnavailable) -> EndedTurn {
    // Where what it left lies on this machine stands in the log, and is told to nobody else.
    let (code, detail) = if status == AnswerStatus::Interrupted {
        let detail = "the server was started again while it answered, and could not go on with what was begun; ask the \
                      question again";
        ("interrupted", detail.to_owned())
    } else {
        ("failed", told_of(error))
    };
    EndedTurn {
        status,
        content: AnswerContent::default(),
        taped: false,
        error: Some(RecordError {
            code: code.to_owned(),
            detail,
        }),
        message_key: None,
    }
}

/// Why there is no answer, for whoever asked.
fn told_of(error: &AppUnavailable) -> String {
    match error {
        AppUnavailable::App(Error::Tape(_) | Error::Replay(_) | Error::Ledger(_) | Error::CallLog(_)) => {
            "the server could not write down what it does, and answers nothing then; its log says more, and whoever runs it \
             can mend that"
                .to_owned()
        }
        _ => error.to_string(),
    }
}
