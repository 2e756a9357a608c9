use std::path::{Path, PathBuf};

use cardinal::config::{Environment, Overrides, Settings, load};
use cardinal::eval::recordings::{
    CaseNote, ExistingRecordings, NOTE_FILE, RecordOptions, RecordedCase, Recordings, record,
};
use cardinal::eval::replay::{ReplayOptions, replay_suites};
use cardinal::eval::{CaseFilter, Mode, Suite, TrialRecord};
use cardinal::wire::TapeFile;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::support::scripted_model::{Reply, ScriptedModel};
use crate::support::stack::first_listed;

pub(super) const SALES: &str =
    "day,shop,amount\n2025-01-05,North,100.5\n2025-01-06,South,250\n2025-02-01,North,49.5\n";

const MODEL: &str = "\
version: 1
today: 2025-06-30
collections:
  - { path: Curated, curated: true }
cards:
  - name: Sales by shop
    collection: Curated
    description: Amount sold by each shop.
    query: { table: sales, aggregations: [[sum, amount]], breakouts: [shop] }
";

const SUITE: &str = "\
version: 1
name: shops
dataset: { kind: csv, path: data, model: model.yaml, curated: { tables: all } }
today: 2025-06-30
cases:
  - id: by-shop
    question: How much did each shop sell?
    expect:
      outcome: [answered]
      gold:
        - table: { columns: [shop, amount], rows: [[North, 150.0], [South, 250.0]] }
  - id: talk/two-turns
    turns: [How much did the shops sell?, And which one sold most?]
    expect:
      outcome: [answered]
      text: { must: [South] }
";

/// A suite over a few sales, in a folder that is gone with it.
pub(super) struct Shops {
    pub(super) folder: TempDir,
}

impl Shops {
    pub(super) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let at = folder.path();
        std::fs::create_dir(at.join("data")).unwrap();
        std::fs::write(at.join("data/sales.csv"), SALES).unwrap();
        std::fs::write(at.join("model.yaml"), MODEL).unwrap();
        std::fs::write(at.join("suite.yaml"), SUITE).unwrap();
        Self { folder }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn suite(&self) -> Suite {
        Suite::load(self.folder.path()).unwrap()
    }

    pub(super) fn recordings(&self) -> Recordings {
        Recordings::of(&self.suite())
    }

    /// Records all cases into this set.
    pub(super) async fn record(
        &self,
        set: &str,
        model: &ScriptedModel,
        existing: ExistingRecordings,
    ) -> Vec<RecordedCase> {
        let options = options(set, existing);
        record(&self.suite(), &settings(model), &options, &mut |_| {})
            .await
            .unwrap()
    }

    /// Replaces text in a file.
    pub(super) fn change(&self, name: &str, old: &str, new: &str) {
        change(&self.path(name), old, new);
    }
}

pub(super) fn change(path: &Path, old: &str, new: &str) {
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.contains(old), "{old} is not in {}", path.display());
    std::fs::write(path, text.replacen(old, new, 1)).unwrap();
}

pub(super) fn options(set: &str, existing: ExistingRecordings) -> RecordOptions {
    RecordOptions {
        set: set.to_owned(),
        filter: CaseFilter::default(),
        jobs: 2,
        existing,
        cancel: CancellationToken::new(),
    }
}

/// Default settings, with this model.
pub(super) fn settings(model: &ScriptedModel) -> Settings {
    let nothing = Environment::default();
    let loaded = load(&nothing, Path::new("/nowhere"), &Overrides::default()).unwrap();
    Settings {
        model: model.settings(),
        ..loaded.settings
    }
}

/// Whatever wire: whether the conversation has a result since the last question, and what is asked.
fn asked(request: &Value) -> (bool, String) {
    let messages = request["messages"].as_array().unwrap();
    let last = messages.last().unwrap();
    let has_result = last["role"] == "tool" || last["content"][0]["type"] == "tool_result";
    let question = messages
        .iter()
        .rfind(|message| message["role"] == "user" && message["content"][0]["type"] != "tool_result");
    (has_result, question.unwrap()["content"].to_string())
}

/// What the scripted models say: the card is run for the first question, and told.
pub(super) fn script(request: &Value) -> Reply {
    let (has_result, question) = asked(request);
    if question.contains("most") {
        Reply::text("South sold most: 250.")
    } else if has_result {
        Reply::text("North sold 150 and South 250.")
    } else {
        Reply::tool_calls([("run_card", json!({ "card_id": first_listed(request, "card") }))])
    }
}

pub(super) async fn openai() -> ScriptedModel {
    ScriptedModel::openai_with(|request| script(request).fragmented(13)).await
}

pub(super) async fn anthropic() -> ScriptedModel {
    ScriptedModel::anthropic_with(|request| script(request).fragmented(13)).await
}

pub(super) fn replay_options(mode: Mode, filter: &[String]) -> ReplayOptions {
    ReplayOptions {
        mode,
        filter: CaseFilter::new(filter).unwrap(),
        sets: Vec::new(),
        jobs: 2,
        limits: cardinal::wire::RequestLimits::default(),
        generation: None,
        cancel: CancellationToken::new(),
    }
}

async fn again(shops: &Shops, settings: &Settings, options: &ReplayOptions) -> Vec<TrialRecord> {
    let plan = options.plan(&[shops.suite()]).unwrap();
    replay_suites(plan, settings, options, &mut |_| Ok(()))
        .await
        .unwrap()
}

/// Settings without a model.
pub(super) fn offline() -> Settings {
    let flags = Overrides {
        model: Some("offline".parse().unwrap()),
        ..Overrides::default()
    };
    load(&Environment::default(), Path::new("/nowhere"), &flags)
        .unwrap()
        .settings
}

/// Runs every recorded case again.
pub(super) async fn ran_all(shops: &Shops, mode: Mode) -> Vec<TrialRecord> {
    again(shops, &offline(), &replay_options(mode, &[])).await
}

/// Runs a recorded case again.
pub(super) async fn ran(shops: &Shops, mode: Mode, case: &str) -> TrialRecord {
    let mut records = again(shops, &offline(), &replay_options(mode, &[case.to_owned()])).await;
    assert_eq!(records.len(), 1);
    records.remove(0)
}

/// Asks this model over what was recorded.
pub(super) async fn counterfactual(shops: &Shops, model: &ScriptedModel) -> Vec<TrialRecord> {
    again(
        shops,
        &settings(model),
        &replay_options(Mode::Counterfactual, &[]),
    )
    .await
}

/// Changes a tape as nobody can by hand: its checksums and its note fit what is in it.
pub(super) fn forge(folder: &Path, turn: usize, forged: impl FnOnce(&mut TapeFile)) {
    let path = folder.join(format!("turn-{turn}.jsonl"));
    let mut tape = TapeFile::read(&path).unwrap();
    forged(&mut tape);
    std::fs::remove_file(&path).unwrap();
    tape.save(&path).unwrap();
    let seal = TapeFile::read(&path).unwrap().seal;
    let mut note = CaseNote::read(folder).unwrap().unwrap();
    note.turns[turn - 1] = seal;
    std::fs::write(folder.join(NOTE_FILE), serde_json::to_string(&note).unwrap()).unwrap();
}
