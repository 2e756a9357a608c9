use regex::Regex;

use super::Case;

/// Which cases are run: all, or those that one of the patterns fits. `tag:` begins a pattern for tags, any other is
/// for ids; `*` stands for any text, `?` for one character.
#[derive(Debug, Clone, Default)]
pub struct CaseFilter(Vec<(String, CasePattern)>);

#[derive(Debug, Clone)]
enum CasePattern {
    Id(Regex),
    Tag(Regex),
}

impl CaseFilter {
    /// The filter of these patterns.
    pub fn new(patterns: &[String]) -> Result<Self, regex::Error> {
        let patterns = patterns.iter().map(|written| {
            let pattern = match written.strip_prefix("tag:") {
                Some(tag) => glob(tag).map(CasePattern::Tag),
                None => glob(written).map(CasePattern::Id),
            };
            Ok((written.clone(), pattern?))
        });
        patterns.collect::<Result<_, _>>().map(Self)
    }

    /// Those of its patterns that fit none of these cases, as they were written.
    pub fn idle<'a>(&self, cases: &(impl Iterator<Item = &'a Case> + Clone)) -> Vec<&str> {
        let fits = |pattern: &CasePattern| cases.clone().any(|case| pattern.fits(case));
        let idle = self.0.iter().filter(|(_, pattern)| !fits(pattern));
        idle.map(|(written, _)| written.as_str()).collect()
    }

    /// Whether it leaves nothing out.
    pub(crate) fn is_all(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the case is run.
    pub fn takes(&self, case: &Case) -> bool {
        self.is_all() || self.0.iter().any(|(_, pattern)| pattern.fits(case))
    }
}

impl CasePattern {
    fn fits(&self, case: &Case) -> bool {
        match self {
            Self::Id(id) => id.is_match(&case.id),
            Self::Tag(tag) => case.tags.iter().any(|one| tag.is_match(one)),
        }
    }
}

fn glob(pattern: &str) -> Result<Regex, regex::Error> {
    let pattern = regex::escape(pattern).replace(r"\*", ".*").replace(r"\?", ".");
    Regex::new(&format!("^(?s:{pattern})$"))
}
