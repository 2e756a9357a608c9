//! The tool calls of a completion, put together from their pieces.
//!
//! Servers disagree about what belongs together: some number every call 0, some give each piece of one call another id or
//! number, some send a name in pieces, some repeat it with every piece. One thing cannot be got wrong: a whole JSON
//! object ends a call's arguments, and before that they go on. So a piece belongs to the call of its number or id, else to
//! the latest one, and begins a new call only where that one can be over.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::call_piece::CallPiece;
use crate::model::ModelEvent;
use crate::model::arguments::{self, JsonProgress};
use crate::model::tool_names::ToolNames;

/// Calls that are still arriving.
#[derive(Debug, Default)]
pub(super) struct PendingCalls {
    names: ToolNames,
    calls: Vec<PendingCall>,
    /// Where the latest call of each number stands.
    numbered: BTreeMap<u64, usize>,
}

#[derive(Debug, Default)]
struct PendingCall {
    id: String,
    name: String,
    arguments: String,
    /// The latest piece of them: some servers send all of them with every piece.
    latest: String,
    extent: JsonProgress,
    is_announced: bool,
    others: Map<String, Value>,
    function_others: Map<String, Value>,
}

/// A call that has come whole.
#[derive(Debug, PartialEq)]
pub(super) struct WholeCall {
    /// The server's id, possibly empty.
    pub(super) id: String,
    pub(super) name: String,
    pub(super) arguments: String,
    /// Fields of the call that go back with it.
    pub(super) others: Map<String, Value>,
    /// Fields of its function that go back with it.
    pub(super) function_others: Map<String, Value>,
}

