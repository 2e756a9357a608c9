use super::ToolSpec;

/// The names of the tools of a request, to find them in what a model or its server made of them.
#[derive(Debug, Clone, Default)]
pub(super) struct ToolNames(Vec<String>);

impl ToolNames {
    /// The names of these tools.
    pub(super) fn of(tools: &[ToolSpec]) -> Self {
        Self(tools.iter().map(|tool| tool.name.clone()).collect())
    }

    /// Whether a tool has exactly this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|known| known == name)
    }

    /// The name without what models and servers put around it: `functions.run_card`, `default_api.run_card`,
    /// `run_card<|channel|>commentary`, `run_card:0`, ` Run_Card`. Only a name in which exactly one tool is named becomes
    /// that tool's; any other stays as it is.
    pub(super) fn plain(&self, written: &str) -> String {
        if self.has(written) {
            return written.to_owned();
        }
        let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        let mut found = written
            .split(|c| !is_part(c))
            .filter(|word| !word.is_empty())
            .filter_map(|word| self.named(word));
        match (found.next(), found.next()) {
            (Some(name), None) => name.to_owned(),
            _ => written.to_owned(),
        }
    }

    /// The tool that one word names: as it is, in other capitals, or behind a server's prefix (`mcp__data__run_card`).
    fn named(&self, word: &str) -> Option<&str> {
        let last = word.rsplit("__").next().unwrap_or(word);
        let known = self
            .0
            .iter()
            .find(|known| known.eq_ignore_ascii_case(word) || known.eq_ignore_ascii_case(last));
        known.map(String::as_str)
    }
}
