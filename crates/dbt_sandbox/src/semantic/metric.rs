//! The SQL of a metric: of its measure, or of the metrics that it is made of.

use super::element::ElementName;
use super::fault::SemanticFault;
use super::filter::FilterTemplate;
use super::manifest::{InputMetric, MeasureInput, ServedManifest, ServedMetric, templates};
use super::measure::{Accumulation, MeasureQuery, TimeShift, grain_named, group_by, names_before, quoted};
use crate::nearest::nearest;

/// Metrics within metrics that are followed.
const DEPTH: usize = 16;

/// What all metrics of a query have in common.
#[derive(Debug)]
pub(super) struct MetricContext<'a> {
    pub(super) manifest: &'a ServedManifest,
    pub(super) groups: &'a [ElementName],
    /// Columns of the groups in the result.
    pub(super) columns: &'a [String],
}

/// A part of a combination: its name, its SQL, and what stands where it has no row.
#[derive(Debug)]
pub(super) struct MetricPart {
    pub(super) name: String,
    pub(super) sql: String,
    pub(super) fill: Option<f64>,
}

impl MetricContext<'_> {
    pub(super) fn definition(&self, name: &str) -> Result<&ServedMetric, SemanticFault> {
        self.manifest.metric(name).ok_or_else(|| {
            let known = self.manifest.metrics.iter().map(|metric| metric.name.as_str());
            SemanticFault::new(format!(
                "The given input does not match any of the available metrics. Input: '{name}'. Suggestions: {:?}",
                nearest(name, known)
            ))
        })
    }

    /// A metric as a part, with filters from outside.
    pub(super) fn part(
        &self,
        name: &str,
        alias: &str,
        filters: &[FilterTemplate],
        shift: &TimeShift,
        depth: usize,
    ) -> Result<MetricPart, SemanticFault> {
        if depth > DEPTH {
            return Err(SemanticFault::new(format!(
                "The metric {name} is defined by itself."
            )));
        }
        let metric = self.definition(name)?;
        let mut filters = filters.to_vec();
        for template in templates(metric.filter.as_ref()) {
            filters.push(FilterTemplate::parse(template)?);
        }
        let parameters = &metric.type_params;
        let mut fill = None;
        let sql = match metric.kind.as_str() {
            "simple" => {
                let input = Self::input(metric)?;
                fill = input.fill_nulls_with;
                self.measure(input, filters, shift)?.sql()?
            }
            "cumulative" => {
                let input = Self::input(metric)?;
                if !shift.is_none() {
                    return Err(SemanticFault::new(format!(
                        "The sandbox does not compute {name}, a cumulative metric, with an offset."
                    )));
                }
                let own = parameters.cumulative_type_params.clone().unwrap_or_default();
                let window = own.window.or_else(|| parameters.window.clone());
                let since = own.grain_to_date.or_else(|| parameters.grain_to_date.clone());
                let over = match (window, since) {
                    (Some(window), _) => Accumulation::Window(window),
                    (None, Some(grain)) => Accumulation::SinceStartOf(grain_named(&grain)?),
                    (None, None) => Accumulation::AllTime,
                };
                let period = own.period_agg.unwrap_or_else(|| "first".to_owned());
                self.measure(input, filters, shift)?.accumulated(&over, &period)?
            }
            "ratio" => {
                let (Some(above), Some(below)) = (&parameters.numerator, &parameters.denominator) else {
                    return Err(SemanticFault::new(format!(
                        "The ratio {name} has no numerator or denominator."
                    )));
                };
                let parts = [
                    self.input_part(above, "a", &filters, shift, depth)?,
                    self.input_part(below, "b", &filters, shift, depth)?,
                ];
                format!(
                    "SELECT {}CAST(\"a\" AS REAL) / NULLIF(CAST(\"b\" AS REAL), 0) AS value FROM ({})",
                    self.listed(),
                    self.combined(&parts, false)
                )
            }
            "derived" => {
                let expression = parameters.expr.as_deref().unwrap_or_default();
                let parts = parameters
                    .metrics
                    .iter()
                    .map(|input| self.input_part(input, input.alias(), &filters, shift, depth))
                    .collect::<Result<Vec<_>, _>>()?;
                // In the warehouse, one number over another is not cut to a whole number.
                let real = expression.contains('/');
                format!(
                    "SELECT {}({expression}) AS value FROM ({})",
                    self.listed(),
                    self.combined(&parts, real)
                )
            }
            other => {
                return Err(SemanticFault::new(format!(
                    "The sandbox does not compute {other} metrics, such as {name}."
                )));
            }
        };
        Ok(MetricPart {
            name: alias.to_owned(),
            sql,
            fill,
        })
    }

    fn input_part(
        &self,
        input: &InputMetric,
        alias: &str,
        filters: &[FilterTemplate],
        outer: &TimeShift,
        depth: usize,
    ) -> Result<MetricPart, SemanticFault> {
        let mut filters = filters.to_vec();
        for template in templates(input.filter.as_ref()) {
            filters.push(FilterTemplate::parse(template)?);
        }
        let own = TimeShift {
            window: input.offset_window.clone(),
            to_grain: input.offset_to_grain.as_deref().map(grain_named).transpose()?,
        };
        let shift = match (own.is_none(), outer.is_none()) {
            (true, _) => outer.clone(),
            (false, true) => own,
            (false, false) => {
                return Err(SemanticFault::new(
                    "The sandbox does not compute an offset within an offset.",
                ));
            }
        };
        self.part(&input.name, alias, &filters, &shift, depth + 1)
    }

    fn input(metric: &ServedMetric) -> Result<&MeasureInput, SemanticFault> {
        let input = metric.type_params.measure.as_ref();
        input.ok_or_else(|| SemanticFault::new(format!("The metric {} has no measure.", metric.name)))
    }

    fn measure(
        &self,
        input: &MeasureInput,
        mut filters: Vec<FilterTemplate>,
        shift: &TimeShift,
    ) -> Result<MeasureQuery<'_>, SemanticFault> {
        let (source, measure) = self
            .manifest
            .measure(&input.name)
            .ok_or_else(|| SemanticFault::new(format!("There is no measure {}.", input.name)))?;
        for template in templates(input.filter.as_ref()) {
            filters.push(FilterTemplate::parse(template)?);
        }
        Ok(MeasureQuery {
            manifest: self.manifest,
            source,
            measure,
            groups: self.groups,
            filters,
            every_period: input.join_to_timespine,
            fill: input.fill_nulls_with,
            shift: shift.clone(),
        })
    }

    /// Rows of all parts side by side, where their groups are the same; a full outer join.
    pub(super) fn combined(&self, parts: &[MetricPart], real: bool) -> String {
        let mut unions = Vec::new();
        for (at, part) in parts.iter().enumerate() {
            let values: Vec<String> = (0..parts.len())
                .map(|other| {
                    let value = if other == at { "value" } else { "NULL" };
                    format!("{value} AS v{other}")
                })
                .collect();
            unions.push(format!(
                "SELECT {}{} FROM ({})",
                self.listed(),
                values.join(", "),
                part.sql
            ));
        }
        let columns: Vec<String> = parts
            .iter()
            .enumerate()
            .map(|(at, part)| {
                let mut value = format!("MAX(v{at})");
                if let Some(fill) = part.fill {
                    value = format!("COALESCE({value}, {fill})");
                }
                if real {
                    value = format!("CAST({value} AS REAL)");
                }
                format!("{value} AS {}", quoted(&part.name))
            })
            .collect();
        format!(
            "SELECT {}{} FROM ({}){}",
            self.listed(),
            columns.join(", "),
            unions.join(" UNION ALL "),
            group_by(self.columns.len())
        )
    }

    /// Names of the groups' columns, each with a comma behind it.
    fn listed(&self) -> String {
        names_before(self.columns.iter().map(String::as_str))
    }
}

