//! Looking at a metric from another time than that of its rows.

use super::aggregation::MeasureFold;
use super::element::{Element, ElementName, METRIC_TIME};
use super::fault::SemanticFault;
use super::grain::SqlGrain;
use super::manifest::WindowDefinition;
use super::measure::{MeasureQuery, ResolvedFilter, grain_named, group_by, quoted, shown, where_clause};
use super::rowset::Rowset;

/// How a metric looks at another time than that of its rows.
#[derive(Debug, Clone, Default)]
pub(super) struct TimeShift {
    pub(super) window: Option<WindowDefinition>,
    pub(super) to_grain: Option<SqlGrain>,
}

impl TimeShift {
    pub(super) fn is_none(&self) -> bool {
        self.window.is_none() && self.to_grain.is_none()
    }

    /// The SQL of the moment that is looked at from another.
    pub(super) fn applied_to(&self, moment: &str) -> Result<String, SemanticFault> {
        Ok(match (&self.window, self.to_grain) {
            (Some(window), _) => grain_named(&window.granularity)?.before(moment, window.count),
            (None, Some(grain)) => grain.truncated(moment),
            (None, None) => moment.to_owned(),
        })
    }

    /// Whether periods of these groups can still be looked at from others. A week is in no month and year, and of a quarter
    /// nothing is known by the month.
    pub(super) fn survives_grouping_by(&self, groups: &[Element]) -> Result<bool, SemanticFault> {
        let offset = match (&self.window, self.to_grain) {
            (Some(window), _) => grain_named(&window.granularity)?,
            (None, Some(grain)) => grain,
            (None, None) => return Ok(true),
        };
        let times = groups.iter().filter(|group| group.is_agg_time);
        let finest = times.filter_map(|time| time.grain).min();
        let is_week = finest == Some(SqlGrain::Week) && self.to_grain.is_some();
        Ok(finest.is_none_or(|finest| finest <= offset) && !is_week)
    }
}

impl MeasureQuery<'_> {
    /// Grouped and filtered, where each row is put into the periods of the days that it is seen from.
    pub(super) fn rows_seen_from_days(
        &self,
        groups: &[Element],
        filters: &[ResolvedFilter<'_>],
    ) -> Result<String, SemanticFault> {
        let fold = MeasureFold::of(self.measure)?;
        let day = self.find(&ElementName::parse(METRIC_TIME, Some(SqlGrain::Day)))?;
        let mut rows = Rowset::new(self.manifest, self.source);
        let mut of_rows = vec![format!("{} AS day", shown(&day, &rows.value(&day)?))];
        of_rows.push(format!("{} AS value", rows.own(&fold.expression)));
        let mut columns = Vec::new();
        for (at, group) in groups.iter().enumerate() {
            let name = quoted(&group.column);
            if group.is_agg_time {
                columns.push(format!("{} AS {name}", shown(group, "seen.day")));
            } else {
                of_rows.push(format!("{} AS g{at}", shown(group, &rows.value(group)?)));
                columns.push(format!("base.g{at} AS {name}"));
            }
        }
        columns.push(format!("{} AS value", fold.sql("base.value")));
        let (of_time, others): (Vec<_>, Vec<_>) = filters.iter().partition(|filter| filter.only_agg_time());
        let mut conditions = Vec::new();
        for filter in others {
            conditions.push(filter.sql(|element| Ok(shown(element, &rows.value(element)?)))?);
        }
        // Kept apart, so that the join is by columns.
        Ok(format!(
            "WITH base AS MATERIALIZED (SELECT {} {}{}), seen AS MATERIALIZED (SELECT day, {} AS looked_at FROM ({})) \
             SELECT {} FROM seen JOIN base ON seen.looked_at = base.day{}",
            of_rows.join(", "),
            rows.table_clause(),
            where_clause(&conditions),
            self.shift.applied_to("day")?,
            self.days(&of_time)?,
            columns.join(", "),
            group_by(groups.len())
        ))
    }

    /// Sums of days as they are seen from other days, by the periods of those.
    pub(super) fn shifted_days(
        &self,
        groups: &[Element],
        filters: &[ResolvedFilter<'_>],
        days: &str,
        sums: &str,
    ) -> Result<String, SemanticFault> {
        let column_of = |element: &Element| {
            if element.is_agg_time {
                return Ok(shown(element, "seen.day"));
            }
            if groups.contains(element) {
                return Ok(format!("sums.{}", quoted(&element.column)));
            }
            Err(SemanticFault::new(format!(
                "The sandbox does not filter a cumulative metric with an offset by the time and {} at once without grouping by it.",
                element.column
            )))
        };
        let mut conditions = Vec::new();
        for filter in filters.iter().filter(|filter| filter.any_agg_time()) {
            conditions.push(filter.sql(column_of)?);
        }
        let mut columns = Vec::new();
        for group in groups {
            columns.push(format!("{} AS {}", column_of(group)?, quoted(&group.column)));
        }
        Ok(format!(
            "SELECT {}, seen.day AS day, sums.value AS value FROM ({days}) AS seen JOIN ({sums}) AS sums ON {} = sums.day{}",
            columns.join(", "),
            self.shift.applied_to("seen.day")?,
            where_clause(&conditions)
        ))
    }
}

pub(super) fn no_time_for_offset() -> SemanticFault {
    SemanticFault::new(
        "The query includes a metric that specifies a time offset in input metrics. However, group-by-items do not include \
         'metric_time'.",
    )
}
