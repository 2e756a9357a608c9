//! Where a chat's messages stand in its session, and which answers another one takes the place of. Nothing that was taken goes
//! unless the request says so: by its trigger, and by what it does not show any more.

use http::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::chat_messages::joined;
use crate::server::http_error::HttpError;
use crate::server::ids::hex;
use crate::server::record::AnswerStatus;
use crate::server::store::QuestionRow;

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct UiMessage {
    /// Of an answer, the answer's id; of a question, the same whenever it is sent again.
    id: Option<String>,
    pub(super) role: String,
    parts: Option<Vec<Value>>,
    /// As `ai` 4 wrote it.
    content: Option<String>,
}

impl UiMessage {
    fn id(&self) -> Option<&str> {
        self.id.as_deref().filter(|id| !id.is_empty())
    }

    fn parts(&self, kind: &str) -> impl Iterator<Item = &Value> {
        let parts = self.parts.iter().flatten();
        parts.filter(move |part| part.get("type").is_some_and(|named| named == kind))
    }

    pub(super) fn is_said(&self) -> bool {
        matches!(self.role.as_str(), "user" | "assistant")
    }

    /// Whether it is an answer, and its text.
    pub(super) fn said(&self) -> (bool, String) {
        (self.role == "assistant", self.text())
    }

    pub(super) fn has_files(&self) -> bool {
        self.parts("file").next().is_some()
    }

    pub(super) fn text(&self) -> String {
        let text = joined(self.parts("text").filter_map(|part| part.get("text")?.as_str()));
        if text.is_empty() {
            self.content.clone().unwrap_or_default()
        } else {
            text
        }
    }
}

/// What makes a question that is sent again the same one: its session, its message's id and its text. No header
/// `Idempotency-Key` can be like it.
fn key_of(session: &str, message: &str, question: &str) -> String {
    let all = format!("{session}\n{message}\n{question}");
    let key = blake3::derive_key("cardinal 2026 server: question of a chat", all.as_bytes());
    format!("chat\n{}", hex(&key))
}

/// A question as its chat sends it.
#[derive(Debug)]
pub(super) struct UiQuestion<'a> {
    pub(super) session: &'a str,
    /// As it is asked.
    pub(super) text: &'a str,
    pub(super) message: &'a UiMessage,
    /// The messages before it, as far as they are sent.
    pub(super) shown: &'a [UiMessage],
    /// Whether an answer is to be made anew.
    pub(super) regenerates: bool,
    /// The message that the trigger is about.
    pub(super) named: Option<&'a str>,
}

impl UiQuestion<'_> {
    /// The key of its message, where that has an id.
    pub(super) fn key(&self) -> Option<String> {
        let id = self.message.id()?;
        Some(key_of(self.session, id, self.text))
    }

    /// Where the first answer stands, among those of its session, that it takes the place of; those behind it go too.
    pub(super) fn replaces(&self, turns: &[QuestionRow]) -> Result<Option<usize>, HttpError> {
        let kept = self.kept(turns);
        if let Some(named) = self.named
            && self.message.id() != Some(named)
            && self.turn_of_message(turns, named).is_none()
        {
            let detail = format!(
                "there is no message {named} in this chat, so nothing was asked; leave out `messageId`, or name an answer or a \
                 question of this chat"
            );
            return Err(HttpError::new(StatusCode::NOT_FOUND, "no_such_answer", detail));
        }
        let names_another = self.named.is_some_and(|named| self.message.id() != Some(named));
        if !self.regenerates
            && !names_another
            && let Some(at) = self.asked_before(turns)
        {
            let is_last = at + 1 == turns.len();
            let came_to_nothing = turns
                .get(at)
                .is_some_and(|turn| matches!(turn.status, AnswerStatus::Failed | AnswerStatus::Interrupted));
            // Sent again, it is the question of then.
            let goes = if is_last {
                came_to_nothing
            } else {
                self.named.is_some()
            };
            return Ok(Some(at).filter(|_| goes));
        }
        if let Some(named) = self.named {
            if let Some(at) = self.turn_of_message(turns, named) {
                if kept.is_some_and(|kept| kept > at) {
                    return Err(HttpError::bad_request(format!(
                        "`messageId` names {named}, which `messages` goes on from; send the messages before it and the question"
                    )));
                }
                return Ok(Some(at));
            }
        } else if !self.regenerates {
            return Ok(None);
        }
        let own = self.message.id().and_then(|id| self.turn_of_message(turns, id));
        let at = match kept {
            Some(kept) => own.filter(|at| *at >= kept).or(Some(kept)),
            None => own
                .or(turns.len().checked_sub(1))
                .filter(|_| self.shown.is_empty()),
        };
        Ok(at.filter(|at| {
            turns
                .get(*at)
                .is_some_and(|turn| own == Some(*at) || self.may_be(turn))
        }))
    }

    /// Whether this is the question of a turn: by its words, or, where it was edited, because nothing says otherwise.
    fn may_be(&self, turn: &QuestionRow) -> bool {
        let is_edited = !self.regenerates && !self.shown.is_empty();
        turn.question == self.text || (is_edited && turn.key.is_none())
    }

    /// The turn that this very message was sent for before.
    fn asked_before(&self, turns: &[QuestionRow]) -> Option<usize> {
        let key = self.key()?;
        turns.iter().position(|turn| turn.key.as_ref() == Some(&key))
    }

    /// The turn of a message: of an answer, or of a question, whatever its words were then.
    fn turn_of_message(&self, turns: &[QuestionRow], id: &str) -> Option<usize> {
        let is_of = |turn: &QuestionRow| {
            let is_asked = |key: &String| *key == key_of(self.session, id, &turn.question);
            turn.answer == id || turn.key.as_ref().is_some_and(is_asked)
        };
        turns.iter().rposition(is_of)
    }

    /// How many turns of the session the messages before it show; `None` where they do not say.
    fn kept(&self, turns: &[QuestionRow]) -> Option<usize> {
        let of_answer = |message: &UiMessage| {
            let id = message.id().filter(|_| message.role == "assistant")?;
            turns.iter().position(|turn| turn.answer == id)
        };
        let mut known = self.shown.iter().enumerate().rev();
        let known = known.find_map(|(at, message)| Some((at + 1, of_answer(message)? + 1)));
        let (from, mut kept) = known.unwrap_or((0, 0));
        let mut all_found = true;
        for message in self
            .shown
            .iter()
            .skip(from)
            .filter(|message| message.role == "user")
        {
            let text = message.text();
            if turns.get(kept).is_some_and(|turn| turn.question == text.trim()) {
                kept += 1;
            } else {
                // It may never have arrived.
                all_found = false;
            }
        }
        (known.is_some() || (all_found && kept > 0)).then_some(kept)
    }
}
