//! A query as a client writes it, and the SQL that answers it.

use super::element::{Element, ElementName, resolve};
use super::fault::SemanticFault;
use super::filter::FilterTemplate;
use super::manifest::{SemanticSource, ServedManifest, templates};
use super::measure::{quoted, shown, where_clause};
use super::metric::{MetricContext, measures_of};
use super::rowset::Rowset;
use super::shift::TimeShift;
use super::warehouse::relation;

#[derive(Debug, Clone, Default)]
pub(crate) struct SemanticQuery {
    pub(crate) metrics: Vec<MetricChoice>,
    pub(crate) groups: Vec<ElementName>,
    /// Templates, which all have to hold.
    pub(crate) filters: Vec<String>,
    pub(crate) order: Vec<SortKey>,
    pub(crate) limit: Option<u64>,
}

/// A metric with the name that its column has.
#[derive(Debug, Clone)]
pub(crate) struct MetricChoice {
    pub(crate) name: String,
    pub(crate) alias: Option<String>,
}

/// What a result is sorted by.
#[derive(Debug, Clone)]
pub(crate) struct SortKey {
    pub(crate) by: SortedColumn,
    pub(crate) descending: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum SortedColumn {
    Metric(String),
    Group(ElementName),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ResultColumn {
    pub(crate) name: String,
    pub(crate) kind: CellKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CellKind {
    /// A beginning of a period of a day or more.
    Date,
    Moment,
    /// What the table's column holds.
    Plain,
    /// A truth, which the database keeps as a number.
    Truth,
    Figure,
}

/// SQL with the columns that it gives.
#[derive(Debug, Clone)]
pub(crate) struct SemanticSql {
    pub(crate) sql: String,
    pub(crate) columns: Vec<ResultColumn>,
}

/// Tells whether a column of a table holds truths.
pub(crate) type IsTruth<'a> = &'a dyn Fn(&str, &str) -> bool;

pub(crate) fn compile(
    manifest: &ServedManifest,
    query: &SemanticQuery,
    is_truth: IsTruth<'_>,
) -> Result<SemanticSql, SemanticFault> {
    if query.metrics.is_empty() && query.groups.is_empty() {
        return Err(SemanticFault::new(
            "The query has no metrics and nothing to group by.",
        ));
    }
    let filters = query
        .filters
        .iter()
        .map(|template| FilterTemplate::parse(template))
        .collect::<Result<Vec<_>, _>>()?;
    let elements = elements(manifest, query, &filters)?;
    let columns: Vec<String> = elements.iter().map(|element| element.column.clone()).collect();
    let mut result: Vec<ResultColumn> = elements
        .iter()
        .map(|element| ResultColumn {
            name: element.column.clone(),
            kind: kind_of(manifest, element, is_truth),
        })
        .collect();
    let body = if query.metrics.is_empty() {
        distinct(manifest, &elements, &filters, query)?
    } else {
        let context = MetricContext {
            manifest,
            groups: &query.groups,
            columns: &columns,
        };
        let mut parts = Vec::new();
        for choice in &query.metrics {
            let alias = choice.alias.as_deref().unwrap_or(&choice.name);
            parts.push(context.part(&choice.name, alias, &filters, &TimeShift::default(), 0)?);
            result.push(ResultColumn {
                name: alias.to_owned(),
                kind: CellKind::Figure,
            });
        }
        context.combined(&parts, false)
    };
    let names: Vec<String> = result.iter().map(|column| quoted(&column.name)).collect();
    let order = sorted(query, &elements)?;
    let limit = query
        .limit
        .map(|limit| format!(" LIMIT {limit}"))
        .unwrap_or_default();
    Ok(SemanticSql {
        sql: format!("SELECT {} FROM ({body}){order}{limit}", names.join(", ")),
        columns: result,
    })
}

/// What the result is grouped by, as the first measure sees it; the others name it alike.
fn elements(
    manifest: &ServedManifest,
    query: &SemanticQuery,
    filters: &[FilterTemplate],
) -> Result<Vec<Element>, SemanticFault> {
    let Some(first) = query.metrics.first() else {
        let source = source_of(manifest, query, filters)?;
        return all(manifest, source, None, &query.groups);
    };
    let context = MetricContext {
        manifest,
        groups: &[],
        columns: &[],
    };
    let metric = context.definition(&first.name)?;
    let measure = measures_of(manifest, metric)
        .first()
        .and_then(|name| manifest.measure(name));
    let (source, measure) =
        measure.ok_or_else(|| SemanticFault::new(format!("The metric {} has no measure.", first.name)))?;
    all(manifest, source, source.time_of(measure), &query.groups)
}

fn all(
    manifest: &ServedManifest,
    source: &SemanticSource,
    agg_time: Option<&str>,
    names: &[ElementName],
) -> Result<Vec<Element>, SemanticFault> {
    let mut elements: Vec<Element> = Vec::new();
    for name in names {
        let element = resolve(manifest, source, agg_time, name).ok_or_else(|| {
            SemanticFault::new(format!(
                "The given input does not match any of the available group-by-items: '{name}'."
            ))
        })?;
        elements.push(element);
    }
    Ok(elements)
}

/// The table that distinct values are taken from: the one from which all of them are reached with the fewest joins.
fn source_of<'a>(
    manifest: &'a ServedManifest,
    query: &SemanticQuery,
    filters: &[FilterTemplate],
) -> Result<&'a SemanticSource, SemanticFault> {
    let names: Vec<&ElementName> = query
        .groups
        .iter()
        .chain(filters.iter().flat_map(FilterTemplate::names))
        .collect();
    let cost = |source: &SemanticSource| {
        let steps = names
            .iter()
            .map(|name| Some(resolve(manifest, source, None, name)?.steps.len()));
        steps.sum::<Option<usize>>()
    };
    let reached = manifest
        .semantic_models
        .iter()
        .filter_map(|source| Some((cost(source)?, source)));
    let best = reached.min_by_key(|(cost, _)| *cost);
    best.map(|(_, source)| source).ok_or_else(|| {
        let names: Vec<String> = query.groups.iter().map(ToString::to_string).collect();
        SemanticFault::new(format!(
            "No table has all of what is asked for: {}.",
            names.join(", ")
        ))
    })
}

fn distinct(
    manifest: &ServedManifest,
    elements: &[Element],
    filters: &[FilterTemplate],
    query: &SemanticQuery,
) -> Result<String, SemanticFault> {
    let source = source_of(manifest, query, filters)?;
    let mut rows = Rowset::new(manifest, source);
    let mut columns = Vec::new();
    for element in elements {
        columns.push(format!(
            "{} AS {}",
            shown(element, &rows.value(element)?),
            quoted(&element.column)
        ));
    }
    let mut conditions = Vec::new();
    for filter in filters {
        let mut found = Vec::new();
        for name in filter.names() {
            let element = resolve(manifest, source, None, name).ok_or_else(|| {
                SemanticFault::new(format!("A filter refers to '{name}', which is not there."))
            })?;
            let sql = shown(&element, &rows.value(&element)?);
            found.push((name, element.grain.is_some(), sql));
        }
        let has_time = found.iter().any(|(_, time, _)| *time);
        let sql = filter.render(has_time, |name| {
            let known = found.iter().find(|(known, ..)| *known == name);
            Ok(known.map_or_else(|| "NULL".to_owned(), |(.., sql)| sql.clone()))
        })?;
        conditions.push(format!("({sql})"));
    }
    Ok(format!(
        "SELECT DISTINCT {} {}{}",
        columns.join(", "),
        rows.table_clause(),
        where_clause(&conditions)
    ))
}

fn sorted(query: &SemanticQuery, elements: &[Element]) -> Result<String, SemanticFault> {
    let mut keys = Vec::new();
    for key in &query.order {
        let column = match &key.by {
            SortedColumn::Metric(name) => query
                .metrics
                .iter()
                .find(|choice| choice.name == *name || choice.alias.as_deref() == Some(name))
                .map(|choice| choice.alias.clone().unwrap_or_else(|| choice.name.clone())),
            SortedColumn::Group(name) => query
                .groups
                .iter()
                .position(|group| group == name)
                .or_else(|| {
                    elements
                        .iter()
                        .position(|element| element.column == name.to_string())
                })
                .or_else(|| {
                    // Without a grain, the one that the query has.
                    let prefix = format!("{name}__");
                    elements
                        .iter()
                        .position(|element| element.grain.is_some() && element.column.starts_with(&prefix))
                })
                .and_then(|at| elements.get(at))
                .map(|element| element.column.clone()),
        };
        let column = column.ok_or_else(|| {
            let name = match &key.by {
                SortedColumn::Metric(name) => name.clone(),
                SortedColumn::Group(name) => name.to_string(),
            };
            SemanticFault::new(format!(
                "The query is sorted by '{name}', which it does not ask for."
            ))
        })?;
        let direction = if key.descending { " DESC" } else { "" };
        keys.push(format!("{}{direction}", quoted(&column)));
    }
    // So that the same question has the same answer, also where the order says nothing.
    keys.extend(elements.iter().map(|element| quoted(&element.column)));
    Ok(if keys.is_empty() {
        String::new()
    } else {
        format!(" ORDER BY {}", keys.join(", "))
    })
}

fn kind_of(manifest: &ServedManifest, element: &Element, is_truth: IsTruth<'_>) -> CellKind {
    use super::grain::SqlGrain;
    match element.grain {
        Some(grain) if grain >= SqlGrain::Day => CellKind::Date,
        Some(_) => CellKind::Moment,
        None => {
            let table = manifest
                .source(&element.source)
                .map(|source| relation(&source.node_relation.relation_name));
            let written = element.sql.to_lowercase();
            let says_so = written.contains("then true") || written.contains("then false");
            if says_so || table.is_some_and(|table| is_truth(&table, &element.sql)) {
                CellKind::Truth
            } else {
                CellKind::Plain
            }
        }
    }
}

/// A saved query with what a client adds to it.
pub(crate) fn saved(
    manifest: &ServedManifest,
    name: &str,
    more: SemanticQuery,
) -> Result<SemanticQuery, SemanticFault> {
    let known = manifest.saved_queries.iter().find(|saved| saved.name == name);
    let parameters = &known
        .ok_or_else(|| SemanticFault::new(format!("Could not find saved query: {name}.")))?
        .query_params;
    let group = |text: &str| {
        group_of_call(text)
            .ok_or_else(|| SemanticFault::new(format!("The saved query {name} groups by `{text}`.")))
    };
    let mut filters: Vec<String> = templates(parameters.filter.as_ref()).map(str::to_owned).collect();
    filters.extend(more.filters);
    Ok(SemanticQuery {
        metrics: parameters
            .metrics
            .iter()
            .map(|metric| MetricChoice {
                name: metric.clone(),
                alias: None,
            })
            .collect(),
        groups: parameters
            .group_by
            .iter()
            .map(|text| group(text))
            .collect::<Result<_, _>>()?,
        filters,
        order: more.order,
        limit: more.limit.or(parameters.limit),
    })
}

/// What `TimeDimension('metric_time', 'month')` names.
pub(crate) fn group_of_call(text: &str) -> Option<ElementName> {
    let template = format!("{{{{ {text} }}}}");
    let parsed = FilterTemplate::parse(&template).ok()?;
    parsed.names().next().cloned()
}
