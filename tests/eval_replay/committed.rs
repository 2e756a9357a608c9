//! The recordings in this repository: every one replays to the verdict it was recorded with, whatever way its bytes
//! come, and no change to one goes unseen.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use cardinal::config::{Environment, Overrides, Settings, load};
use cardinal::conversation::Conversation;
use cardinal::eval::recordings::{CaseNote, NOTE_FILE, Recordings};
use cardinal::eval::replay::{ReplayOptions, replay_suites};
use cardinal::eval::{CaseFilter, Mode, Suite, TrialRecord, Verdict};
use cardinal::prompt::PROMPT_TEXTS;
use cardinal::tapes::ReplayContexts;
use cardinal::wire::{ExchangeEnd, TapeFile};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::kit::forge;

/// Looks at everything instead of a sample.
const ALL: &str = "CARDINAL_TEST_ALL_TAPES";

fn all() -> bool {
    std::env::var_os(ALL).is_some()
}

pub(super) fn suites() -> Vec<Suite> {
    let evals = Path::new(env!("CARGO_MANIFEST_DIR")).join("evals");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(evals)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("suite.yaml").is_file())
        .collect();
    folders.sort();
    let suites = folders.iter().map(|folder| Suite::load(folder).unwrap());
    suites
        .filter(|suite| !Recordings::of(suite).sets().unwrap().is_empty())
        .collect()
}

pub(super) fn settings() -> Settings {
    let flags = Overrides {
        model: Some("offline".parse().unwrap()),
        ..Overrides::default()
    };
    load(&Environment::default(), Path::new("/nowhere"), &flags)
        .unwrap()
        .settings
}

pub(super) async fn replayed(suites: &[Suite], filter: &[String], sets: &[String]) -> Vec<TrialRecord> {
    let options = ReplayOptions {
        mode: Mode::Replay,
        filter: CaseFilter::new(filter).unwrap(),
        sets: sets.to_vec(),
        jobs: 2,
        limits: cardinal::wire::RequestLimits::default(),
        generation: None,
        cancel: CancellationToken::new(),
    };
    let plan = options.plan(suites).unwrap();
    replay_suites(plan, &settings(), &options, &mut |_| Ok(()))
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_recording_replays_to_the_verdict_it_was_recorded_with() {
    let records = replayed(&suites(), &[], &[]).await;
    eprintln!("{} recorded cases", records.len());
    for record in &records {
        let taped = record.taped.as_ref().unwrap_or_else(|| panic!("{record:#?}"));
        let same = record.verdict == taped.verdict || record.verdict == Verdict::Passed;
        assert!(
            same,
            "{}: {}, was {}",
            record.case_key(),
            record.verdict,
            taped.verdict
        );
    }
}

/// The longest part of a text between the places that are filled in.
fn fixed_part(path: &str) -> &'static str {
    let (_, text) = PROMPT_TEXTS.iter().find(|(listed, _)| *listed == path).unwrap();
    let parts = text
        .split("{{")
        .map(|part| part.rsplit("}}").next().unwrap().trim());
    parts.max_by_key(|part| part.len()).unwrap()
}

/// A text that no recorded turn meets could break without a recording to notice.
#[test]
fn recorded_turns_meet_a_repair_a_refusal_a_repeat_and_a_last_word() {
    let mut requests = String::new();
    for recorded in cases(usize::MAX) {
        for turn in 1..=recorded.turns {
            let tape = TapeFile::read(&recorded.folder.join(format!("turn-{turn}.jsonl"))).unwrap();
            let completions = tape.exchanges.iter().filter(|exchange| exchange.is_completion());
            for exchange in completions {
                requests += &exchange.request["body"].to_string();
            }
        }
    }
    let notes = [
        "repair/unmatched.md",
        "guard/repeat.md",
        "guard/repeat_known.md",
        "guard/last.md",
    ];
    let mut wanted: Vec<&str> = notes.map(fixed_part).to_vec();
    wanted.push("refused, nothing was sent");
    for text in wanted {
        let escaped = json!(text).to_string();
        assert!(
            requests.contains(escaped.trim_matches('"')),
            "no recorded turn meets: {text}"
        );
    }
}

/// A recorded case.
struct Recorded {
    suite: Suite,
    set: String,
    case: String,
    folder: PathBuf,
    turns: usize,
}

