//! Filters as templates: SQL with `{{ Dimension('order__status') }}`, `{{ TimeDimension('metric_time', 'month') }}` and
//! `{{ Entity('customer') }}` in it.

use std::sync::LazyLock;

use regex::Regex;

use super::element::ElementName;
use super::fault::SemanticFault;
use super::grain::SqlGrain;

/// A filter, read: text and references in turn.
#[derive(Debug, Clone)]
pub(crate) struct FilterTemplate {
    parts: Vec<FilterPart>,
}

#[derive(Debug, Clone)]
enum FilterPart {
    Sql(String),
    Reference(ElementName),
}

static REFERENCE: LazyLock<Result<Regex, regex::Error>> = LazyLock::new(|| {
    Regex::new(
        r#"^\s*(Dimension|TimeDimension|Entity)\(\s*['"]([\w.]+)['"]\s*(?:,\s*(?:time_granularity_name\s*=\s*)?['"](\w+)['"]\s*)?\)\s*(?:\.grain\(\s*['"](\w+)['"]\s*\)\s*)?$"#,
    )
});

impl FilterTemplate {
    pub(crate) fn parse(template: &str) -> Result<Self, SemanticFault> {
        let mut parts = Vec::new();
        let mut rest = template;
        while let Some((sql, after)) = rest.split_once("{{") {
            parts.push(FilterPart::Sql(sql.to_owned()));
            let (call, after) = after.split_once("}}").ok_or_else(|| {
                SemanticFault::new(format!("The filter `{template}` has a `{{{{` without `}}}}`."))
            })?;
            parts.push(FilterPart::Reference(reference(call).ok_or_else(|| {
                SemanticFault::new(format!(
                    "Error parsing where filter: `{}`. Write {{{{ Dimension('entity__name') }}}}, \
                     {{{{ TimeDimension('metric_time', 'month') }}}} or {{{{ Entity('name') }}}}.",
                    call.trim()
                ))
            })?));
            rest = after;
        }
        if rest.contains("{%") || rest.contains("}}") {
            return Err(SemanticFault::new(format!(
                "Error parsing where filter: `{template}`."
            )));
        }
        parts.push(FilterPart::Sql(rest.to_owned()));
        Ok(Self { parts })
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &ElementName> {
        self.parts.iter().filter_map(|part| match part {
            FilterPart::Reference(name) => Some(name),
            FilterPart::Sql(_) => None,
        })
    }

    /// The SQL, with `column` put in for what it refers to. `has_time` says whether moments are among it.
    pub(crate) fn render(
        &self,
        has_time: bool,
        mut column: impl FnMut(&ElementName) -> Result<String, SemanticFault>,
    ) -> Result<String, SemanticFault> {
        let mut sql = String::new();
        for part in &self.parts {
            match part {
                FilterPart::Sql(text) if has_time => sql.push_str(&with_whole_moments(text)),
                FilterPart::Sql(text) => sql.push_str(text),
                FilterPart::Reference(name) => sql.push_str(&column(name)?),
            }
        }
        Ok(sql)
    }
}

fn reference(call: &str) -> Option<ElementName> {
    let found = REFERENCE.as_ref().ok()?.captures(call)?;
    let (kind, name) = (found.get(1)?.as_str(), found.get(2)?.as_str());
    let grain = found.get(3).or(found.get(4)).map(|grain| grain.as_str());
    let grain = match grain {
        None => None,
        // A grain that does not exist is not a reference at all.
        Some(grain) => Some(SqlGrain::named(grain)?),
    };
    if grain.is_some() && kind == "Entity" {
        return None;
    }
    Some(ElementName::parse(name, grain))
}

static CASTS: LazyLock<Result<Regex, regex::Error>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\bcast\(\s*('[^']*')\s+as\s+(?:date|timestamp)\s*\)|\b(?:date|timestamp)\s+('[^']*')|('[^']*')::(?:date|timestamp)\b",
    )
});
static MOMENTS: LazyLock<Result<Regex, regex::Error>> =
    LazyLock::new(|| Regex::new(r"'(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}:\d{2})(?:\.0+)?Z?)?'"));

/// Moments in SQLite are texts with a time of day: dates get one, and casts to types that it does not have go away.
fn with_whole_moments(sql: &str) -> String {
    let (Ok(casts), Ok(moments)) = (CASTS.as_ref(), MOMENTS.as_ref()) else {
        return sql.to_owned();
    };
    let plain = casts.replace_all(sql, "$1$2$3");
    let whole = moments.replace_all(&plain, |found: &regex::Captures<'_>| {
        let day = found.get(1).map_or("", |day| day.as_str());
        let time = found.get(2).map_or("00:00:00", |time| time.as_str());
        format!("'{day} {time}'")
    });
    whole.into_owned()
}
