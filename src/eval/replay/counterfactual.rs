use tokio_util::sync::CancellationToken;

use super::from_tape::told;
use super::opened::Opened;
use crate::agent::TurnOptions;
use crate::conversation::Conversation;
use crate::eval::Case;
use crate::eval::ended::Ended;
use crate::eval::stage::Stage;
use crate::wire::{RecordedResults, TapeMode};

/// Asks a case's questions of today's model and prompt, over recorded results wherever a query is on one of its tapes.
/// Returns what came, and the queries that the sandbox answered because none of the tapes could.
pub(super) async fn run(
    opened: &Opened,
    case: &Case,
    stage: &Stage,
    cancel: &CancellationToken,
) -> (Ended, Vec<String>) {
    let (agent, studio) = match stage.session(case, None) {
        Ok(session) => session,
        Err(reason) => return (Ended::failed(reason), Vec::new()),
    };
    // What answers is asked now, so that it is no part of any turn.
    let _ = studio.client.detection().await;
    let recorded = RecordedResults::of(&opened.tapes);
    let slot = studio.wire.tape_slot();
    slot.put(TapeMode::Results(recorded.clone()));
    let mut conversation = Conversation::new(case.id.clone());
    let mut ended = Ended::default();
    for question in &case.turns {
        let options = TurnOptions {
            today: stage.today(case),
            asker: None,
            cancel: cancel.clone(),
        };
        let answer = agent
            .run_turn(&mut conversation, question, options, &mut |_| {})
            .await;
        match answer {
            Ok(answer) => ended.answers.push(told(&answer)),
            Err(error) => {
                let answers = std::mem::take(&mut ended.answers);
                ended = Ended {
                    answers,
                    ..Ended::failed(error.to_string())
                };
                break;
            }
        }
    }
    slot.take();
    (ended, recorded.off_tape())
}
