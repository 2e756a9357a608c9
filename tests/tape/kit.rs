use std::path::PathBuf;

use cardinal::agent::Answer;
use cardinal::agent::{GroundingSettings, OnUnmatched};
use cardinal::conversation::Conversation;
use cardinal::tapes::{ReplayError, ReplayedTurn, Replayer, load_catalog};
use cardinal::wire::TapeFile;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::scripted_model::{Reply, ScriptedModel};
use crate::support::stack::{Knobs, Stack, first_listed};

/// A recorded turn and the stack that recorded it.
pub(super) struct Taped {
    pub(super) directory: TempDir,
    pub(super) stack: Stack,
    pub(super) answer: Answer,
}

impl Taped {
    pub(super) fn path(&self) -> PathBuf {
        self.directory.path().join("turn.jsonl")
    }

    pub(super) fn read(&self) -> TapeFile {
        TapeFile::read(&self.path()).unwrap()
    }

    /// Replays a tape in memory, changed or not.
    pub(super) async fn replay(&self, tape: &TapeFile) -> Result<ReplayedTurn, ReplayError> {
        let catalog = load_catalog(&self.path(), &tape.header.catalog.fingerprint).unwrap();
        let stage = Replayer::of(&tape.header, &catalog).unwrap();
        stage.replay(tape, &mut Conversation::new("test")).await
    }
}

/// Two queries, then an answer with every kind of character.
pub(super) fn script() -> impl FnMut(&Value) -> Reply + Send + 'static {
    let mut step = 0;
    move |request| {
        step += 1;
        let metric = first_listed(request, "metric");
        let by = |unit: &str| json!({ "metric_id": metric, "group_by": [{ "dimension": "created_at", "granularity": unit }] });
        match step {
            1 => Reply::tool_calls([("query_metric", by("year"))]).saying("Let me look."),
            2 => Reply::tool_calls([("query_metric", by("quarter"))]),
            _ => Reply::text("Zwölf Prozent mehr, d.h. 5\u{202f}000 € — 📈.\nSource: \"Revenue\"."),
        }
        .fragmented(11)
    }
}

pub(super) async fn taped(model: ScriptedModel) -> Taped {
    let directory = TempDir::new().unwrap();
    // The scripts say what they like.
    let grounding = GroundingSettings {
        repair: false,
        on_unmatched: OnUnmatched::Off,
        ..GroundingSettings::default()
    };
    let knobs = Knobs {
        grounding,
        ..Knobs::default()
    };
    let mut stack = Stack::new(model, knobs).await;
    let recorded = stack
        .record("How did revenue develop?", &directory.path().join("turn.jsonl"))
        .await;
    recorded.tape.unwrap();
    Taped {
        directory,
        stack,
        answer: recorded.answer,
    }
}

pub(super) async fn openai() -> Taped {
    taped(ScriptedModel::openai_with(script()).await).await
}

pub(super) async fn anthropic() -> Taped {
    taped(ScriptedModel::anthropic_with(script()).await).await
}

pub(super) async fn responses() -> Taped {
    taped(ScriptedModel::responses_with(script()).await).await
}

/// The numbers of a tape's completions.
pub(super) fn completions(tape: &TapeFile) -> Vec<usize> {
    let exchanges = tape.exchanges.iter().enumerate();
    exchanges
        .filter(|(_, exchange)| exchange.request["purpose"] == "completion")
        .map(|(number, _)| number)
        .collect()
}
