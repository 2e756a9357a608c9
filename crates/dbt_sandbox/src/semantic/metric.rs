//! The SQL of a metric: of its measure, or of the metrics that it is made of.

use super::element::ElementName;
use super::fault::SemanticFault;
use super::filter::FilterTemplate;
use super::manifest::{InputMetric, MeasureInput, ServedManifest, ServedMetric, templates};
use super::measure::{Accumulation, MeasureQuery, grain_named, group_by, names_before, quoted};
use super::shift::{TimeShift, no_time_for_offset};
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

impl MetricPart {
    /// The column of a value, under the part's name.
    fn shown(&self, value: &str, real: bool) -> String {
        let mut value = value.to_owned();
        if let Some(fill) = self.fill {
            value = format!("COALESCE({value}, {fill})");
        }
        if real {
            value = format!("CAST({value} AS REAL)");
        }
        format!("{value} AS {}", quoted(&self.name))
    }
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
        // An offset of a conversion is not looked at: MetricFlow does not either.
        let of_metrics = matches!(metric.kind.as_str(), "ratio" | "derived");
        let (sql, fill) = if of_metrics && !shift.is_none() {
            (self.shifted(metric, &filters, shift, depth)?, None)
        } else {
            self.sql_of(metric, filters, shift, depth)?
        };
        Ok(MetricPart {
            name: alias.to_owned(),
            sql,
            fill,
        })
    }

    /// The SQL of a metric with these filters and no others, and what stands where it has no row. Only one of a measure is looked
    /// at from another time here.
    fn sql_of(
        &self,
        metric: &ServedMetric,
        filters: Vec<FilterTemplate>,
        shift: &TimeShift,
        depth: usize,
    ) -> Result<(String, Option<f64>), SemanticFault> {
        let (name, parameters) = (&metric.name, &metric.type_params);
        let mut fill = None;
        let sql = match metric.kind.as_str() {
            "simple" => {
                let input = Self::input(metric)?;
                fill = input.fill_nulls_with;
                self.measure(input, filters, shift)?.sql()?
            }
            "cumulative" => {
                let input = Self::input(metric)?;
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
                    self.input_part(above, "a", &filters, depth)?,
                    self.input_part(below, "b", &filters, depth)?,
                ];
                self.share(&parts)
            }
            "conversion" => self.conversion(metric, filters)?,
            "derived" => {
                let expression = parameters.expr.as_deref().unwrap_or_default();
                let parts = parameters
                    .metrics
                    .iter()
                    .map(|input| self.input_part(input, input.alias(), &filters, depth))
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
        Ok((sql, fill))
    }

    fn input_part(
        &self,
        input: &InputMetric,
        alias: &str,
        filters: &[FilterTemplate],
        depth: usize,
    ) -> Result<MetricPart, SemanticFault> {
        let mut filters = filters.to_vec();
        for template in templates(input.filter.as_ref()) {
            filters.push(FilterTemplate::parse(template)?);
        }
        let shift = TimeShift {
            window: input.offset_window.clone(),
            to_grain: input.offset_to_grain.as_deref().map(grain_named).transpose()?,
        };
        self.part(&input.name, alias, &filters, &shift, depth + 1)
    }

    /// The first part over the second.
    fn share(&self, parts: &[MetricPart; 2]) -> String {
        let [above, below] = parts.each_ref().map(|part| quoted(&part.name));
        format!(
            "SELECT {}CAST({above} AS REAL) / NULLIF(CAST({below} AS REAL), 0) AS value FROM ({})",
            self.listed(),
            self.combined(parts, false)
        )
    }

    fn conversion(
        &self,
        metric: &ServedMetric,
        filters: Vec<FilterTemplate>,
    ) -> Result<String, SemanticFault> {
        let parameters = metric.type_params.conversion_type_params.as_ref();
        let parameters = parameters.ok_or_else(|| {
            SemanticFault::new(format!(
                "The conversion {} does not say what converts to what.",
                metric.name
            ))
        })?;
        let input = &parameters.conversion_measure;
        let measure = self
            .manifest
            .measure(&input.name)
            .ok_or_else(|| SemanticFault::new(format!("There is no measure {}.", input.name)))?;
        let base = self.measure(&parameters.base_measure, filters, &TimeShift::default())?;
        let counted = MeasureQuery {
            every_period: input.join_to_timespine,
            fill: input.fill_nulls_with,
            ..base.clone()
        };
        let parts = [
            MetricPart {
                name: "conversions".to_owned(),
                sql: base.converted(parameters, measure, &counted)?,
                fill: input.fill_nulls_with,
            },
            MetricPart {
                name: "base".to_owned(),
                sql: base.sql()?,
                fill: parameters.base_measure.fill_nulls_with,
            },
        ];
        Ok(match parameters.calculation.as_deref() {
            Some("conversions") => format!(
                "SELECT {}\"conversions\" AS value FROM ({})",
                self.listed(),
                self.combined(&parts, false)
            ),
            _ => self.share(&parts),
        })
    }

    /// A metric of metrics as it is seen from other periods. It is computed as a whole for all periods; what is filtered by is
    /// kept apart until then.
    fn shifted(
        &self,
        metric: &ServedMetric,
        filters: &[FilterTemplate],
        shift: &TimeShift,
        depth: usize,
    ) -> Result<String, SemanticFault> {
        let mut names = self.groups.to_vec();
        for name in filters.iter().flat_map(FilterTemplate::names) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        let first = measures_of(self.manifest, metric).first().copied();
        let found = first.and_then(|name| self.manifest.measure(name));
        let (source, measure) =
            found.ok_or_else(|| SemanticFault::new(format!("The metric {} has no measure.", metric.name)))?;
        let query = MeasureQuery {
            manifest: self.manifest,
            source,
            measure,
            groups: &names,
            filters: filters.to_vec(),
            every_period: false,
            fill: None,
            shift: shift.clone(),
        };
        let groups = query.groups()?;
        if !groups.iter().any(|group| group.is_agg_time) {
            return Err(no_time_for_offset());
        }
        let columns: Vec<String> = groups.iter().map(|group| group.column.clone()).collect();
        let within = MetricContext {
            manifest: self.manifest,
            groups: &names,
            columns: &columns,
        };
        let (whole, _) = within.sql_of(metric, Vec::new(), &TimeShift::default(), depth)?;
        let seen = query.over_spine(&groups, &query.filters()?, &whole)?;
        Ok(format!("SELECT {}value FROM ({seen})", self.listed()))
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
        if let [part] = parts {
            return format!(
                "SELECT {}{} FROM ({})",
                self.listed(),
                part.shown("value", real),
                part.sql
            );
        }
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
            .map(|(at, part)| part.shown(&format!("MAX(v{at})"), real))
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
    // A conversion is grouped by what its base events have.
    let base = parameters
        .conversion_type_params
        .as_ref()
        .map(|of| &of.base_measure);
    if let Some(measure) = parameters.measure.as_ref().or(base)
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