impl PendingCalls {
    pub(super) fn of(names: ToolNames) -> Self {
        Self {
            names,
            ..Self::default()
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// Takes in one piece; what a listener should hear of it is pushed to `heard`.
    pub(super) fn push(&mut self, mut piece: CallPiece, heard: &mut Vec<ModelEvent>) {
        heard.push(ModelEvent::Unheard(piece.arguments.len().max(1)));
        if self.repeats(&piece) {
            return;
        }
        let at = self.place(&piece).unwrap_or_else(|| {
            self.calls.push(PendingCall::default());
            self.calls.len().saturating_sub(1)
        });
        if let Some(index) = piece.index {
            self.numbered.insert(index, at);
        }
        let Some(call) = self.calls.get_mut(at) else {
            return;
        };
        // An empty object behind whole arguments, under no name of its own, is no call.
        if call.is_over() && piece.name.is_empty() && piece.arguments.trim() == "{}" {
            piece.arguments.clear();
        }
        call.take(piece);
        if call.extent.is_begun() && !call.name.is_empty() {
            call.announce(&self.names, heard);
        }
    }

    /// Whether a piece is a whole call that has come whole before: some servers send all calls again at the end.
    fn repeats(&self, piece: &CallPiece) -> bool {
        let Ok(arguments) = serde_json::from_str::<Map<String, Value>>(&piece.arguments) else {
            return false;
        };
        let is_it = |(at, call): (usize, &PendingCall)| {
            let same_id = !piece.id.is_empty() && piece.id == call.id;
            // Under its own number it is the same one, whatever id it has now.
            let is_at = match piece.index {
                Some(index) => self.numbered.get(&index) == Some(&at),
                None => piece.id.is_empty() || call.id.is_empty(),
            };
            (same_id || is_at)
                && (piece.name.is_empty() || self.names.plain(&piece.name) == self.names.plain(&call.name))
                && serde_json::from_str(&call.arguments).is_ok_and(|before: Map<_, _>| before == arguments)
        };
        self.calls.iter().enumerate().any(is_it)
    }

    /// Where the call stands that a piece belongs to; `None` for a new one.
    fn place(&self, piece: &CallPiece) -> Option<usize> {
        let latest = self.calls.len().checked_sub(1)?;
        let numbered = piece.index.and_then(|index| self.numbered.get(&index).copied());
        let named = || {
            let same_id = |call: &PendingCall| !piece.id.is_empty() && call.id == piece.id;
            self.calls.iter().rposition(same_id)
        };
        let known = numbered.or_else(named);
        let at = known.unwrap_or(latest);
        let call = self.calls.get(at)?;
        let has_new_number = piece.index.is_some() && known.is_none();
        let begins = piece.arguments.trim().is_empty() || piece.arguments.trim_start().starts_with('{');
        let is_other = known.is_none()
            && piece.index.is_none()
            && !(piece.id.is_empty() || call.id.is_empty())
            && self.is_tool(&piece.name);
        let goes_on = if is_other && begins {
            // Calls that arrive in turns, each under its own id.
            false
        } else if call.is_over() {
            call.is_repeated_by(piece) && (!has_new_number || piece.name.is_empty())
        } else if call.extent.is_begun() {
            // Parallel calls may arrive in turns, each under its own number.
            !has_new_number || call.is_continued_by(piece)
        } else if has_new_number {
            piece.name.is_empty()
        } else {
            !self.begins_another(call, piece)
        };
        goes_on.then_some(at)
    }

    /// Whether a piece names another tool than a call without arguments so far.
    fn begins_another(&self, call: &PendingCall, piece: &CallPiece) -> bool {
        let other_id = !piece.id.is_empty() && !call.id.is_empty() && piece.id != call.id;
        let other_tool = piece.name != call.name && self.is_tool(&piece.name) && self.is_tool(&call.name);
        !piece.name.is_empty() && !call.name.is_empty() && (other_id || other_tool)
    }

    fn is_tool(&self, name: &str) -> bool {
        self.names.has(&self.names.plain(name))
    }

    /// All calls, in the order in which they began; more than one object in the arguments of one are several. Those that a
    /// listener has not heard of are pushed to `heard`.
    pub(super) fn finish(mut self, heard: &mut Vec<ModelEvent>) -> Vec<WholeCall> {
        // Beside calls, one of nothing with nothing is none.
        if self.calls.iter().any(|call| !call.name.is_empty()) {
            self.calls
                .retain(|call| !call.name.is_empty() || !call.arguments.trim().is_empty());
        }
        let mut whole = Vec::with_capacity(self.calls.len());
        for mut call in self.calls {
            call.announce(&self.names, heard);
            let name = self.names.plain(&call.name);
            for (nth, written) in call.written().iter().enumerate() {
                let is_first = nth == 0;
                whole.push(WholeCall {
                    id: if is_first {
                        std::mem::take(&mut call.id)
                    } else {
                        String::new()
                    },
                    name: name.clone(),
                    arguments: arguments::plain(written),
                    others: if is_first {
                        std::mem::take(&mut call.others)
                    } else {
                        Map::new()
                    },
                    function_others: if is_first {
                        std::mem::take(&mut call.function_others)
                    } else {
                        Map::new()
                    },
                });
            }
        }
        whole
    }
}

impl PendingCall {
    /// Whether its arguments have come whole.
    fn is_over(&self) -> bool {
        self.extent.is_whole()
    }

    /// Whether a piece that comes when this call is over is not a new call: a repetition of what is known, or arguments
    /// behind the empty object that some servers begin with. Objects without a name are parted at the end.
    fn is_repeated_by(&self, piece: &CallPiece) -> bool {
        let same_id = piece.id.is_empty() || piece.id == self.id;
        let same_name = piece.name.is_empty() || self.name.is_empty() || piece.name == self.name;
        let nameless = piece.name.is_empty() && same_id;
        let empty_before = self.arguments.trim() == "{}";
        nameless || (same_id && same_name && (empty_before || piece.arguments.trim().is_empty()))
    }

    /// Whether a piece under a new number goes on with these arguments: it names no tool, or this one again, and does not
    /// begin an object.
    fn is_continued_by(&self, piece: &CallPiece) -> bool {
        let begins = piece.arguments.trim_start().starts_with('{');
        piece.name.is_empty() || (piece.name == self.name && !begins && !piece.arguments.is_empty())
    }

    fn take(&mut self, piece: CallPiece) {
        if self.id.is_empty() {
            self.id = piece.id;
        }
        if !self.extent.is_begun() || self.name.is_empty() {
            if piece.name.starts_with(&self.name) {
                // The whole name, again or for the first time.
                self.name = piece.name;
            } else {
                self.name += &piece.name;
            }
        }
        self.extent.push(&piece.arguments);
        self.arguments += &piece.arguments;
        if !piece.arguments.is_empty() {
            self.latest = piece.arguments;
        }
        self.others.extend(piece.others);
        self.function_others.extend(piece.function_others);
    }

    /// Its arguments, apart where they are several calls' arguments.
    fn written(&self) -> Vec<String> {
        let all = arguments::split(&self.arguments);
        let is_read = |written: &String| arguments::is_object(&arguments::plain(written));
        if self.latest.len() < self.arguments.len() && !all.iter().all(is_read) {
            let latest = arguments::split(&self.latest);
            if latest.iter().all(is_read) {
                return latest;
            }
        }
        all
    }

    fn announce(&mut self, names: &ToolNames, heard: &mut Vec<ModelEvent>) {
        if !std::mem::replace(&mut self.is_announced, true) {
            let name = names.plain(&self.name);
            heard.push(ModelEvent::ToolCallStarted { name });
        }
    }
}
