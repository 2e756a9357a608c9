//! One thing changed at a time: each is caught, each for what it is. Changes that a file's checksums would catch are
//! made in memory, so that the comparison itself is what catches them.

use bytes::Bytes;
use cardinal::conversation::Conversation;
use cardinal::grants::{GrantLevel, GrantRule};
use cardinal::operations::Area;
use cardinal::prompt::{DBT_TEXTS, PROMPT_TEXTS, texts_hash};
use cardinal::tapes::{ReplayError, Replayer, load_catalog};
use cardinal::wire::{Divergence, Exchange, Miss, TapeFile};

use super::kit::{Taped, completions, openai};
use crate::support::scripted_model::{Reply, ScriptedModel};
use crate::support::stack::Stack;

async fn missed(taped: &Taped, tape: &TapeFile) -> Miss {
    match taped.replay(tape).await {
        Err(ReplayError::Diverged(Divergence::Miss(miss))) => miss,
        other => panic!("{other:?}"),
    }
}

/// Replaces the first `old` in an exchange's body.
fn in_body(exchange: &mut Exchange, old: &str, new: &str) {
    let body = String::from_utf8(exchange.chunks.concat()).unwrap();
    assert!(body.contains(old), "{old} is not in {body}");
    exchange.chunks = vec![Bytes::from(body.replacen(old, new, 1))];
}

#[tokio::test]
async fn a_byte_of_the_system_prompt() {
    let taped = openai().await;
    let mut tape = taped.read();
    let system = &mut tape.exchanges[0].request["body"]["messages"][0]["content"];
    *system = system.as_str().unwrap().replacen('a', "o", 1).into();
    let miss = missed(&taped, &tape).await;
    assert_eq!(
        (miss.exchange, miss.pointer.as_str()),
        (Some(0), "/body/messages/0/content")
    );

    let mut tape = taped.read();
    tape.header
        .prompt
        .segments
        .insert("core".to_owned(), "0".to_owned());
    let Err(ReplayError::Stale { changed, command }) = taped.replay(&tape).await else {
        panic!("it was not stale")
    };
    assert_eq!(changed, ["prompt segment core"]);
    assert!(command.starts_with("cardinal ask"), "{command}");
}

/// Texts about dbt count where a tool of dbt is offered, and nowhere else.
#[tokio::test]
async fn a_byte_of_any_text_about_dbt() {
    let rules = GrantRule::new([Area::DbtDiscovery], GrantLevel::Read);
    let directory = tempfile::TempDir::new().unwrap();
    let path = directory.path().join("turn.jsonl");
    let model = ScriptedModel::openai(vec![Reply::text("Hello.")]).await;
    let mut stack = Stack::with_dbt(model, vec![rules]).await;
    stack.record("hello", &path).await.tape.unwrap();
    let tape = TapeFile::read(&path).unwrap();
    let all = [PROMPT_TEXTS, DBT_TEXTS].concat();
    assert_eq!(tape.header.prompt.texts, Some(texts_hash(all.iter().copied())));
    let catalog = load_catalog(&path, &tape.header.catalog.fingerprint).unwrap();
    for (changed, (path, text)) in all.iter().enumerate() {
        let other = format!("{text}.");
        let mut texts = all.clone();
        texts[changed].1 = &other;
        let mut tape = tape.clone();
        tape.header.prompt.texts = Some(texts_hash(texts));
        let stage = Replayer::of(&tape.header, &catalog).unwrap();
        let replayed = stage.replay(&tape, &mut Conversation::new("test")).await;
        let Err(ReplayError::Stale { changed, .. }) = replayed else {
            panic!("{path}: {replayed:?}")
        };
        assert_eq!(
            changed,
            ["the texts that a model can be sent (prompts/)"],
            "{path}"
        );
    }
    let plain = openai().await.read();
    assert_eq!(
        plain.header.prompt.texts,
        Some(texts_hash(PROMPT_TEXTS.iter().copied()))
    );
}

#[tokio::test]
async fn a_byte_of_a_tools_description() {
    let taped = openai().await;
    let mut tape = taped.read();
    let tool = &mut tape.exchanges[0].request["body"]["tools"][1]["function"]["description"];
    *tool = tool.as_str().unwrap().replacen('e', "i", 1).into();
    let miss = missed(&taped, &tape).await;
    assert_eq!(miss.pointer, "/body/tools/1/function/description");
}

#[tokio::test]
async fn an_argument_of_a_call() {
    let taped = openai().await;
    let mut tape = taped.read();
    in_body(&mut tape.exchanges[0], "year", "week");
    let miss = missed(&taped, &tape).await;
    assert_eq!(miss.exchange, Some(2));
    assert!(
        miss.recorded.contains("year") && miss.now.contains("week"),
        "{miss:?}"
    );
}

#[tokio::test]
async fn a_byte_of_a_result() {
    let taped = openai().await;
    let mut tape = taped.read();
    let value = taped.answer.evidence[0].rows.to_values()[0][1].to_string();
    let other = value.replacen(['1', '2', '3'], "7", 1);
    in_body(&mut tape.exchanges[2], &value, &other);
    let miss = missed(&taped, &tape).await;
    assert_eq!(miss.exchange, Some(3));
    assert!(miss.pointer.starts_with("/body/messages/"), "{miss:?}");
}

#[tokio::test]
async fn the_answers_own_words() {
    let taped = openai().await;
    let mut tape = taped.read();
    let last = *completions(&tape).last().unwrap();
    in_body(&mut tape.exchanges[last], "Prozent", "prozent");
    let different = taped.replay(&tape).await;
    assert!(
        matches!(different, Err(ReplayError::Different { what: "its text", .. })),
        "{different:?}"
    );
}

#[tokio::test]
async fn a_dropped_exchange_and_a_doubled_one() {
    let taped = openai().await;
    let count = taped.read().exchanges.len();
    for number in 0..count {
        let mut tape = taped.read();
        tape.exchanges.remove(number);
        assert!(
            matches!(taped.replay(&tape).await, Err(ReplayError::Diverged(_))),
            "{number} dropped"
        );

        let mut tape = taped.read();
        let twice = tape.exchanges[number].clone();
        tape.exchanges.insert(number, twice);
        assert!(
            matches!(taped.replay(&tape).await, Err(ReplayError::Diverged(_))),
            "{number} doubled"
        );
    }
}

#[tokio::test]
async fn two_swapped_exchanges() {
    let taped = openai().await;
    let count = taped.read().exchanges.len();
    for number in 1..count {
        let mut tape = taped.read();
        tape.exchanges.swap(number - 1, number);
        let swapped = taped.replay(&tape).await;
        assert!(
            matches!(swapped, Err(ReplayError::Diverged(_))),
            "{number}: {swapped:?}"
        );
    }
}

#[tokio::test]
async fn the_catalog_beside_it() {
    let taped = openai().await;
    let catalogs = taped.directory.path().join("catalogs");
    let file = std::fs::read_dir(&catalogs)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let text = std::fs::read_to_string(&file)
        .unwrap()
        .replacen("Revenue", "Umsatz", 1);
    std::fs::write(&file, text).unwrap();
    let error = cardinal::tapes::replay(&taped.path()).await.unwrap_err();
    assert!(error.to_string().contains("changed after it was kept"), "{error}");
}
