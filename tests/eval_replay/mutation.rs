//! One thing changed at a time in recorded suites: each is caught, and each for what it is.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use cardinal::eval::recordings::{CaseNote, ExistingRecordings, NOTE_FILE};
use cardinal::eval::{Mode, TrialRecord, Verdict};
use cardinal::prompt::{PROGRAM_WORDS, PROMPT_TEXTS, text_hashes, texts_hash, words_hash};
use cardinal::wire::{Exchange, TapeFile};

use super::kit::{Shops, anthropic, change, forge, openai, ran};

/// The suite recorded on both wires, and the folders of a case of one turn and of one with two.
async fn recorded() -> Vec<(Shops, PathBuf, PathBuf)> {
    let mut all = Vec::new();
    for model in [openai().await, anthropic().await] {
        let shops = Shops::new();
        shops.record("one", &model, ExistingRecordings::Refuse).await;
        let (single, double) = (
            shops.path("tapes/one/by-shop"),
            shops.path("tapes/one/talk~two-turns"),
        );
        all.push((shops, single, double));
    }
    all
}

fn in_body(exchange: &mut Exchange, old: &str, new: &str) {
    let body = String::from_utf8(exchange.chunks.concat()).unwrap();
    assert!(body.contains(old), "{old} is not in {body}");
    exchange.chunks = vec![Bytes::from(body.replacen(old, new, 1))];
}

async fn verdict(shops: &Shops, case: &str) -> Verdict {
    ran(shops, Mode::Replay, case).await.verdict
}

fn stale(verdict: &Verdict, part: &str) {
    let Verdict::Stale { what, .. } = verdict else {
        panic!("{verdict:?}")
    };
    assert_eq!(what, &[part.to_owned()]);
}

/// Changes what is noted of a case.
fn noted(folder: &Path, change: impl FnOnce(&mut CaseNote)) {
    let mut note = CaseNote::read(folder).unwrap().unwrap();
    change(&mut note);
    std::fs::write(folder.join(NOTE_FILE), serde_json::to_string(&note).unwrap()).unwrap();
}

fn diverged(verdict: &Verdict, place: &str) {
    let Verdict::Diverged { at, was, now, .. } = verdict else {
        panic!("{verdict:?}")
    };
    assert!(at.contains(place), "{place} is not in {at}");
    assert_ne!(was, now);
}

fn broken(verdict: &Verdict, words: &[&str]) {
    let Verdict::HarnessError { reason } = verdict else {
        panic!("{verdict:?}")
    };
    for word in words {
        assert!(reason.contains(word), "{word} is not in {reason}");
    }
}

#[tokio::test]
async fn a_byte_of_the_prompt_or_of_a_tool_makes_it_stale() {
    for (shops, single, _) in recorded().await {
        for segment in ["core", "tools", "catalog"] {
            forge(&single, 1, |tape| {
                let hash = tape.header.prompt.segments.get_mut(segment).unwrap();
                *hash = blake3::hash(hash.as_bytes()).to_hex().to_string();
            });
            let Verdict::Stale { what, .. } = verdict(&shops, "by-shop").await else {
                panic!("{segment}")
            };
            assert!(what.contains(&format!("prompt segment {segment}")), "{what:?}");
        }
        noted(&single, |note| note.form.body = "0".to_owned());
        stale(&verdict(&shops, "by-shop").await, "the form of requests");
    }
}

/// A note that no recorded turn met could be met today.
#[tokio::test]
async fn a_byte_of_any_text_that_a_model_can_be_sent_makes_it_stale() {
    let shops = Shops::new();
    shops
        .record("one", &openai().await, ExistingRecordings::Refuse)
        .await;
    let single = shops.path("tapes/one/by-shop");
    for (changed, (path, text)) in PROMPT_TEXTS.iter().enumerate() {
        let other = format!("{text}.");
        let texts = (0..PROMPT_TEXTS.len()).map(|number| match PROMPT_TEXTS[number] {
            (path, _) if number == changed => (path, other.as_str()),
            unchanged => unchanged,
        });
        let texts: Vec<(&str, &str)> = texts.collect();
        let folder = path.split('/').next().unwrap();
        noted(&single, |note| note.form.texts = text_hashes(texts.clone()));
        let of_the_folder = verdict(&shops, "by-shop").await;
        stale(&of_the_folder, &format!("the texts in prompts/{folder}"));
        noted(&single, |note| {
            note.form.texts = text_hashes(PROMPT_TEXTS.iter().copied())
        });

        // The tape alone tells it as well.
        forge(&single, 1, |tape| {
            tape.header.prompt.texts = Some(texts_hash(texts))
        });
        let of_the_tape = verdict(&shops, "by-shop").await;
        stale(&of_the_tape, "the texts that a model can be sent (prompts/)");
        forge(&single, 1, |tape| {
            tape.header.prompt.texts = Some(texts_hash(PROMPT_TEXTS.iter().copied()));
        });
    }
    assert_eq!(verdict(&shops, "by-shop").await, Verdict::Passed);
}

