//! Requests that chat front ends send beside a conversation: titles, tags, follow-ups, search queries. They are answered
//! here, without a model.

use serde_json::json;

use super::chat_messages::ChatRequest;
use crate::app::App;
use crate::server::suggest::first_questions;

/// How Open WebUI begins all of them.
const OPEN_WEBUI: &str = "### Task:";
/// How LibreChat asks for titles.
const LIBRECHAT: [&str; 3] = [
    "Please generate a concise, 5-word-or-less title",
    "Provide a concise, 5-word-or-less title",
    "Write a concise title for this conversation",
];
/// How it asks for them in a form.
const LIBRECHAT_STRUCTURED: &str = "Analyze this conversation and provide:";
/// How Open WebUI asks for a face.
const OPEN_WEBUI_EMOJI: &str = "Your task is to reflect the speaker's likely facial expression";
/// How the chat that Vercel offers to begin with asks for titles, as a system message.
const VERCEL: &str = "Generate a short title based on the first message";
const TITLE_WORDS: usize = 6;

/// The answer to a request that is no question of a person; `None` when it is one.
pub(super) fn answer(request: &ChatRequest, app: &App) -> Option<String> {
    let said: Vec<_> = request
        .messages
        .iter()
        .filter(|message| message.role != "system")
        .collect();
    let [only] = said.as_slice() else { return None };
    let text = only.text().ok()?;
    if LIBRECHAT.iter().any(|start| text.contains(start)) {
        return Some(title(&text));
    }
    if text.trim_start().starts_with(LIBRECHAT_STRUCTURED) && text.contains("concise title") {
        // It is asked for as a call or as JSON: JSON is read as both.
        return Some(json!({"language": "", "detected_language": "", "title": title(&text)}).to_string());
    }
    if text.trim_start().starts_with(OPEN_WEBUI_EMOJI) {
        return Some("📊".to_owned());
    }
    let told = request.messages.iter().filter(|message| message.role == "system");
    let told = told.filter_map(|message| message.text().ok());
    if told.into_iter().any(|told| told.trim_start().starts_with(VERCEL)) {
        return Some(first_words(&text));
    }
    let task = text.trim_start().strip_prefix(OPEN_WEBUI)?;
    // The form of the answer is named in the request.
    let asks_for = |key: &str| task.contains(&format!("\"{key}\""));
    let answer = if asks_for("title") {
        json!({"title": title(task)}).to_string()
    } else if asks_for("tags") {
        json!({"tags": ["Data"]}).to_string()
    } else if asks_for("follow_ups") {
        let texts: Vec<String> = first_questions(app)
            .into_iter()
            .take(3)
            .map(|one| one.text)
            .collect();
        json!({ "follow_ups": texts }).to_string()
    } else if asks_for("queries") {
        json!({"queries": []}).to_string()
    } else if asks_for("text") {
        json!({"text": ""}).to_string()
    } else if asks_for("prompt") {
        json!({"prompt": ""}).to_string()
    } else {
        return None;
    };
    Some(answer)
}

/// The first words of the first question in a transcript.
fn title(transcript: &str) -> String {
    let question = transcript.lines().find_map(|line| {
        let line = line.trim();
        ["USER:", "User:", "Human:"]
            .iter()
            .find_map(|mark| line.strip_prefix(mark))
    });
    first_words(question.unwrap_or("Questions about data"))
}

fn first_words(question: &str) -> String {
    let mut words = question.split_whitespace();
    let first: Vec<&str> = words.by_ref().take(TITLE_WORDS).collect();
    let title = first.join(" ");
    let title = title.trim_matches(['"', '?', '.']);
    if words.next().is_some() {
        format!("{title}…")
    } else {
        title.to_owned()
    }
}
