//! However a stream's bytes are cut, and however its lines end, it means the same.

use bytes::Bytes;
use cardinal::conversation::Conversation;
use cardinal::tapes::{Replayer, load_catalog};
use cardinal::wire::ExchangeEnd;

use super::kit::{Taped, anthropic, completions, openai, taped};
use crate::support::scripted_model::{Reply, ScriptedModel};

/// Every completion's body in each of the forms that `forms` makes of it, one turn for each form.
async fn replays_in(taped: &Taped, forms: impl Fn(&[u8]) -> Vec<Vec<Bytes>>) {
    let original = taped.read();
    let catalog = load_catalog(&taped.path(), &original.header.catalog.fingerprint).unwrap();
    let stage = Replayer::of(&original.header, &catalog).unwrap();
    for number in completions(&original) {
        for (form_number, form) in forms(&original.exchanges[number].chunks.concat())
            .into_iter()
            .enumerate()
        {
            let mut tape = original.clone();
            tape.exchanges[number].chunks = form;
            // The client left at the end mark, which may not be whole any more: now it reads to the end.
            tape.exchanges[number].end = ExchangeEnd::Complete;
            let replayed = stage.replay(&tape, &mut Conversation::new("test")).await;
            assert!(
                replayed.is_ok(),
                "completion {number}, form {form_number}: {replayed:?}"
            );
        }
    }
}

fn split(body: &[u8], at: usize) -> Vec<Bytes> {
    let (head, tail) = body.split_at(at);
    vec![Bytes::copy_from_slice(head), Bytes::copy_from_slice(tail)]
}

fn lines_ending_in(body: &[u8], end: &str) -> String {
    String::from_utf8(body.to_vec()).unwrap().replace('\n', end)
}

#[tokio::test]
async fn single_bytes_other_line_ends_and_a_missing_last_line_end() {
    for taped in [openai().await, anthropic().await] {
        replays_in(&taped, |body| {
            let crlf = lines_ending_in(body, "\r\n");
            let bytes = |body: &[u8]| body.iter().map(|byte| Bytes::copy_from_slice(&[*byte])).collect();
            let text = String::from_utf8(body.to_vec()).unwrap();
            vec![
                bytes(body),
                bytes(crlf.as_bytes()),
                vec![Bytes::from(crlf)],
                vec![Bytes::from(text.trim_end().to_owned())],
            ]
        })
        .await;
    }
}

#[tokio::test]
async fn cuts_in_two() {
    let short = || vec![Reply::text("12 €")];
    for model in [
        ScriptedModel::openai(short()).await,
        ScriptedModel::anthropic(short()).await,
    ] {
        let taped = taped(model).await;
        let length = taped.read().exchanges[0].chunks.concat().len();
        replays_in(&taped, |body| {
            let near = |at: &usize| at.is_multiple_of(4) || body[at - 1..=*at].contains(&b'\n');
            (1..length).filter(near).map(|at| split(body, at)).collect()
        })
        .await;
    }
}
