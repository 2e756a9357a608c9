//! What metrics are grouped and filtered by, and the way from a measure's table to it.

use std::fmt;

use super::grain::SqlGrain;
use super::manifest::{SemanticSource, ServedDimension, ServedEntity, ServedManifest};

/// The time that each metric has, whatever its own column is called.
pub(crate) const METRIC_TIME: &str = "metric_time";
/// Tables that a path may lead over.
const HOPS: usize = 2;

/// A name in a query: `order__status`, `metric_time__month`, `customer`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ElementName {
    /// Entities that lead there.
    path: Vec<String>,
    name: String,
    grain: Option<SqlGrain>,
}

impl ElementName {
    /// Reads a name; a grain that is given apart from it wins.
    pub(crate) fn parse(text: &str, grain: Option<SqlGrain>) -> Self {
        let mut parts: Vec<String> = text
            .trim()
            .to_lowercase()
            .split("__")
            .map(str::to_owned)
            .collect();
        let written = match parts.as_slice() {
            [_, .., last] => SqlGrain::named(last),
            _ => None,
        };
        if written.is_some() {
            parts.pop();
        }
        let name = parts.pop().unwrap_or_default();
        Self {
            path: parts,
            name,
            grain: grain.or(written),
        }
    }

    pub(crate) fn is_metric_time(&self) -> bool {
        self.path.is_empty() && self.name == METRIC_TIME
    }

    /// The name without a grain, and the grain.
    pub(crate) fn parts(&self) -> (String, Option<SqlGrain>) {
        (self.bare(), self.grain)
    }

    fn bare(&self) -> String {
        let mut parts = self.path.clone();
        parts.push(self.name.clone());
        parts.join("__")
    }
}

impl fmt::Display for ElementName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.grain {
            Some(grain) => write!(formatter, "{}__{}", self.bare(), grain.name()),
            None => write!(formatter, "{}", self.bare()),
        }
    }
}

/// A table that is joined to one that is there already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JoinStep {
    /// SQL of the value on this side.
    pub(crate) from: String,
    /// The semantic model that is joined.
    pub(crate) to: String,
    /// SQL of the value on its side.
    pub(crate) key: String,
}

/// An element as it is reached from one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Element {
    /// Name of its column in a result.
    pub(crate) column: String,
    pub(crate) steps: Vec<JoinStep>,
    /// SQL of its value in the last table.
    pub(crate) sql: String,
    /// The table's semantic model.
    pub(crate) source: String,
    /// For times, how finely they are told apart.
    pub(crate) grain: Option<SqlGrain>,
    /// Whether it is the time that the measure is counted at.
    pub(crate) is_agg_time: bool,
}

/// Finds an element from a table; `agg_time` is the time dimension that counts there.
pub(crate) fn resolve(
    manifest: &ServedManifest,
    source: &SemanticSource,
    agg_time: Option<&str>,
    name: &ElementName,
) -> Option<Element> {
    if name.is_metric_time() {
        let dimension = source.dimension(agg_time?)?;
        let grain = name.grain.unwrap_or_else(|| grain_of(dimension));
        return Some(Element {
            column: format!("{METRIC_TIME}__{}", grain.name()),
            steps: Vec::new(),
            sql: dimension.sql().to_owned(),
            source: source.name.clone(),
            grain: Some(grain),
            is_agg_time: true,
        });
    }
    let (steps, found, element) = walk(manifest, source, &name.path, &name.name)?;
    let (sql, grain, is_agg_time) = match element {
        NamedElement::Dimension(dimension) if dimension.is_time() => {
            let grain = name.grain.unwrap_or_else(|| grain_of(dimension));
            let counts = steps.is_empty() && agg_time == Some(dimension.name.as_str());
            (dimension.sql(), Some(grain), counts)
        }
        // Only times have a grain.
        _ if name.grain.is_some() => return None,
        NamedElement::Dimension(dimension) => (dimension.sql(), None, false),
        NamedElement::Entity(entity) => (entity.sql(), None, false),
    };
    Some(Element {
        column: match grain {
            Some(grain) => format!("{}__{}", name.bare(), grain.name()),
            None => name.bare(),
        },
        steps,
        sql: sql.to_owned(),
        source: found.name.clone(),
        grain,
        is_agg_time,
    })
}

