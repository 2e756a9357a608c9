//! The content blocks of a message, put together from their events. Gateways number several blocks 0, or leave the number out:
//! a block that begins is a new one, whatever its number, and a piece belongs to a block that can grow by it.

use serde_json::{Value, json};

use super::assemble::text_at;
use crate::model::lenient_json;

/// Blocks in the order in which they began.
#[derive(Debug, Default)]
pub(super) struct ContentBlocks(Vec<ContentBlock>);

/// A content block and the pieces of its input that have come so far.
#[derive(Debug)]
pub(super) struct ContentBlock {
    pub(super) content: Value,
    pub(super) input: String,
    index: u64,
    is_ended: bool,
}

impl ContentBlocks {
    /// Takes in the beginning of a block; tells whether it is a new one, and not told of again.
    pub(super) fn begin(&mut self, index: u64, content: Value) -> bool {
        let (kind, id) = (text_at(&content, "type"), text_at(&content, "id"));
        let is_it = |known: &ContentBlock| {
            let same_name = text_at(&known.content, "name") == text_at(&content, "name");
            let is_open = known.index == index && !known.is_ended;
            let same_id = !id.is_empty() && text_at(&known.content, "id") == id && same_name && is_open;
            let untouched = known.index == index && !known.is_ended && known.input.is_empty();
            let same = text_at(&known.content, "type") == kind && known.content == content;
            same_id || (untouched && same)
        };
        let is_new = !self.0.iter().any(is_it);
        if is_new {
            self.push(index, content);
        }
        is_new
    }

    /// The block that grows by a piece of this kind. Some gateways leave out the beginning of a text.
    pub(super) fn growing(&mut self, index: u64, kind: &str) -> Option<&mut ContentBlock> {
        let fits = |block: &ContentBlock| block.is_grown_by(kind);
        let numbered = |block: &ContentBlock| fits(block) && block.index == index;
        let place = self
            .0
            .iter()
            .rposition(|block| numbered(block) && !block.is_ended);
        let place = place
            .or_else(|| self.0.iter().rposition(|block| fits(block) && !block.is_ended))
            .or_else(|| self.0.iter().rposition(numbered));
        if place.is_none() && kind == "input_json_delta" {
            return None;
        }
        if place.is_none() {
            self.push(index, json!({"type": "text", "text": ""}));
        }
        let last = self.0.len().saturating_sub(1);
        self.0.get_mut(place.unwrap_or(last))
    }

    /// Takes in the end of a block.
    pub(super) fn end(&mut self, index: u64) {
        let mut blocks = self.0.iter_mut();
        if let Some(block) = blocks.rfind(|block| block.index == index && !block.is_ended) {
            block.is_ended = true;
        }
    }

    pub(super) fn has_calls(&self) -> bool {
        self.0
            .iter()
            .any(|block| text_at(&block.content, "type") == "tool_use")
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All blocks, by number and then in the order in which they began. A call that is there twice under one id is one; another
    /// call under the same id is another.
    pub(super) fn take_once(&mut self) -> Vec<ContentBlock> {
        let mut blocks = std::mem::take(&mut self.0);
        blocks.sort_by_key(|block| block.index);
        let mut once: Vec<ContentBlock> = Vec::with_capacity(blocks.len());
        for block in blocks {
            if !once.iter().any(|known| known.is_same_call(&block)) {
                once.push(block);
            }
        }
        once
    }

    fn push(&mut self, index: u64, content: Value) {
        self.0.push(ContentBlock {
            content,
            input: String::new(),
            index,
            is_ended: false,
        });
    }
}

impl ContentBlock {
    fn is_same_call(&self, other: &Self) -> bool {
        let same = |key: &str| text_at(&self.content, key) == text_at(&other.content, key);
        let is_call =
            text_at(&self.content, "type") == "tool_use" && !text_at(&self.content, "id").is_empty();
        is_call && ["type", "id", "name"].iter().all(|key| same(key)) && self.all_input() == other.all_input()
    }

    /// What it is called with, streamed or not.
    fn all_input(&self) -> Option<Value> {
        if self.input.trim().is_empty() {
            self.content.get("input").cloned()
        } else {
            lenient_json::value(&self.input)
        }
    }

    /// Whether a piece of this kind can belong to it. What is not known may belong to any.
    fn is_grown_by(&self, kind: &str) -> bool {
        let own = text_at(&self.content, "type");
        match kind {
            "input_json_delta" => own.ends_with("tool_use"),
            "text_delta" => own == "text",
            "thinking_delta" => own == "thinking",
            _ => true,
        }
    }
}
