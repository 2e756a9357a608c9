//! Requests that chat front ends send beside a conversation: titles, tags, follow-ups, search queries, the end of what somebody
//! types, answers of several models in one. They are answered here, without a model.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Value, json};

use super::chat_messages::ChatRequest;
use crate::app::App;
use crate::server::suggest::first_questions;
use crate::text::built_in_pattern;

/// How most requests of Open WebUI begin.
const TASK: &str = "### Task:";
/// What of them is not theirs: what was said, and what a question comes with.
const QUOTED: [(&str, &str); 2] = [("<chat_history>", "</chat_history>"), ("<context>", "</context>")];
/// How Open WebUI asks for the end of what somebody types, for a face, and for one answer in place of several.
const AUTOCOMPLETE: &str = "You are an autocompletion system";
const EMOJI: &str = "Your task is to reflect the speaker's likely facial expression";
const MERGE: &str = "You have been provided with a set of responses from various";
/// How it asks which of its tools to call, where they are not native.
const TOOLS: [&str; 2] = ["Available Tools:", "tool_calls"];
/// What it is told that asks for one answer in place of several.
const NOT_MERGED: &str = "Cardinal does not merge answers of several models: it can tell where the figures of its own come from, and \
                          not those of others. Read them one by one.";
/// How NextChat asks for a title and for a memory.
const NEXT_TITLE: &str = "Please generate a four to five word title summarizing our conversation";
const NEXT_MEMORY: &str =
    "Summarize the discussion briefly in 200 words or less to use as a prompt for future context";
/// How Chatbox and big-AGI ask for titles.
const NAMINGS: [&str; 2] = [
    "give this conversation a name",
    "AI conversation titles assistant",
];
/// How LibreChat asks for a title and a language in a form.
const WITH_LANGUAGE: &str = "detected language";
/// How a title is asked for in Chinese.
const CHINESE_TITLE: &str = "字以内的标题";
/// How a sentence begins that asks for a title, and what it names beside it.
const VERBS: [&str; 11] = [
    "generate",
    "create",
    "write",
    "provide",
    "give",
    "suggest",
    "summarize",
    "summarise",
    "come up with",
    "return",
    "produce",
];
const POLITE: [&str; 5] = [
    "please ",
    "you will ",
    "you should ",
    "you must ",
    "your task is to ",
];
const SUBJECTS: [&str; 8] = [
    "session",
    "conversation",
    "chat",
    "dialog",
    "message",
    "discussion",
    "thread",
    "previous query",
];
/// How a transcript names a person who speaks.
const PERSONS: [&str; 5] = ["user:", "human:", "<user>", "<human>", "**user**:"];
const TITLE_WORDS: usize = 6;

/// `a title`, with a few words between, and none of `a list of titles`.
static A_TITLE: LazyLock<Regex> =
    LazyLock::new(|| built_in_pattern(r"\b(?:an?|into)\s+((?:[\w'-]+,?\s+){0,8})titles?\b"));

/// The answer to a request that is no question of a person; `None` when it is one.
pub(super) fn answer(request: &ChatRequest, app: &App) -> Option<String> {
    if let Some(last) = request.messages.last().and_then(|last| last.text().ok())
        && let Some(answer) = behind_a_conversation(request, last.trim_start())
    {
        return Some(answer);
    }
    let is_told = |role: &str| matches!(role, "system" | "developer");
    let mut said = request.messages.iter().filter(|message| !is_told(&message.role));
    let (Some(only), None) = (said.next(), said.next()) else {
        return None;
    };
    let text = only.text().ok()?;
    let text = text.trim_start();
    let told = request.messages.iter().filter(|message| is_told(&message.role));
    let told: Vec<String> = told.filter_map(|message| message.text().ok()).collect();
    let told = told.join("\n");
    if let Some(task) = text.strip_prefix(TASK) {
        return task_of_open_webui(task, app).or_else(|| title(request, &told, text));
    }
    if text.starts_with(AUTOCOMPLETE) {
        return Some(json!({"text": ""}).to_string());
    }
    if text.starts_with(MERGE) {
        return Some(NOT_MERGED.to_owned());
    }
    if text.starts_with(EMOJI) {
        return Some("📊".to_owned());
    }
    if TOOLS.iter().all(|part| told.contains(part)) {
        return Some(json!({"tool_calls": []}).to_string());
    }
    title(request, &told, text)
}

/// The answer to what NextChat puts behind a conversation as if a person had said it.
fn behind_a_conversation(request: &ChatRequest, last: &str) -> Option<String> {
    let asks = |begin: &str| last.starts_with(begin);
    if !asks(NEXT_TITLE) && !asks(NEXT_MEMORY) {
        return None;
    }
    let first = request.messages.iter().find(|message| message.role == "user");
    let first = first.and_then(|first| first.text().ok());
    let first = first.filter(|first| !first.trim_start().starts_with(NEXT_TITLE));
    Some(first.map_or_else(|| UNNAMED.to_owned(), |first| first_words(&first)))
}

