//! Measures that are not added up over a time, such as balances: the values of the first or the last moment count, of all rows or
//! of each of some entities.

use super::aggregation::MeasureFold;
use super::element::{Element, grain_of};
use super::fault::SemanticFault;
use super::manifest::NonAdditiveDimension;
use super::measure::{MeasureQuery, ResolvedFilter, group_by, quoted, shown, where_clause};
use super::rowset::Rowset;

impl MeasureQuery<'_> {
    /// Grouped and filtered, of the moments that count. Within a period that is asked for, they are those of the period.
    pub(super) fn of_moments(
        &self,
        moment: &NonAdditiveDimension,
        groups: &[Element],
        filters: &[ResolvedFilter<'_>],
    ) -> Result<String, SemanticFault> {
        if !self.shift.is_none() {
            return Err(SemanticFault::new(format!(
                "The sandbox does not compute with an offset what is not added up over time, the measure {}.",
                self.measure.name
            )));
        }
        let absent = |name: &str| {
            SemanticFault::new(format!(
                "The measure {} is not added up over {name}, which is not there.",
                self.measure.name
            ))
        };
        let fold = MeasureFold::of(self.measure)?;
        let dimension = self
            .source
            .dimension(&moment.name)
            .ok_or_else(|| absent(&moment.name))?;
        let mut rows = Rowset::new(self.manifest, self.source);
        let mut columns = Vec::new();
        for (at, group) in groups.iter().enumerate() {
            columns.push(format!("{} AS g{at}", shown(group, &rows.value(group)?)));
        }
        let time = grain_of(dimension).truncated(&rows.own(dimension.sql()));
        columns.push(format!("{time} AS moment"));
        columns.push(format!("{} AS value", rows.own(&fold.expression)));
        let mut kept_apart = Vec::new();
        for (at, name) in moment.window_groupings.iter().enumerate() {
            let sql = self.source.value_of(name).ok_or_else(|| absent(name))?;
            columns.push(format!("{} AS w{at}", rows.own(sql)));
            kept_apart.push(format!("w{at}"));
        }
        let mut conditions = Vec::new();
        for filter in filters {
            conditions.push(filter.sql(|element| Ok(shown(element, &rows.value(element)?)))?);
        }
        let mut same = vec!["counted.moment = chosen.moment".to_owned()];
        same.extend(
            kept_apart
                .iter()
                .map(|column| format!("counted.{column} = chosen.{column}")),
        );
        let counts_here = self.agg_time() == Some(moment.name.as_str());
        let asked_for = groups.iter().position(|group| {
            let is_same = group.steps.is_empty() && group.grain.is_some() && group.sql == dimension.sql();
            is_same || counts_here && group.is_agg_time
        });
        kept_apart.extend(asked_for.map(|at| format!("g{at}")));
        let choice = if moment.window_choice == "max" {
            "MAX"
        } else {
            "MIN"
        };
        let mut chosen = kept_apart.clone();
        chosen.push(format!("{choice}(moment) AS moment"));
        let mut shown_columns: Vec<String> = groups
            .iter()
            .enumerate()
            .map(|(at, group)| format!("counted.g{at} AS {}", quoted(&group.column)))
            .collect();
        shown_columns.push(format!("{} AS value", fold.sql("counted.value")));
        Ok(format!(
            "WITH counted AS MATERIALIZED (SELECT {} {}{}) SELECT {} FROM counted JOIN (SELECT {} FROM counted{}) AS chosen \
             ON {}{}",
            columns.join(", "),
            rows.table_clause(),
            where_clause(&conditions),
            shown_columns.join(", "),
            chosen.join(", "),
            group_by(kept_apart.len()),
            same.join(" AND "),
            group_by(groups.len())
        ))
    }
}
