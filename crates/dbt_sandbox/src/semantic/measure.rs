//! The SQL of one measure: grouped, filtered, shifted in time, or summed up over time.

use super::aggregation::MeasureFold;
use super::element::{Element, ElementName, resolve};
use super::fault::SemanticFault;
use super::filter::FilterTemplate;
use super::grain::SqlGrain;
use super::manifest::{SemanticSource, ServedManifest, ServedMeasure, TimeSpineDefinition, WindowDefinition};
use super::rowset::Rowset;
use super::shift::{TimeShift, no_time_for_offset};
use super::warehouse::relation;

/// What is summed up to a day.
#[derive(Debug, Clone)]
pub(super) enum Accumulation {
    AllTime,
    Window(WindowDefinition),
    SinceStartOf(SqlGrain),
}

/// A measure with everything that decides on its figures.
#[derive(Debug, Clone)]
pub(super) struct MeasureQuery<'a> {
    pub(super) manifest: &'a ServedManifest,
    pub(super) source: &'a SemanticSource,
    pub(super) measure: &'a ServedMeasure,
    /// Names of what it is grouped by, with the columns of the result.
    pub(super) groups: &'a [ElementName],
    pub(super) filters: Vec<FilterTemplate>,
    /// Whether periods without rows are there too.
    pub(super) every_period: bool,
    pub(super) fill: Option<f64>,
    pub(super) shift: TimeShift,
}

/// A filter with what it refers to.
pub(super) struct ResolvedFilter<'f> {
    filter: &'f FilterTemplate,
    elements: Vec<(&'f ElementName, Element)>,
}

impl ResolvedFilter<'_> {
    pub(super) fn only_agg_time(&self) -> bool {
        !self.elements.is_empty() && self.elements.iter().all(|(_, element)| element.is_agg_time)
    }

    pub(super) fn any_agg_time(&self) -> bool {
        self.elements.iter().any(|(_, element)| element.is_agg_time)
    }

    pub(super) fn sql(
        &self,
        mut column: impl FnMut(&Element) -> Result<String, SemanticFault>,
    ) -> Result<String, SemanticFault> {
        let has_time = self.elements.iter().any(|(_, element)| element.grain.is_some());
        let sql = self.filter.render(has_time, |name| {
            let known = self.elements.iter().find(|(known, _)| *known == name);
            known.map_or_else(
                || Err(SemanticFault::new("A filter refers to nothing.")),
                |(_, element)| column(element),
            )
        })?;
        Ok(format!("({sql})"))
    }
}

