//! The items of a response's output, put together from their events.
//!
//! Servers disagree about what names an item: some number all of them 0, some give the same item another id with every event.
//! So an event belongs to the item of its id, else to the latest of its number that has not ended.

use serde_json::{Value, json};

use super::event::{ItemPlace, text};
use crate::model::lenient_json;
use crate::model::replay::set;

/// Items in the order in which they began.
#[derive(Debug, Default)]
pub(super) struct OutputItems(Vec<OutputItem>);

#[derive(Debug)]
struct OutputItem {
    at: ItemPlace,
    item: Value,
    is_done: bool,
}

impl OutputItems {
    /// Takes in the beginning of an item; gives back the name of a tool that is called in it and was not before.
    pub(super) fn begin(&mut self, at: ItemPlace, item: Value) -> Option<String> {
        let is_known = self.0.iter().any(|known| known.is_begun_again(&at, &item));
        if is_known || !is_call(&item) {
            return None;
        }
        let name = text(&item, "name").to_owned();
        self.push(at, item, false);
        Some(name).filter(|name| !name.is_empty())
    }

    /// Adds to the arguments of a call; tells whether there is one.
    pub(super) fn grow(&mut self, at: &ItemPlace, more: &str) -> bool {
        let call = self.call(at);
        let is_known = call.is_some();
        if let Some(item) = call {
            let all = format!("{}{more}", text(item, "arguments"));
            set(item, "arguments", all.into());
        }
        is_known
    }

    /// All arguments of a call, which nothing else may have told of.
    pub(super) fn fill(&mut self, at: ItemPlace, name: &str, arguments: String) {
        if let Some(item) = self.call(&at) {
            if !arguments.is_empty() {
                set(item, "arguments", arguments.into());
            }
            return;
        }
        let item = json!({"type": "function_call", "name": name, "arguments": arguments});
        let is_known = |known: &OutputItem| known.at.index == at.index && text(&known.item, "name") == name;
        if !name.is_empty() && !self.0.iter().any(is_known) {
            self.push(at, item, false);
        }
    }

    /// Takes in an item as it is when it is whole.
    pub(super) fn end(&mut self, at: ItemPlace, item: Value) {
        match self.0.iter_mut().rfind(|known| known.is_ended_by(&at, &item)) {
            Some(known) => (known.item, known.is_done) = (item, true),
            None => self.push(at, item, true),
        }
    }

    /// Takes the output as the response's end repeats it. Calls that it does not have are not lost.
    pub(super) fn replace(&mut self, output: Vec<Value>) {
        let mut missing = std::mem::take(&mut self.0);
        let calls = output.iter().filter(|item| is_call(item)).count();
        missing.retain(|known| is_call(&known.item));
        if missing.len() > calls {
            missing.retain(|known| !output.iter().any(|item| is_same_call(item, &known.item)));
        } else {
            missing.clear();
        }
        for (index, item) in (0..).zip(output) {
            let id = text(&item, "id").to_owned();
            self.push(ItemPlace { id, index }, item, true);
        }
        let behind = u64::MAX;
        for known in missing {
            let id = known.at.id;
            self.push(ItemPlace { id, index: behind }, known.item, true);
        }
    }

    pub(super) fn has_calls(&self) -> bool {
        self.0.iter().any(|known| is_call(&known.item))
    }

    /// All items, by number and then in the order in which they began.
    pub(super) fn take(&mut self) -> Vec<Value> {
        let mut items = std::mem::take(&mut self.0);
        items.sort_by_key(|known| known.at.index);
        items.into_iter().map(|known| known.item).collect()
    }

    fn push(&mut self, at: ItemPlace, item: Value, is_done: bool) {
        self.0.push(OutputItem { at, item, is_done });
    }

    /// The call that a piece of arguments belongs to.
    fn call(&mut self, at: &ItemPlace) -> Option<&mut Value> {
        let named = |known: &OutputItem| !at.id.is_empty() && known.at.id == at.id;
        let numbered = |known: &OutputItem| known.at.index == at.index && !known.is_done;
        let place = self
            .0
            .iter()
            .rposition(|known| is_call(&known.item) && named(known));
        let place = place.or_else(|| {
            self.0
                .iter()
                .rposition(|known| is_call(&known.item) && numbered(known))
        })?;
        self.0.get_mut(place).map(|known| &mut known.item)
    }
}

impl OutputItem {
    /// Whether a beginning tells again of this item.
    fn is_begun_again(&self, at: &ItemPlace, item: &Value) -> bool {
        if !at.id.is_empty() || !self.at.id.is_empty() {
            return at.id == self.at.id;
        }
        let is_empty = !self.is_done && text(&self.item, "arguments").is_empty();
        at.index == self.at.index && is_empty && !differs(&self.item, item)
    }

    /// Whether a whole item is this one.
    fn is_ended_by(&self, at: &ItemPlace, item: &Value) -> bool {
        if !at.id.is_empty() && at.id == self.at.id {
            return true;
        }
        let is_repeated = is_call(item) && is_same_call(item, &self.item);
        at.index == self.at.index && !differs(&self.item, item) && (!self.is_done || is_repeated)
    }
}

fn is_call(item: &Value) -> bool {
    text(item, "type") == "function_call"
}

/// Whether two items cannot be the same one.
fn differs(one: &Value, other: &Value) -> bool {
    ["type", "name", "call_id"].iter().any(|key| {
        let (one, other) = (text(one, key), text(other, key));
        !one.is_empty() && !other.is_empty() && one != other
    })
}

/// Whether two items are one call: by its id, or by what is called with what.
fn is_same_call(one: &Value, other: &Value) -> bool {
    let ids = (text(one, "call_id"), text(other, "call_id"));
    if !ids.0.is_empty() && !ids.1.is_empty() {
        return ids.0 == ids.1;
    }
    let arguments = |item: &Value| lenient_json::value(text(item, "arguments"));
    text(one, "name") == text(other, "name") && arguments(one) == arguments(other)
}
