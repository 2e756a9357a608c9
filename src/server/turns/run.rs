//! Runs one turn: waits for its session, asks, stores the answer, tells it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::LiveTurn;
use super::permits::TurnPermit;
use super::slot::{LoadedSession, QueuePlace};
use crate::agent::{Answer, Event};
use crate::app::{App, Error, Question, Recording, Session, SessionOptions};
use crate::server::apps::NoApp;
use crate::server::chart::charts;
use crate::server::event::TurnEvent;
use crate::server::record::{AnswerBody, AnswerContent, AnswerStatus, RecordError, spoken_text};
use crate::server::state::SharedState;
use crate::server::store::{Ended, SessionStoreError};
use crate::server::suggest::follow_ups;
use crate::server::table_view::{tables, tool_start};
use crate::telemetry::causes;

/// What a turn does.
#[derive(Debug)]
pub(super) struct TurnTask {
    pub(super) principal: String,
    pub(super) question: String,
    pub(super) asker: Option<String>,
    pub(super) message_key: Option<blake3::Hash>,
    pub(super) turn: u32,
    /// Whether another process began it.
    pub(super) resumed: bool,
}

/// Cuts the log of a turn that does not come to its end here, whatever the reason.
struct CutWhenDropped(Arc<LiveTurn>);

impl Drop for CutWhenDropped {
    fn drop(&mut self) {
        self.0.cut();
    }
}

/// Runs a turn to its end, unless the process leaves it.
pub(super) async fn run(
    state: SharedState,
    live: Arc<LiveTurn>,
    task: TurnTask,
    queue: QueuePlace,
    place: TurnPermit,
) {
    let _cut = CutWhenDropped(Arc::clone(&live));
    let work = async {
        if queue.ahead > 0 {
            live.push(TurnEvent::Queued { ahead: queue.ahead });
        }
        let mut loaded = queue.slot.loaded.lock().await;
        if state.turns.is_stopping() && queue.ahead > 0 {
            // It has not begun, and the next process finds it in the store.
            return;
        }
        if let Err(error) = perform(&state, &live, task, &mut loaded).await {
            tracing::error!(%error, answer = live.id, "the store failed, so an answer could not be kept");
            *loaded = None;
            live.push(TurnEvent::Error {
                code: "internal".to_owned(),
                detail: "the answer could not be stored".to_owned(),
            });
        }
    };
    tokio::select! {
        () = work => {}
        () = state.turns.leaving.cancelled() => {}
    }
    drop(queue);
    drop(place);
}

/// Does the work of a turn and stores what came of it. Fails only when the store does.
async fn perform(
    state: &SharedState,
    live: &Arc<LiveTurn>,
    task: TurnTask,
    loaded: &mut Option<LoadedSession>,
) -> Result<(), SessionStoreError> {
    state.store.run_answer(&live.id, &state.turns.owner).await?;
    let (status, ended) = match answer(state, live, &task, loaded).await {
        Ok(ended) => (AnswerStatus::Finished, ended),
        Err(error) => {
            let status = if task.resumed {
                AnswerStatus::Interrupted
            } else {
                AnswerStatus::Failed
            };
            tracing::warn!(answer = live.id, reason = %error, "a turn came to nothing");
            (status, failed(status, &error))
        }
    };
    let error = ended.error.clone();
    state.store.end_answer(&live.id, ended).await?;
    if let Some(RecordError { code, detail }) = error {
        live.push(TurnEvent::Error { code, detail });
    }
    if let Some(record) = state.store.answer(&live.id, None).await? {
        state.metrics.turn(&record);
        for table in &record.tables {
            live.push(TurnEvent::Table(Box::new(table.clone())));
        }
        for chart in &record.charts {
            live.push(TurnEvent::Chart(Box::new(chart.clone())));
        }
        live.push(TurnEvent::Answer(Box::new(record)));
    }
    live.push(TurnEvent::Done { status });
    Ok(())
}

/// Answers, and keeps the session for the next question. What a turn leaves behind that could not be carried on is not known,
/// so its session is not kept.
async fn answer(
    state: &SharedState,
    live: &Arc<LiveTurn>,
    task: &TurnTask,
    loaded: &mut Option<LoadedSession>,
) -> Result<Ended, NoApp> {
    let app = state.app_of(&task.principal).await?;
    let tape = tape_of(&state.store.tapes(), &live.id);
    let mut session = take_session(state, live, &app, task, loaded).await?;
    let answer = ask(live, &app, task, &mut session, &tape).await?;
    let ended = finished(task, &app, &answer, &session).await;
    *loaded = Some(LoadedSession { session, app });
    Ok(ended)
}