enum NamedElement<'a> {
    Dimension(&'a ServedDimension),
    Entity(&'a ServedEntity),
}

fn here<'a>(source: &'a SemanticSource, name: &str) -> Option<NamedElement<'a>> {
    let dimension = source.dimension(name).map(NamedElement::Dimension);
    dimension.or_else(|| source.entity(name).map(NamedElement::Entity))
}

fn walk<'a>(
    manifest: &'a ServedManifest,
    source: &'a SemanticSource,
    path: &[String],
    name: &str,
) -> Option<(Vec<JoinStep>, &'a SemanticSource, NamedElement<'a>)> {
    let Some((first, rest)) = path.split_first() else {
        return Some((Vec::new(), source, NamedElement::Entity(source.entity(name)?)));
    };
    if path.len() > HOPS {
        return None;
    }
    let is_own = source.primary() == Some(first.as_str()) || source.keys().any(|key| key.name == *first);
    if rest.is_empty()
        && is_own
        && let Some(element) = here(source, name)
    {
        return Some((Vec::new(), source, element));
    }
    let entity = source.entity(first)?;
    let others = manifest
        .semantic_models
        .iter()
        .filter(|other| other.name != source.name);
    for other in others {
        let Some(key) = other.keys().find(|key| key.name == *first) else {
            continue;
        };
        let found = match rest {
            [] => here(other, name).map(|element| (Vec::new(), other, element)),
            rest => walk(manifest, other, rest, name),
        };
        if let Some((further, last, element)) = found {
            let mut steps = vec![JoinStep {
                from: entity.sql().to_owned(),
                to: other.name.clone(),
                key: key.sql().to_owned(),
            }];
            steps.extend(further);
            return Some((steps, last, element));
        }
    }
    None
}

/// How finely a time dimension is told apart in its table.
pub(super) fn grain_of(dimension: &ServedDimension) -> SqlGrain {
    let named = dimension
        .type_params
        .as_ref()
        .and_then(|time| time.time_granularity.as_deref());
    named.and_then(SqlGrain::named).unwrap_or(SqlGrain::Day)
}

/// The grains that a time dimension can be asked for in: its own and coarser ones.
pub(crate) fn grains(dimension: &ServedDimension) -> Vec<SqlGrain> {
    let finest = grain_of(dimension);
    SqlGrain::ALL
        .into_iter()
        .filter(|grain| *grain >= finest)
        .collect()
}

/// Dimensions and entities, each with its name in a query.
pub(crate) type Reachable<'a> = (
    Vec<(String, &'a ServedDimension)>,
    Vec<(String, &'a ServedEntity)>,
);

/// All that a table's measures can be grouped by: the name with its entities in front, and what stands behind it.
pub(crate) fn reachable<'a>(manifest: &'a ServedManifest, source: &'a SemanticSource) -> Reachable<'a> {
    let (mut dimensions, mut entities) = (Vec::new(), Vec::new());
    if let Some(primary) = source.primary() {
        dimensions.extend(
            source
                .dimensions
                .iter()
                .map(|one| (format!("{primary}__{}", one.name), one)),
        );
    }
    entities.extend(source.entities.iter().map(|one| (one.name.clone(), one)));
    let mut open = vec![(source, String::new(), 0)];
    while let Some((from, prefix, steps)) = open.pop() {
        if steps == HOPS {
            continue;
        }
        for entity in &from.entities {
            for other in &manifest.semantic_models {
                let joins = other.name != from.name && other.name != source.name;
                if !joins || !other.keys().any(|key| key.name == entity.name) {
                    continue;
                }
                let prefix = format!("{prefix}{}__", entity.name);
                dimensions.extend(
                    other
                        .dimensions
                        .iter()
                        .map(|one| (format!("{prefix}{}", one.name), one)),
                );
                let further = other.entities.iter().filter(|one| one.name != entity.name);
                entities.extend(further.map(|one| (format!("{prefix}{}", one.name), one)));
                open.push((other, prefix, steps + 1));
            }
        }
    }
    (dimensions, entities)
}