/// The measures that a metric rests on, each once.
pub(super) fn measures_of<'a>(manifest: &'a ServedManifest, metric: &'a ServedMetric) -> Vec<&'a str> {
    let mut found = Vec::new();
    collect(manifest, metric, &mut found, 0);
    found
}

fn collect<'a>(
    manifest: &'a ServedManifest,
    metric: &'a ServedMetric,
    into: &mut Vec<&'a str>,
    depth: usize,
) {
    let parameters = &metric.type_params;
    if let Some(measure) = &parameters.measure
        && !into.contains(&measure.name.as_str())
    {
        into.push(&measure.name);
    }
    if depth == DEPTH {
        return;
    }
    let inputs = parameters
        .numerator
        .iter()
        .chain(&parameters.denominator)
        .chain(&parameters.metrics);
    for input in inputs.filter_map(|input| manifest.metric(&input.name)) {
        collect(manifest, input, into, depth + 1);
    }
}

/// Whether a metric can only be asked for with a time.
pub(super) fn requires_time(manifest: &ServedManifest, metric: &ServedMetric, depth: usize) -> bool {
    let parameters = &metric.type_params;
    let own = parameters.cumulative_type_params.as_ref();
    let accumulates = parameters.window.is_some()
        || parameters.grain_to_date.is_some()
        || own.is_some_and(|own| own.window.is_some() || own.grain_to_date.is_some());
    if metric.kind == "cumulative" && accumulates {
        return true;
    }
    let inputs = || {
        parameters
            .numerator
            .iter()
            .chain(&parameters.denominator)
            .chain(&parameters.metrics)
    };
    inputs().any(|input| input.offset_window.is_some() || input.offset_to_grain.is_some())
        || (depth < DEPTH
            && inputs()
                .filter_map(|input| manifest.metric(&input.name))
                .any(|input| requires_time(manifest, input, depth + 1)))
}
