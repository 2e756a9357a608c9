//! A stream means the same however the network cuts it, and a stream that was cut short is never taken as whole.

use cardinal::model::{Completion, ModelError, StopCause};
use serde_json::json;

use super::talk::{listen, model, question};
use crate::support::reply::Reply;
use crate::support::scripted_model::ScriptedModel;
use crate::support::{scripted_anthropic, scripted_openai};

fn reply() -> Reply {
    Reply::tool_calls([("run_card", json!({"note": "日本 \"q\""}))]).saying("Größe: ")
}

fn check(completion: &Completion, at: usize) {
    assert_eq!(completion.text, "Größe: ", "at {at}");
    let calls: Vec<_> = completion
        .tool_calls
        .iter()
        .map(|call| call.arguments.as_str())
        .collect();
    assert_eq!(calls, ["{\"note\":\"日本 \\\"q\\\"\"}"], "at {at}");
    assert_eq!(completion.stop, StopCause::ToolCalls, "at {at}");
    assert_eq!(completion.usage.unwrap().input_tokens, 100, "at {at}");
}

/// Both providers' bodies, with either kind of line end.
fn bodies() -> Vec<(bool, String)> {
    let (openai, anthropic) = (
        scripted_openai::turn(&reply()),
        scripted_anthropic::turn(&reply()),
    );
    vec![
        (true, openai.replace('\n', "\r\n")),
        (true, openai),
        (false, anthropic.replace('\n', "\r\n")),
        (false, anthropic),
    ]
}

async fn serve(openai: bool, mut next: impl FnMut() -> Reply + Send + 'static) -> ScriptedModel {
    if openai {
        ScriptedModel::openai_with(move |_| next()).await
    } else {
        ScriptedModel::anthropic_with(move |_| next()).await
    }
}

#[tokio::test]
async fn every_split_and_every_size_of_pieces_reads_the_same() {
    for (openai, body) in bodies() {
        // Pieces of one byte split every line end, so that the longer line ends need no splits of their own.
        let splits = if body.contains('\r') { 0 } else { body.len() };
        let mut at = 0;
        let server = serve(openai, move || {
            at += 1;
            let reply = Reply::sse(body.clone());
            if at <= splits {
                reply.split_at(at)
            } else {
                reply.fragmented(at - splits)
            }
        })
        .await;
        let model = model(&server.settings());
        for at in 1..=splits + 20 {
            check(&listen(&*model, &question()).await.unwrap().completion, at);
        }
    }
}

#[tokio::test]
async fn no_cut_is_taken_as_a_whole_completion() {
    for (openai, body) in bodies() {
        // Behind the reason for the end nothing that matters is missing.
        let reason = if openai {
            "\"finish_reason\":\""
        } else {
            "\"stop_reason\":\""
        };
        let needed = body.rfind(reason).unwrap() + reason.len();
        let cuts: Vec<usize> = (0..needed).step_by(41).collect();
        let mut next = cuts.clone().into_iter();
        let server = serve(openai, move || {
            Reply::sse(body.clone()).cut_after(next.next().unwrap())
        })
        .await;
        let model = model(&server.settings());
        for at in cuts {
            let error = listen(&*model, &question())
                .await
                .expect_err("a cut stream has to fail");
            assert!(matches!(error, ModelError::Wire { .. }), "at {at}: {error:?}");
        }
    }
}