/// The answer to a task; the form of the answer is named in it.
fn task_of_open_webui(task: &str, app: &App) -> Option<String> {
    let own = QUOTED.iter().fold(task.to_owned(), |own, (begin, end)| {
        let quoted = own.split_once(begin);
        let quoted = quoted.and_then(|(before, rest)| Some((before, rest.rsplit_once(end)?.1)));
        quoted.map_or_else(|| own.clone(), |(before, behind)| format!("{before}{behind}"))
    });
    let asks_for = |key: &str| own.contains(&format!("\"{key}\""));
    let answer = if asks_for("title") {
        json!({"title": topic(task)})
    } else if asks_for("tags") {
        json!({"tags": ["Data"]})
    } else if asks_for("follow_ups") {
        let texts = first_questions(app).into_iter().take(3).map(|one| one.text);
        json!({ "follow_ups": texts.collect::<Vec<String>>() })
    } else if asks_for("queries") {
        json!({"queries": []})
    } else if asks_for("text") {
        json!({"text": ""})
    } else if asks_for("prompt") {
        json!({"prompt": ""})
    } else {
        return None;
    };
    Some(answer.to_string())
}

/// The title of a conversation, if that is what is asked for: in a message before it, or around what was said.
fn title(request: &ChatRequest, told: &str, text: &str) -> Option<String> {
    let is_named = NAMINGS
        .iter()
        .any(|naming| told.contains(naming) || text.contains(naming));
    let title = match topic_of(text) {
        topic if is_named => topic.unwrap_or_else(|| UNNAMED.to_owned()),
        Some(topic) if asks_for_title(told) || asks_for_title(text) => topic,
        // Whoever asks for a title where nothing was said asks a question.
        None if asks_for_title(told) => first_words(text),
        _ => return None,
    };
    let asks = |word: &str| told.contains(word) || text.contains(word);
    if !request.wants_form() && !asks("JSON") && !asks(WITH_LANGUAGE) {
        return Some(title);
    }
    // It is asked for as a call or as JSON: JSON is read as both.
    let mut form = json!({ "title": title });
    for (word, field) in [
        (WITH_LANGUAGE, "language"),
        (WITH_LANGUAGE, "detected_language"),
        ("title and description", "description"),
    ] {
        if let Some(form) = form.as_object_mut().filter(|_| asks(word)) {
            form.insert(field.to_owned(), Value::from(""));
        }
    }
    Some(form.to_string())
}

/// Whether a sentence asks for the title of a conversation, and not for titles that data hold.
fn asks_for_title(text: &str) -> bool {
    let sentences = text.lines().flat_map(|line| line.split(". "));
    text.contains(CHINESE_TITLE)
        || (text.contains(WITH_LANGUAGE) && text.contains("concise title"))
        || sentences.into_iter().any(|sentence| {
            let sentence = sentence.to_lowercase();
            let mut words = sentence.trim_start_matches(|c: char| !c.is_alphanumeric());
            while let Some(rest) = POLITE.iter().find_map(|polite| words.strip_prefix(polite)) {
                words = rest;
            }
            let asks = VERBS.iter().any(|verb| words.starts_with(verb));
            let mut titles = A_TITLE.captures_iter(words);
            asks && SUBJECTS.iter().any(|subject| words.contains(subject))
                && titles.any(|found| {
                    found
                        .get(1)
                        .is_none_or(|between| !between.as_str().contains("of "))
                })
        })
}

/// What a conversation is called that says nothing.
const UNNAMED: &str = "Questions about data";

fn topic(transcript: &str) -> String {
    topic_of(transcript).unwrap_or_else(|| UNNAMED.to_owned())
}

/// The first words of the first question in a transcript.
fn topic_of(transcript: &str) -> Option<String> {
    let marks = |c: char| c.is_whitespace() || matches!(c, '|' | '>' | '-' | '#');
    let lines = transcript
        .lines()
        .map(|line| line.trim().trim_start_matches(marks));
    let mut lines = lines.filter(|line| !line.is_empty());
    while let Some(line) = lines.next() {
        let lower = line.to_ascii_lowercase();
        if let Some(mark) = PERSONS.iter().find(|mark| lower.starts_with(**mark)) {
            let question = line
                .get(mark.len()..)
                .map(str::trim)
                .filter(|rest| !rest.is_empty());
            return question.or_else(|| lines.next()).map(first_words);
        }
    }
    None
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