/// Words that stand in the program itself: refusals, hints, headings of results.
#[tokio::test]
async fn a_byte_of_any_word_of_the_program_makes_it_stale() {
    let shops = Shops::new();
    shops
        .record("one", &openai().await, ExistingRecordings::Refuse)
        .await;
    let single = shops.path("tapes/one/by-shop");
    let now = words_hash(PROGRAM_WORDS, &[]);
    let recorded = TapeFile::read(&single.join("turn-1.jsonl")).unwrap();
    assert_eq!(recorded.header.prompt.words.as_ref(), Some(&now));
    for (changed, (folder, words)) in PROGRAM_WORDS.iter().enumerate() {
        for number in [0, words.len() / 2, words.len() - 1] {
            let other = format!("{}.", words[number]);
            let mut words = words.to_vec();
            words[number] = &other;
            let mut all = PROGRAM_WORDS.to_vec();
            all[changed] = (folder, &words);
            let forged = words_hash(&all, &[]);
            assert_ne!(forged, now, "{other}");
            forge(&single, 1, |tape| tape.header.prompt.words = Some(forged));
            stale(
                &verdict(&shops, "by-shop").await,
                "the words of the program that a model can be sent (refusals, hints, headings)",
            );
        }
    }
    // A tape from before these were hashed says nothing of them.
    forge(&single, 1, |tape| tape.header.prompt.words = None);
    assert_eq!(verdict(&shops, "by-shop").await, Verdict::Passed);
}

#[tokio::test]
async fn a_recording_from_before_texts_were_hashed_is_replayed_and_says_so() {
    let shops = Shops::new();
    shops
        .record("one", &openai().await, ExistingRecordings::Refuse)
        .await;
    let hashed = |record: &TrialRecord| record.taped.as_ref().unwrap().texts_hashed;
    assert!(hashed(&ran(&shops, Mode::Replay, "by-shop").await));
    let single = shops.path("tapes/one/by-shop");
    forge(&single, 1, |tape| tape.header.prompt.texts = None);
    noted(&single, |note| note.form.texts.clear());
    let record = ran(&shops, Mode::Replay, "by-shop").await;
    assert_eq!(record.verdict, Verdict::Passed);
    assert!(!hashed(&record));
}

#[tokio::test]
async fn a_byte_of_the_prompt_that_was_sent_parts_the_turn_from_its_tape() {
    for (shops, single, _) in recorded().await {
        forge(&single, 1, |tape| {
            let told = tape.exchanges[0].request.to_string();
            tape.exchanges[0].request =
                serde_json::from_str(&told.replacen("catalog", "cataloc", 1)).unwrap();
        });
        diverged(&verdict(&shops, "by-shop").await, "turn 1, step 1, exchange 0");
    }
}

#[tokio::test]
async fn an_argument_or_a_result_parts_the_turn_from_its_tape() {
    for (shops, single, _) in recorded().await {
        let original = TapeFile::read(&single.join("turn-1.jsonl")).unwrap();
        forge(&single, 1, |tape| in_body(&mut tape.exchanges[0], "_id", "_ix"));
        diverged(&verdict(&shops, "by-shop").await, "turn 1, step 2");

        forge(&single, 1, |tape| {
            tape.exchanges.clone_from(&original.exchanges);
            let result = tape
                .exchanges
                .iter_mut()
                .find(|exchange| !exchange.is_completion());
            in_body(result.unwrap(), "150", "151");
        });
        diverged(&verdict(&shops, "by-shop").await, "turn 1, step 2");
    }
}

#[tokio::test]
async fn the_last_words_are_the_graders() {
    for (shops, _, double) in recorded().await {
        forge(&double, 2, |tape| {
            let last = tape.exchanges.len() - 1;
            let body = String::from_utf8(tape.exchanges[last].chunks.concat()).unwrap();
            tape.exchanges[last].chunks = vec![Bytes::from(body.replace("South", "Nord"))];
        });
        let verdict = verdict(&shops, "talk/two-turns").await;
        assert!(matches!(verdict, Verdict::Regressed { .. }), "{verdict:?}");
    }
}

