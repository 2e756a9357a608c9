use serde_json::Value;

use super::ToolSpec;

/// What servers and models put before a tool's name, without a mark between both.
const BEFORE: [&str; 7] = [
    "function_",
    "functions_",
    "tool_",
    "tools_",
    "default_api_",
    "mcp_",
    "cardinal_",
];
/// What they put behind it.
const BEHIND: [&str; 2] = ["_tool", "_function"];

/// The tools of a request by name, to find them in what a model or its server made of them.
#[derive(Debug, Clone, Default)]
pub(super) struct ToolNames(Vec<KnownTool>);

#[derive(Debug, Clone)]
struct KnownTool {
    name: String,
    /// Its name in letters and digits alone.
    letters: String,
    /// What its arguments are called.
    arguments: Vec<String>,
    required: usize,
}

impl ToolNames {
    /// The names of these tools.
    pub(super) fn of(tools: &[ToolSpec]) -> Self {
        Self(tools.iter().map(KnownTool::of).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a tool has exactly this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|known| known.name == name)
    }

    /// Whether a tool's name begins with this.
    pub(super) fn begin_with(&self, beginning: &str) -> bool {
        self.0.iter().any(|known| known.name.starts_with(beginning))
    }

    /// Whether these are the keys of a tool's arguments: all of them known, and as many as it needs.
    pub(super) fn take(&self, keys: &[&str]) -> bool {
        let knows = |tool: &KnownTool| {
            keys.len() >= tool.required && keys.iter().all(|key| tool.arguments.iter().any(|own| own == key))
        };
        !keys.is_empty() && self.0.iter().any(knows)
    }

    /// Whether this tool has an argument of this name.
    pub(super) fn takes(&self, tool: &str, key: &str) -> bool {
        let mut tools = self.0.iter().filter(|known| known.name == tool);
        tools.any(|known| known.arguments.iter().any(|own| own == key))
    }

    /// Whether any tool has an argument of this name.
    pub(super) fn have_argument(&self, key: &str) -> bool {
        self.0
            .iter()
            .any(|tool| tool.arguments.iter().any(|own| own == key))
    }

    /// The name without what models and servers put around it: `functions.run_card`, `default_api.run_card`,
    /// `run_card<|channel|>commentary`, `run_card:0`, `run_card_1`, ` Run_Card`, `runCard`, `run_cardrun_card`. Only a name in which
    /// exactly one tool is named becomes that tool's; any other stays as it is.
    pub(super) fn plain(&self, written: &str) -> String {
        if self.has(written) {
            return written.to_owned();
        }
        if let Some(name) = self.spelled(written) {
            return name.to_owned();
        }
        // Arguments within the name are not to be lost with it.
        if written
            .split_once(['(', '{'])
            .is_some_and(|(_, inside)| inside.contains(char::is_alphanumeric))
        {
            return written.to_owned();
        }
        let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        let mut found: Vec<&str> = written
            .split(|c| !is_part(c))
            .filter(|word| !word.is_empty())
            .filter_map(|word| self.named(word))
            .collect();
        found.dedup();
        match found.as_slice() {
            [name] => (*name).to_owned(),
            _ => written.to_owned(),
        }
    }

    /// The tool that one word names: as it is, in other capitals, or behind a server's prefix (`mcp__data__run_card`).
    fn named(&self, word: &str) -> Option<&str> {
        let last = word.rsplit("__").next().unwrap_or(word);
        let before = |prefix: &&str| last.strip_prefix(*prefix);
        let inner = BEFORE.iter().find_map(before).unwrap_or(last);
        let inner = BEHIND
            .iter()
            .find_map(|end| inner.strip_suffix(end))
            .unwrap_or(inner);
        let counted = |word: &&str| word.ends_with(|c: char| c.is_ascii_digit());
        let words = [word, last, inner];
        let uncounted = words.iter().filter(|word| counted(word)).map(|word| {
            let number = |c: char| c.is_ascii_digit() || c == '_' || c == '-';
            word.trim_end_matches(number)
        });
        let found = words.iter().find_map(|word| self.spelled(word));
        found.or_else(|| {
            uncounted
                .filter(|word| !word.is_empty())
                .find_map(|word| self.spelled(word))
        })
    }

    /// The tool whose letters these are, once or twice.
    fn spelled(&self, written: &str) -> Option<&str> {
        let written = letters(written);
        let is_named = |known: &&KnownTool| {
            let rest = written.strip_prefix(&known.letters);
            rest.is_some_and(|rest| rest.is_empty() || rest == known.letters)
        };
        let known = self.0.iter().find(is_named);
        known.map(|known| known.name.as_str())
    }
}

impl KnownTool {
    fn of(tool: &ToolSpec) -> Self {
        let properties = tool.schema.get("properties").and_then(Value::as_object);
        let required = tool.schema.get("required").and_then(Value::as_array);
        Self {
            name: tool.name.clone(),
            letters: letters(&tool.name),
            arguments: properties
                .map(|found| found.keys().cloned().collect())
                .unwrap_or_default(),
            required: required.map_or(0, Vec::len),
        }
    }
}

/// The letters and digits of a name, in small letters.
pub(super) fn letters(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}
