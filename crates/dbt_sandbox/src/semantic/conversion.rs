//! Conversion metrics: how many events of one kind follow those of another, of the same entity and perhaps within a window.
//!
//! A conversion belongs to the last base event before it, and is grouped and filtered by what that one has. What filters the
//! measure of the conversions is not looked at: MetricFlow does not either.

use super::aggregation::MeasureFold;
use super::element::{ElementName, METRIC_TIME};
use super::fault::SemanticFault;
use super::grain::SqlGrain;
use super::manifest::{ConversionParameters, SemanticSource, ServedMeasure};
use super::measure::{MeasureQuery, grain_named, group_by, quoted, shown, where_clause};
use super::rowset::Rowset;

impl MeasureQuery<'_> {
    /// The conversions by group. This query is that of the base events; what `counted` says of empty periods holds for the
    /// conversions.
    pub(super) fn converted(
        &self,
        parameters: &ConversionParameters,
        (source, measure): (&SemanticSource, &ServedMeasure),
        counted: &MeasureQuery<'_>,
    ) -> Result<String, SemanticFault> {
        let fold = MeasureFold::of(measure)?;
        let groups = self.groups()?;
        let filters = self.filters()?;
        let time = self.find(&ElementName::parse(METRIC_TIME, None))?;
        let grain = time.grain.unwrap_or(SqlGrain::Day);
        let mut base = Rowset::new(self.manifest, self.source);
        let mut base_columns = Vec::new();
        for (at, group) in groups.iter().enumerate() {
            base_columns.push(format!("{} AS g{at}", shown(group, &base.value(group)?)));
        }
        let mut conversions = Rowset::new(self.manifest, source);
        let of_conversion = source
            .time_of(measure)
            .ok_or_else(|| SemanticFault::new(format!("The measure {} has no time.", measure.name)))?;
        let mut columns = vec![
            "row_number() OVER () AS event".to_owned(),
            format!("{} AS value", conversions.own(&fold.expression)),
            format!(
                "{} AS moment",
                grain.truncated(&conversions.own(own(source, of_conversion)?))
            ),
        ];
        base_columns.push(format!("{} AS moment", shown(&time, &base.value(&time)?)));
        let pairs = parameters
            .constant_properties
            .iter()
            .map(|same| (same.base_property.as_str(), same.conversion_property.as_str()));
        let entity = parameters.entity.as_str();
        let mut same = Vec::new();
        let mut partition = vec!["later.event".to_owned()];
        for (at, (here, there)) in std::iter::once((entity, entity)).chain(pairs).enumerate() {
            base_columns.push(format!("{} AS s{at}", base.own(own(self.source, here)?)));
            columns.push(format!("{} AS s{at}", conversions.own(own(source, there)?)));
            same.push(format!("earlier.s{at} = later.s{at}"));
            partition.push(format!("later.s{at}"));
        }
        let mut conditions = Vec::new();
        for filter in &filters {
            conditions.push(filter.sql(|element| Ok(shown(element, &base.value(element)?)))?);
        }
        same.push("earlier.moment <= later.moment".to_owned());
        if let Some(window) = &parameters.window {
            let begin = grain_named(&window.granularity)?.before("later.moment", window.count);
            same.push(format!("earlier.moment > {begin}"));
        }
        let last = |column: &str| {
            format!(
                "FIRST_VALUE({column}) OVER (PARTITION BY {} ORDER BY earlier.moment DESC \
                 ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)",
                partition.join(", ")
            )
        };
        let mut joined: Vec<String> = groups
            .iter()
            .enumerate()
            .map(|(at, group)| format!("{} AS {}", last(&format!("earlier.g{at}")), quoted(&group.column)))
            .collect();
        joined.push("later.event AS event, later.value AS value".to_owned());
        let mut counts: Vec<String> = groups.iter().map(|group| quoted(&group.column)).collect();
        counts.push(format!("{} AS value", fold.sql("value")));
        let sql = format!(
            "SELECT {} FROM (SELECT DISTINCT {} FROM (SELECT {} {}{}) AS earlier JOIN (SELECT {} {}) AS later ON {}){}",
            counts.join(", "),
            joined.join(", "),
            base_columns.join(", "),
            base.table_clause(),
            where_clause(&conditions),
            columns.join(", "),
            conversions.table_clause(),
            same.join(" AND "),
            group_by(groups.len())
        );
        // The base events were filtered, and what is put in for empty periods is not.
        counted.completed(&groups, &[], sql)
    }
}

/// The SQL of a value of a table itself.
fn own<'a>(source: &'a SemanticSource, name: &str) -> Result<&'a str, SemanticFault> {
    source.value_of(name).ok_or_else(|| {
        SemanticFault::new(format!(
            "The conversion needs {name}, which the semantic model {} does not have.",
            source.name
        ))
    })
}