/// Recorded cases of every set: all, or this many.
fn cases(most: usize) -> Vec<Recorded> {
    let mut found = Vec::new();
    for suite in suites() {
        let place = Recordings::of(&suite);
        for set in place.sets().unwrap() {
            let held: Vec<&str> = suite
                .cases
                .iter()
                .map(|case| case.id.as_str())
                .filter(|case| place.holds(&set, case))
                .collect();
            let step = if all() {
                1
            } else {
                held.len().div_ceil(most).max(1)
            };
            for case in held.into_iter().step_by(step) {
                let folder = place.case(&set, case);
                let turns = CaseNote::read(&folder).unwrap().unwrap().turns.len();
                found.push(Recorded {
                    suite: suite.clone(),
                    set: set.clone(),
                    case: case.to_owned(),
                    folder,
                    turns,
                });
            }
        }
    }
    found
}

fn forms(body: &[u8]) -> Vec<Vec<Bytes>> {
    let text = String::from_utf8(body.to_vec()).unwrap();
    let crlf = text.replace("\r\n", "\n").replace('\n', "\r\n");
    let single = |text: &str| {
        text.as_bytes()
            .iter()
            .map(|byte| Bytes::copy_from_slice(&[*byte]))
            .collect()
    };
    let mut forms = vec![
        single(&text),
        single(&crlf),
        vec![Bytes::from(crlf.clone())],
        vec![Bytes::from(text.trim_end().to_owned())],
    ];
    let step = if all() { 1 } else { body.len().div_ceil(4).max(1) };
    for at in (1..body.len()).step_by(step) {
        let (head, tail) = body.split_at(at);
        forms.push(vec![Bytes::copy_from_slice(head), Bytes::copy_from_slice(tail)]);
    }
    forms
}

#[tokio::test(flavor = "multi_thread")]
async fn however_a_streams_bytes_come_the_turn_is_the_same() {
    let contexts = ReplayContexts::default();
    for recorded in cases(4) {
        let mut before = Conversation::new("rechunked");
        for turn in 1..=recorded.turns {
            let path = recorded.folder.join(format!("turn-{turn}.jsonl"));
            let original = TapeFile::read(&path).unwrap();
            let stage = contexts.replayer(&original).unwrap();
            let completions: Vec<usize> = (0..original.exchanges.len())
                .filter(|number| original.exchanges[*number].is_completion())
                .collect();
            for number in completions {
                for (form, chunks) in forms(&original.exchanges[number].chunks.concat())
                    .into_iter()
                    .enumerate()
                {
                    let mut tape = original.clone();
                    tape.exchanges[number].chunks = chunks;
                    // The client left at the end mark, which may not be whole any more: now it reads to the end.
                    tape.exchanges[number].end = ExchangeEnd::Complete;
                    let replayed = stage.perform(&tape, &mut before.clone()).await;
                    let answer = replayed
                        .unwrap_or_else(|error| panic!("{} {number} {form}: {error}", path.display()));
                    assert_eq!(
                        answer.text,
                        original.end.as_ref().unwrap().text,
                        "{} {number} {form}",
                        path.display()
                    );
                }
            }
            stage.perform(&original, &mut before).await.unwrap();
        }
    }
}

/// A copy of a recorded case with its suite, to be spoiled.
struct Copy {
    place: TempDir,
    suite: Suite,
    set: String,
    case: String,
    turns: usize,
    original: PathBuf,
}

impl Copy {
    fn of(recorded: &Recorded) -> Self {
        let place = TempDir::new().unwrap();
        let from = recorded.suite.path.parent().unwrap();
        let own = recorded.folder.strip_prefix(from).unwrap().to_owned();
        for folder in ["tapes/prompts", "tapes/catalogs"].map(PathBuf::from) {
            copy(&from.join(&folder), &place.path().join(&folder));
        }
        copy(&recorded.folder, &place.path().join(&own));
        // Only the one case, so that not all of them are looked at for each change.
        let mut suite = recorded.suite.clone();
        suite.path = place.path().join(suite.path.file_name().unwrap());
        suite.cases.retain(|case| case.id == recorded.case);
        Self {
            suite,
            set: recorded.set.clone(),
            case: recorded.case.clone(),
            turns: recorded.turns,
            original: recorded.folder.clone(),
            place,
        }
    }

    /// As it was recorded.
    fn fresh(&self) -> &Self {
        copy(&self.original, &self.folder());
        self
    }

    fn folder(&self) -> PathBuf {
        Recordings::of(&self.suite).case(&self.set, &self.case)
    }

    /// What is said of the copy after this was done to the tape of its first turn.
    async fn after(&self, forged: impl FnOnce(&mut TapeFile)) -> Verdict {
        forge(&self.folder(), 1, forged);
        self.verdict().await
    }

    async fn verdict(&self) -> Verdict {
        let mut records = replayed(
            std::slice::from_ref(&self.suite),
            &[self.case.clone()],
            &[self.set.clone()],
        )
        .await;
        assert_eq!(records.len(), 1, "{}", self.place.path().display());
        records.remove(0).verdict
    }
}