#[tokio::test]
async fn a_turn_that_is_gone_and_turns_that_were_swapped_are_no_recording() {
    for (shops, _, double) in recorded().await {
        let (first, second) = (double.join("turn-1.jsonl"), double.join("turn-2.jsonl"));
        let aside = double.join("aside");
        std::fs::rename(&first, &aside).unwrap();
        broken(&verdict(&shops, "talk/two-turns").await, &["turn-1.jsonl"]);
        std::fs::rename(&second, &first).unwrap();
        std::fs::rename(&aside, &second).unwrap();
        broken(
            &verdict(&shops, "talk/two-turns").await,
            &["turn-1.jsonl", "line 1", "turn 2"],
        );
        std::fs::remove_file(double.join(NOTE_FILE)).unwrap();
        broken(&verdict(&shops, "talk/two-turns").await, &["no recording"]);
    }
}

#[tokio::test]
async fn a_tape_of_another_recording_is_not_taken_for_this_one() {
    for (shops, single, _) in recorded().await {
        let path = single.join("turn-1.jsonl");
        let mut tape = TapeFile::read(&path).unwrap();
        tape.header.started_at = "2001-01-01T00:00:00Z".parse().unwrap();
        std::fs::remove_file(&path).unwrap();
        tape.save(&path).unwrap();
        broken(
            &verdict(&shops, "by-shop").await,
            &["turn-1.jsonl", "not the one"],
        );
    }
}

#[tokio::test]
async fn dropped_and_swapped_exchanges_part_the_turn_from_its_tape() {
    for (shops, single, _) in recorded().await {
        let original = TapeFile::read(&single.join("turn-1.jsonl")).unwrap();
        for number in 0..original.exchanges.len() {
            forge(&single, 1, |tape| {
                tape.exchanges.clone_from(&original.exchanges);
                tape.exchanges.remove(number);
            });
            diverged(&verdict(&shops, "by-shop").await, "turn 1");
        }
        forge(&single, 1, |tape| {
            tape.exchanges.clone_from(&original.exchanges);
            tape.exchanges.swap(0, 1);
        });
        diverged(&verdict(&shops, "by-shop").await, "turn 1");
    }
}

/// Whatever is done to the bytes of a tape is an error that names the file and, where there is one, the line.
#[tokio::test]
async fn tampered_truncated_reordered_and_doubled_lines_are_named() {
    for (shops, single, _) in recorded().await {
        let path = single.join("turn-1.jsonl");
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let count = lines.len();
        let file = "turn-1.jsonl";
        for number in 0..count {
            let mut cut = lines.clone();
            cut.remove(number);
            std::fs::write(&path, format!("{}\n", cut.join("\n"))).unwrap();
            broken(&verdict(&shops, "by-shop").await, &[file]);

            let mut twice = lines.clone();
            twice.insert(number, lines[number]);
            std::fs::write(&path, format!("{}\n", twice.join("\n"))).unwrap();
            broken(&verdict(&shops, "by-shop").await, &[file, "line"]);

            let mut torn = lines.clone();
            torn[number] = &lines[number][..lines[number].len() / 2];
            std::fs::write(&path, format!("{}\n", torn.join("\n"))).unwrap();
            broken(
                &verdict(&shops, "by-shop").await,
                &[file, &format!("line {}", number + 1)],
            );

            let mut other = lines[number].to_owned();
            let digit = other.rfind(|c: char| c.is_ascii_digit()).unwrap();
            let new = if other.as_bytes()[digit] == b'7' { "8" } else { "7" };
            other.replace_range(digit..=digit, new);
            let mut changed = lines.clone();
            changed[number] = &other;
            std::fs::write(&path, format!("{}\n", changed.join("\n"))).unwrap();
            broken(
                &verdict(&shops, "by-shop").await,
                &[file, &format!("line {}", number + 1)],
            );
            if number > 0 {
                let mut swapped = lines.clone();
                swapped.swap(number - 1, number);
                std::fs::write(&path, format!("{}\n", swapped.join("\n"))).unwrap();
                broken(&verdict(&shops, "by-shop").await, &[file, "line"]);
            }
        }
        for bytes in [0, text.len() / 3, text.len() - 2, text.len() - 1] {
            std::fs::write(&path, &text[..bytes]).unwrap();
            broken(&verdict(&shops, "by-shop").await, &[file]);
        }
    }
}

#[tokio::test]
async fn what_lies_beside_the_tapes_is_held_to_its_hash() {
    for (shops, _, _) in recorded().await {
        for kind in ["prompts", "catalogs"] {
            let folder = shops.path("tapes").join(kind);
            let file = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
            let text = std::fs::read_to_string(&file).unwrap();
            change(&file, "Amount", "Amounts");
            let name = file.file_name().unwrap().to_str().unwrap().to_owned();
            broken(&verdict(&shops, "by-shop").await, &[&name, "changed"]);
            std::fs::write(&file, text).unwrap();
        }
        assert_eq!(verdict(&shops, "by-shop").await, Verdict::Passed);
    }
}
