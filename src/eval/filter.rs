use regex::Regex;

use super::Case;

/// Which cases are run: all, or those that one of the patterns fits. `tag:` begins a pattern for tags, any other is
/// for ids; `*` stands for any text, `?` for one character.
#[derive(Debug, Clone, Default)]
pub struct Filter(Vec<Pattern>);

#[derive(Debug, Clone)]
enum Pattern {
    Id(Regex),
    Tag(Regex),
}

impl Filter {
    /// The filter of these patterns.
    pub fn new(patterns: &[String]) -> Result<Self, regex::Error> {
        let patterns = patterns.iter().map(|pattern| match pattern.strip_prefix("tag:") {
            Some(tag) => glob(tag).map(Pattern::Tag),
            None => glob(pattern).map(Pattern::Id),
        });
        patterns.collect::<Result<_, _>>().map(Self)
    }

    /// Whether it leaves nothing out.
    pub fn is_all(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the case is run.
    pub fn takes(&self, case: &Case) -> bool {
        self.is_all()
            || self.0.iter().any(|pattern| match pattern {
                Pattern::Id(id) => id.is_match(&case.id),
                Pattern::Tag(tag) => case.tags.iter().any(|one| tag.is_match(one)),
            })
    }
}

fn glob(pattern: &str) -> Result<Regex, regex::Error> {
    let pattern = regex::escape(pattern).replace(r"\*", ".*").replace(r"\?", ".");
    Regex::new(&format!("^(?s:{pattern})$"))
}