fn copy(from: &Path, to: &Path) {
    let Ok(entries) = std::fs::read_dir(from) else {
        return;
    };
    std::fs::create_dir_all(to).unwrap();
    for file in entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
    {
        std::fs::copy(&file, to.join(file.file_name().unwrap())).unwrap();
    }
}

/// Changes the last letter or digit of the longest text in a value.
fn one_byte(value: &mut Value) {
    fn longest(value: &mut Value) -> Option<&mut String> {
        match value {
            Value::String(text) => Some(text),
            Value::Array(items) => items.iter_mut().filter_map(longest).max_by_key(|text| text.len()),
            Value::Object(fields) => fields
                .values_mut()
                .filter_map(longest)
                .max_by_key(|text| text.len()),
            _ => None,
        }
    }
    let text = longest(value).unwrap();
    let at = text.rfind(|c: char| c.is_ascii_alphanumeric()).unwrap();
    let new = if &text[at..=at] == "x" { "y" } else { "x" };
    text.replace_range(at..=at, new);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_changed_thing_in_a_recording_is_caught_for_what_it_is() {
    for recorded in cases(3) {
        let spoiled = Copy::of(&recorded);
        assert_eq!(spoiled.verdict().await, Verdict::Passed, "{}", recorded.case);
        for segment in ["core", "tools"] {
            let another = |tape: &mut TapeFile| {
                tape.header
                    .prompt
                    .segments
                    .insert(segment.to_owned(), "0".to_owned());
            };
            let verdict = spoiled.fresh().after(another).await;
            assert!(matches!(verdict, Verdict::Stale { .. }), "{segment}: {verdict}");
        }
        let diverged = |what: &str, verdict: Verdict| {
            let name = format!("{} {}", recorded.set, recorded.case);
            assert!(
                matches!(verdict, Verdict::Diverged { .. }),
                "{name}, {what}: {verdict}"
            );
        };
        let first = TapeFile::read(&recorded.folder.join("turn-1.jsonl")).unwrap();
        let number =
            |wanted: &dyn Fn(&cardinal::wire::Exchange) -> bool| first.exchanges.iter().position(wanted);
        if number(&|exchange| exchange.is_completion()).is_some() {
            let system = |tape: &mut TapeFile| {
                let body = &mut tape.exchanges[0].request["body"];
                let whole = !body["system"].is_null();
                one_byte(if whole {
                    &mut body["system"]
                } else {
                    &mut body["messages"][0]
                });
            };
            diverged("system prompt", spoiled.fresh().after(system).await);
            if first.exchanges[0].request["body"]["tools"].is_array() {
                let tool = |tape: &mut TapeFile| one_byte(&mut tape.exchanges[0].request["body"]["tools"][0]);
                diverged("tool", spoiled.fresh().after(tool).await);
            }
        }
        if let Some(at) =
            number(&|exchange| !exchange.is_completion() && exchange.request["body"].is_object())
        {
            let argument = |tape: &mut TapeFile| tape.exchanges[at].request["body"]["further"] = json!(1);
            diverged("argument", spoiled.fresh().after(argument).await);
        }
        if let Some(at) = number(&|exchange| exchange.is_completion() && messages(exchange) > 2) {
            let result = |tape: &mut TapeFile| {
                let messages = tape.exchanges[at].request["body"]["messages"]
                    .as_array_mut()
                    .unwrap();
                one_byte(&mut messages.last_mut().unwrap()["content"]);
            };
            diverged("result", spoiled.fresh().after(result).await);
        }
        if !first.exchanges.is_empty() {
            let dropped = spoiled.fresh().after(|tape| drop(tape.exchanges.remove(0))).await;
            diverged("dropped", dropped);
        }
        for at in 1..first.exchanges.len() {
            if first.exchanges[at - 1].request != first.exchanges[at].request {
                let swapped = spoiled
                    .fresh()
                    .after(|tape| tape.exchanges.swap(at - 1, at))
                    .await;
                diverged("swapped", swapped);
            }
        }
        spoiled.fresh();
        std::fs::remove_file(spoiled.folder().join(format!("turn-{}.jsonl", spoiled.turns))).unwrap();
        assert!(spoiled.verdict().await.errored());
        spoiled.fresh();
        std::fs::remove_file(spoiled.folder().join(NOTE_FILE)).unwrap();
        assert!(spoiled.verdict().await.errored());
    }
}

fn messages(exchange: &cardinal::wire::Exchange) -> usize {
    exchange.request["body"]["messages"]
        .as_array()
        .map_or(0, Vec::len)
}