/// The file of an answer's tape.
pub(in crate::server) fn tape_of(folder: &Path, answer: &str) -> PathBuf {
    folder.join(format!("{answer}.jsonl"))
}

/// The session of a turn: the one in memory, or one restored from its tapes. A turn that is resumed finds what was said
/// before on its own tape.
async fn take_session(
    state: &SharedState,
    live: &Arc<LiveTurn>,
    app: &Arc<App>,
    task: &TurnTask,
    loaded: &mut Option<LoadedSession>,
) -> Result<Session, Error> {
    let options = || SessionOptions {
        id: Some(live.session.clone()),
        ..SessionOptions::default()
    };
    match loaded.take() {
        Some(kept) if Arc::ptr_eq(&kept.app, app) => return Ok(kept.session),
        Some(kept) => {
            // The catalog was loaded anew since.
            let conversation = kept.session.conversation().clone();
            return Ok(app.session(options())?.continuing(conversation));
        }
        None => {}
    }
    let mut session = app.session(options())?;
    let before = state
        .store
        .tape_before(&live.session, task.turn)
        .await
        .ok()
        .flatten();
    if let Some(before) = before {
        let tape = tape_of(&state.store.tapes(), &before);
        if let Err(error) = session.restore(&tape).await {
            tracing::warn!(session = live.session, reason = %causes(&error).join(": "), "a session could not be restored");
            session = app.session(options())?;
            live.push(TurnEvent::Note {
                text: "What was said before in this session cannot be recalled, because Cardinal was changed since: this \
                       question is answered without it."
                    .to_owned(),
            });
        }
    }
    Ok(session)
}

async fn ask(
    live: &Arc<LiveTurn>,
    app: &Arc<App>,
    task: &TurnTask,
    session: &mut Session,
    tape: &Path,
) -> Result<Answer, Error> {
    let mut watch = |event| tell(live, app, event);
    let on_disk = {
        let tape = tape.to_owned();
        tokio::task::spawn_blocking(move || tape.exists())
            .await
            .unwrap_or(false)
    };
    if on_disk {
        // The process that began the turn may have died between the tape's end and the store's commit.
        if let Ok(answer) = session.restore(tape).await {
            return Ok(answer);
        }
        return session.resume(tape, live.cancel.clone(), &mut watch).await;
    }
    session.set_recording(Recording::file(tape));
    let question = Question {
        asker: task.asker.clone(),
        cancel: live.cancel.clone(),
        ..Question::from(task.question.as_str())
    };
    session.ask_watched(question, &mut watch).await
}

/// Tells an event of the agent.
fn tell(live: &LiveTurn, app: &App, event: Event) {
    live.push(match event {
        Event::StepStarted { step } => TurnEvent::Step { step },
        Event::Text(delta) => TurnEvent::Text { delta },
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
        Event::Guard { note } => TurnEvent::Note { text: note },
        // The answer is told when it is stored, and the charts that it asks for with it.
        Event::Chart(_) | Event::Finished(_) => return,
    });
}

async fn finished(task: &TurnTask, app: &App, answer: &Answer, session: &Session) -> Ended {
    let tables = tables(app, answer, session).await;
    let body = AnswerBody::of(answer);
    Ended {
        status: AnswerStatus::Finished,
        taped: answer.tape.is_some(),
        error: None,
        message_key: task.message_key.map(|before| {
            message_hash(before, "assistant", &spoken_text(&body))
                .to_hex()
                .to_string()
        }),
        content: AnswerContent {
            charts: charts(answer, &tables),
            follow_ups: follow_ups(app, answer),
            answer: Some(body),
            tables,
        },
    }
}

/// The hash of a conversation with one message more. White space at the ends does not count: clients trim.
pub(in crate::server) fn message_hash(before: blake3::Hash, role: &str, text: &str) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(before.as_bytes());
    hasher.update(role.as_bytes());
    hasher.update(&[0]);
    hasher.update(text.trim().as_bytes());
    hasher.finalize()
}

fn failed(status: AnswerStatus, error: &NoApp) -> Ended {
    let code = if status == AnswerStatus::Interrupted {
        "interrupted"
    } else {
        "failed"
    };
    Ended {
        status,
        content: AnswerContent::default(),
        taped: false,
        error: Some(RecordError {
            code: code.to_owned(),
            detail: error.to_string(),
        }),
        message_key: None,
    }
}