impl MeasureQuery<'_> {
    pub(super) fn agg_time(&self) -> Option<&str> {
        self.source.time_of(self.measure)
    }

    pub(super) fn find(&self, name: &ElementName) -> Result<Element, SemanticFault> {
        resolve(self.manifest, self.source, self.agg_time(), name)
            .ok_or_else(|| {
                SemanticFault::new(format!(
                    "The given input does not match any of the available group-by-items for the measure {}: '{name}'.",
                    self.measure.name
                ))
            })
    }

    pub(super) fn groups(&self) -> Result<Vec<Element>, SemanticFault> {
        self.groups.iter().map(|name| self.find(name)).collect()
    }

    pub(super) fn filters(&self) -> Result<Vec<ResolvedFilter<'_>>, SemanticFault> {
        let resolved = self.filters.iter().map(|filter| {
            let elements = filter.names().map(|name| Ok((name, self.find(name)?)));
            Ok(ResolvedFilter {
                filter,
                elements: elements.collect::<Result<_, SemanticFault>>()?,
            })
        });
        resolved.collect()
    }

    fn spine(&self) -> Result<&TimeSpineDefinition, SemanticFault> {
        let spines = &self.manifest.project_configuration.time_spines;
        let daily = spines
            .iter()
            .find(|spine| spine.primary_column.time_granularity == "day");
        daily
            .or(spines.first())
            .ok_or_else(|| SemanticFault::new("The project has no time spine."))
    }

    /// All days that there are, or those for which what these filters say of the time holds.
    pub(super) fn days(&self, filters: &[&ResolvedFilter<'_>]) -> Result<String, SemanticFault> {
        let spine = self.spine()?;
        let day = format!("datetime({})", quoted(&spine.primary_column.name));
        let mut conditions = Vec::new();
        for filter in filters {
            conditions.push(filter.sql(|element| Ok(shown(element, &day)))?);
        }
        Ok(format!(
            "SELECT {day} AS day FROM {}{}",
            relation(&spine.node_relation.relation_name),
            where_clause(&conditions)
        ))
    }

    /// Columns of the groups, and `value`.
    pub(super) fn sql(&self) -> Result<String, SemanticFault> {
        let groups = self.groups()?;
        let has_time = groups.iter().any(|group| group.is_agg_time);
        if !self.shift.is_none() && !has_time {
            return Err(no_time_for_offset());
        }
        let filters = self.filters()?;
        if !self.shift.survives_grouping_by(&groups)? {
            let inner = self.rows_seen_from_days(&groups, &filters)?;
            let seen = MeasureQuery {
                shift: TimeShift::default(),
                ..self.clone()
            };
            return seen.completed(&groups, &filters, inner);
        }
        let inner = match &self.measure.non_additive_dimension {
            Some(moment) => self.of_moments(moment, &groups, &filters)?,
            None => self.grouped(&groups, &filters)?,
        };
        self.completed(&groups, &filters, inner)
    }

    /// Sums by group with every period and every missing value in their place, where the measure wants them.
    pub(super) fn completed(
        &self,
        groups: &[Element],
        filters: &[ResolvedFilter<'_>],
        inner: String,
    ) -> Result<String, SemanticFault> {
        let has_time = groups.iter().any(|group| group.is_agg_time);
        let sql = if has_time && (self.every_period || !self.shift.is_none()) {
            self.over_spine(groups, filters, &inner)?
        } else {
            inner
        };
        Ok(match self.fill {
            Some(fill) => format!(
                "SELECT {}COALESCE(value, {fill}) AS value FROM ({sql})",
                listed(groups)
            ),
            None => sql,
        })
    }

    fn grouped(&self, groups: &[Element], filters: &[ResolvedFilter<'_>]) -> Result<String, SemanticFault> {
        let aggregation = MeasureFold::of(self.measure)?;
        let mut rows = Rowset::new(self.manifest, self.source);
        let mut columns = Vec::new();
        for group in groups {
            columns.push(format!(
                "{} AS {}",
                shown(group, &rows.value(group)?),
                quoted(&group.column)
            ));
        }
        let value = aggregation.sql(&rows.own(&aggregation.expression));
        columns.push(format!("{value} AS value"));
        let mut conditions = Vec::new();
        for filter in filters {
            // The periods that are asked for are those of the shifted time.
            if !self.shift.is_none() && filter.any_agg_time() {
                continue;
            }
            conditions.push(filter.sql(|element| Ok(shown(element, &rows.value(element)?)))?);
        }
        Ok(format!(
            "SELECT {} {}{}{}",
            columns.join(", "),
            rows.table_clause(),
            where_clause(&conditions),
            group_by(groups.len())
        ))
    }

    /// Joined to all periods that there are.
    pub(super) fn over_spine(
        &self,
        groups: &[Element],
        filters: &[ResolvedFilter<'_>],
        inner: &str,
    ) -> Result<String, SemanticFault> {
        let spine = self.spine()?;
        let day = quoted(&spine.primary_column.name);
        let times: Vec<&Element> = groups.iter().filter(|group| group.is_agg_time).collect();
        let finest = times.iter().min_by_key(|time| time.grain);
        let finest = finest.ok_or_else(|| SemanticFault::new("The query has no time."))?;
        let periods: Vec<String> = times
            .iter()
            .map(|time| format!("{} AS {}", shown(time, &day), quoted(&time.column)))
            .collect();
        let mut of_spine = Vec::new();
        let mut afterwards = Vec::new();
        for filter in filters {
            if filter.only_agg_time() {
                of_spine.push(filter.sql(|element| Ok(shown(element, &day)))?);
            } else if filter
                .elements
                .iter()
                .all(|(_, element)| groups.contains(element))
            {
                afterwards.push(filter.sql(|element| Ok(quoted(&element.column)))?);
            }
        }
        let of_spine = format!(
            "SELECT DISTINCT {} FROM {}{}",
            periods.join(", "),
            relation(&spine.node_relation.relation_name),
            where_clause(&of_spine)
        );
        let column = quoted(&finest.column);
        let wanted = self.shift.applied_to(&format!("spine.{column}"))?;
        let columns: Vec<String> = groups
            .iter()
            .map(|group| {
                format!(
                    "{}.{name} AS {name}",
                    if group.is_agg_time { "spine" } else { "base" },
                    name = quoted(&group.column)
                )
            })
            .collect();
        let join = if self.every_period { "LEFT JOIN" } else { "JOIN" };
        Ok(format!(
            "SELECT * FROM (SELECT {}, base.value AS value FROM ({of_spine}) AS spine {join} ({inner}) AS base ON {wanted} = base.{column}){}",
            columns.join(", "),
            where_clause(&afterwards)
        ))
    }

    /// Summed up to each day, and then shown by the period that is asked for.
    pub(super) fn accumulated(&self, over: &Accumulation, period_agg: &str) -> Result<String, SemanticFault> {
        let groups = self.groups()?;
        if !groups.iter().any(|group| group.is_agg_time) {
            return match over {
                Accumulation::AllTime if self.shift.is_none() => self.sql(),
                Accumulation::AllTime => Err(no_time_for_offset()),
                _ => Err(SemanticFault::new(
                    "The query includes a cumulative metric that does not accumulate over all-time, but the group-by items \
                     do not include 'metric_time' or the metric's agg_time_dimension.",
                )),
            };
        }
        if self.measure.non_additive_dimension.is_some() {
            return Err(SemanticFault::new(format!(
                "The sandbox does not sum up over time what is not added up over time, the measure {}.",
                self.measure.name
            )));
        }
        let aggregation = MeasureFold::of(self.measure)?;
        let filters = self.filters()?;
        let (base, kept) = self.daily(&aggregation, &groups, &filters)?;
        let joined = match over {
            Accumulation::AllTime => String::new(),
            Accumulation::Window(window) => {
                let grain = grain_named(&window.granularity)?;
                format!(" AND base.day > {}", grain.before("spine.day", window.count))
            }
            Accumulation::SinceStartOf(grain) => format!(" AND base.day >= {}", grain.truncated("spine.day")),
        };
        let column_of = |element: &Element| {
            if element.is_agg_time {
                shown(element, "spine.day")
            } else {
                let at = kept.iter().position(|known| known == element).unwrap_or_default();
                format!("base.k{at}")
            }
        };
        let mut conditions = Vec::new();
        // The periods that are asked for are those of the shifted time.
        for filter in filters
            .iter()
            .filter(|filter| filter.any_agg_time() && self.shift.is_none())
        {
            conditions.push(filter.sql(|element| Ok(column_of(element)))?);
        }
        let mut columns: Vec<String> = groups
            .iter()
            .filter(|group| self.shift.is_none() || !group.is_agg_time)
            .map(|group| format!("{} AS {}", column_of(group), quoted(&group.column)))
            .collect();
        columns.push("spine.day AS day".to_owned());
        let days = self.days(&[])?;
        let value = aggregation.sql("base.value");
        let sums = format!(
            "SELECT {}, {value} AS value FROM ({days}) AS spine JOIN base ON base.day <= spine.day{joined}{}{}",
            columns.join(", "),
            where_clause(&conditions),
            group_by(columns.len())
        );
        let sums = if self.shift.is_none() {
            sums
        } else {
            self.shifted_days(&groups, &filters, &days, &sums)?
        };
        let names: Vec<String> = groups.iter().map(|group| quoted(&group.column)).collect();
        let by_day = groups
            .iter()
            .any(|group| group.is_agg_time && group.grain <= Some(SqlGrain::Day));
        let picked = match period_agg {
            _ if by_day => "value".to_owned(),
            "average" => format!("AVG(value) OVER (PARTITION BY {})", names.join(", ")),
            first_or_last => format!(
                "{}_VALUE(value) OVER (PARTITION BY {} ORDER BY day ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)",
                if first_or_last == "last" { "LAST" } else { "FIRST" },
                names.join(", ")
            ),
        };
        Ok(format!(
            "SELECT DISTINCT {}{picked} AS value FROM (WITH base AS MATERIALIZED ({base}) {sums})",
            listed(&groups)
        ))
    }

    /// The rows by day, as far as they can be put together before they are summed up, and what else they are kept apart by.
    fn daily(
        &self,
        aggregation: &MeasureFold,
        groups: &[Element],
        filters: &[ResolvedFilter<'_>],
    ) -> Result<(String, Vec<Element>), SemanticFault> {
        let time = ElementName::parse("metric_time", Some(SqlGrain::Day));
        let day = self.find(&time)?;
        let in_filters = filters
            .iter()
            .filter(|filter| filter.any_agg_time())
            .flat_map(|filter| filter.elements.iter().map(|(_, element)| element));
        let mut kept: Vec<Element> = Vec::new();
        for element in groups
            .iter()
            .chain(in_filters)
            .filter(|element| !element.is_agg_time)
        {
            if !kept.contains(element) {
                kept.push(element.clone());
            }
        }
        let mut rows = Rowset::new(self.manifest, self.source);
        let mut columns = vec![format!("{} AS day", shown(&day, &rows.value(&day)?))];
        for (at, element) in kept.iter().enumerate() {
            columns.push(format!("{} AS k{at}", shown(element, &rows.value(element)?)));
        }
        let value = rows.own(&aggregation.expression);
        let value = if aggregation.is_additive() {
            aggregation.sql(&value)
        } else {
            value
        };
        columns.push(format!("{value} AS value"));
        let mut conditions = Vec::new();
        for filter in filters.iter().filter(|filter| !filter.any_agg_time()) {
            conditions.push(filter.sql(|element| Ok(shown(element, &rows.value(element)?)))?);
        }
        let grouping = if aggregation.is_additive() {
            group_by(kept.len() + 1)
        } else {
            String::new()
        };
        let sql = format!(
            "SELECT {} {}{}{grouping}",
            columns.join(", "),
            rows.table_clause(),
            where_clause(&conditions)
        );
        Ok((sql, kept))
    }
}

pub(super) fn grain_named(name: &str) -> Result<SqlGrain, SemanticFault> {
    SqlGrain::named(name)
        .ok_or_else(|| SemanticFault::new(format!("The sandbox does not know the time granularity {name}.")))
}

/// The SQL of an element whose value is `sql`.
pub(super) fn shown(element: &Element, sql: &str) -> String {
    element
        .grain
        .map_or_else(|| sql.to_owned(), |grain| grain.truncated(sql))
}

pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn listed(groups: &[Element]) -> String {
    names_before(groups.iter().map(|group| group.column.as_str()))
}

/// Names of columns, each with a comma behind it.
pub(super) fn names_before<'a>(columns: impl Iterator<Item = &'a str>) -> String {
    columns.fold(String::new(), |list, column| list + &quoted(column) + ", ")
}

pub(super) fn where_clause(conditions: &[String]) -> String {
    if conditions.is_empty() {
        String::new()
    } else {
        format!(" WHERE {}", conditions.join(" AND "))
    }
}

pub(super) fn group_by(columns: usize) -> String {
    let numbers: Vec<String> = (1..=columns).map(|column| column.to_string()).collect();
    if numbers.is_empty() {
        String::new()
    } else {
        format!(" GROUP BY {}", numbers.join(", "))
    }
}
