//! Random queries that the gate would let through, by names, so that each generation can be asked the same.

use cardinal::catalog::{Catalog, Dimension, Entry, Measure, Segment};
use cardinal::metabase::{
    AggregateFunction, Aggregation, Bucket, Direction, FilterOperation, GroupBy, MetricQuery, OrderBy,
    QueryFilter, Scalar, TableQuery,
};
use cardinal::result::ColumnKind;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Strategy, any};

use super::shop::{CITIES, DAYS, NOTES, OF_MODEL, STATES, STATUSES, TIMES};

/// Draws that become a query of whatever entry they meet.
#[derive(Debug, Clone)]
pub(super) struct QuerySketch {
    of_metric: bool,
    entry: usize,
    filters: Vec<FilterSketch>,
    segment: Option<usize>,
    groups: Vec<(usize, usize)>,
    aggregations: Vec<(usize, usize, Option<bool>)>,
    fields: Vec<usize>,
    orders: Vec<(usize, bool)>,
    order: Option<bool>,
    limit: Option<u32>,
}

#[derive(Debug, Clone)]
struct FilterSketch {
    dimension: usize,
    operation: usize,
    values: Vec<usize>,
    bucket: Option<usize>,
}

pub(super) fn strategy() -> impl Strategy<Value = QuerySketch> {
    let filter = (
        any::<usize>(),
        any::<usize>(),
        vec(any::<usize>(), 1..4),
        option::weighted(0.3, any::<usize>()),
    )
        .prop_map(|(dimension, operation, values, bucket)| FilterSketch {
            dimension,
            operation,
            values,
            bucket,
        });
    let shape = (
        any::<bool>(),
        any::<usize>(),
        vec(filter, 0..4),
        option::weighted(0.3, any::<usize>()),
    );
    let grouped = (
        vec((any::<usize>(), any::<usize>()), 0..3),
        vec(
            (
                any::<usize>(),
                any::<usize>(),
                option::weighted(0.3, any::<bool>()),
            ),
            0..4,
        ),
    );
    let rest = (
        vec(any::<usize>(), 0..5),
        vec((any::<usize>(), any::<bool>()), 0..3),
        option::weighted(0.4, any::<bool>()),
        option::weighted(
            0.4,
            proptest::prop_oneof![1..12_u32, 195..205_u32, 395..460_u32, 1_990..2_200_u32],
        ),
    );
    (shape, grouped, rest).prop_map(
        |(shape, (groups, aggregations), (fields, orders, order, limit))| QuerySketch {
            of_metric: shape.0,
            entry: shape.1,
            filters: shape.2,
            segment: shape.3,
            groups,
            aggregations,
            fields,
            orders,
            order,
            limit,
        },
    )
}

/// A query by names.
#[derive(Debug)]
pub(super) enum AskedQuery {
    Metric(AskedMetric),
    Table(AskedTable),
}

#[derive(Debug)]
pub(super) struct AskedMetric {
    pub(super) name: String,
    pub(super) filters: Vec<AskedFilter>,
    pub(super) groups: Vec<(String, Option<Bucket>)>,
    pub(super) order: Option<Direction>,
    pub(super) limit: Option<u32>,
}

#[derive(Debug)]
pub(super) struct AskedTable {
    pub(super) name: String,
    pub(super) filters: Vec<AskedFilter>,
    pub(super) groups: Vec<(String, Option<Bucket>)>,
    /// Function, its field or the measure, and which way rows are ordered by it.
    pub(super) aggregations: Vec<(&'static str, String, Option<Direction>)>,
    pub(super) fields: Vec<String>,
    pub(super) orders: Vec<(String, Direction)>,
    pub(super) limit: Option<u32>,
}

#[derive(Debug, Clone)]
pub(super) enum AskedFilter {
    Segment(String),
    Dimension {
        name: String,
        operation: FilterOperation,
        values: Vec<Scalar>,
        bucket: Option<Bucket>,
    },
}

fn pick<T>(from: &[T], at: usize) -> &T {
    &from[at % from.len()]
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "it stands beside values that may be none"
)]
fn word(from: &[&str], at: usize) -> Option<Scalar> {
    Some(Scalar::Text((*pick(from, at)).to_owned()))
}

fn direction(up: bool) -> Direction {
    if up { Direction::Asc } else { Direction::Desc }
}

impl QuerySketch {
    /// The query, of entries and dimensions that this catalog has.
    pub(super) fn query(&self, names: &Catalog) -> AskedQuery {
        let entries: Vec<&Entry> = names
            .entries()
            .iter()
            .filter(|entry| {
                matches!(entry, Entry::Metric(_)) == self.of_metric && !matches!(entry, Entry::Card(_))
            })
            .collect();
        match pick(&entries, self.entry) {
            Entry::Metric(metric) => {
                let own = |one: &&Dimension| metric.name != OF_MODEL || !one.name.contains('.');
                let dimensions: Vec<Dimension> = metric.dimensions.iter().filter(own).cloned().collect();
                let groups = self.groups(&dimensions);
                AskedQuery::Metric(AskedMetric {
                    name: metric.name.clone(),
                    filters: self.filters(&dimensions, &metric.segments),
                    order: self.order.filter(|_| !groups.is_empty()).map(direction),
                    limit: self.limit.filter(|_| !groups.is_empty()),
                    groups,
                })
            }
            Entry::Table(table) => {
                self.of_table(&table.name, &table.dimensions, &table.segments, &table.measures)
            }
            Entry::Card(_) => unreachable!("cards were left out"),
        }
    }

    fn of_table(
        &self,
        name: &str,
        dimensions: &[Dimension],
        segments: &[Segment],
        measures: &[Measure],
    ) -> AskedQuery {
        let aggregations = self.aggregations(dimensions, measures);
        let groups = if aggregations.is_empty() {
            Vec::new()
        } else {
            self.groups(dimensions)
        };
        let mut fields: Vec<String> = Vec::new();
        if aggregations.is_empty() {
            for at in &self.fields {
                let field = &pick(dimensions, *at).name;
                if !fields.contains(field) {
                    fields.push(field.clone());
                }
            }
        }
        let own: Vec<String> = dimensions
            .iter()
            .map(|one| one.name.clone())
            .filter(|name| !name.contains('.'))
            .collect();
        let orderable: Vec<String> = match (aggregations.is_empty(), fields.is_empty()) {
            (false, _) => groups.iter().map(|(name, _)| name.clone()).collect(),
            (true, true) => own,
            (true, false) => fields.clone(),
        };
        let mut orders: Vec<(String, Direction)> = Vec::new();
        for (at, up) in self.orders.iter().filter(|_| !orderable.is_empty()) {
            let name = pick(&orderable, *at);
            if orders.iter().all(|(other, _)| other != name) {
                orders.push((name.clone(), direction(*up)));
            }
        }
        AskedQuery::Table(AskedTable {
            name: name.to_owned(),
            filters: self.filters(dimensions, segments),
            groups,
            aggregations,
            fields,
            orders,
            limit: self.limit,
        })
    }

    fn aggregations(
        &self,
        dimensions: &[Dimension],
        measures: &[Measure],
    ) -> Vec<(&'static str, String, Option<Direction>)> {
        let mut all: Vec<(&'static str, String, Option<Direction>)> = Vec::new();
        for (function, field, up) in &self.aggregations {
            let field = pick(dimensions, *field);
            let fitting: &[&str] = match field.kind {
                ColumnKind::Integer | ColumnKind::Number => &["sum", "avg", "min", "max", "count-distinct"],
                ColumnKind::Date | ColumnKind::Datetime => &["min", "max", "count-distinct"],
                _ => &["count-distinct"],
            };
            let (function, name) = match function % 4 {
                0 => ("count", String::new()),
                1 if !measures.is_empty() => ("measure", pick(measures, *function).name.clone()),
                _ => (*pick(fitting, *function), field.name.clone()),
            };
            if all.iter().all(|(other, of, _)| (*other, of) != (function, &name)) {
                all.push((function, name, up.map(direction)));
            }
        }
        all
    }

    fn groups(&self, dimensions: &[Dimension]) -> Vec<(String, Option<Bucket>)> {
        // Times of the day come in forms of the database's own.
        let groupable: Vec<&Dimension> = dimensions
            .iter()
            .filter(|one| one.kind != ColumnKind::Time)
            .collect();
        let mut groups = Vec::new();
        for (at, bucket) in &self.groups {
            let dimension = pick(&groupable, *at);
            let group = (
                dimension.name.clone(),
                buckets(dimension.kind).map(|fitting| *pick(fitting, *bucket)),
            );
            if !groups.contains(&group) {
                groups.push(group);
            }
        }
        groups
    }

    fn filters(&self, dimensions: &[Dimension], segments: &[Segment]) -> Vec<AskedFilter> {
        let mut filters: Vec<AskedFilter> = self
            .filters
            .iter()
            .map(|sketch| sketch.filter(pick(dimensions, sketch.dimension)))
            .collect();
        if let Some(at) = self.segment.filter(|_| !segments.is_empty()) {
            filters.push(AskedFilter::Segment(pick(segments, at).name.clone()));
        }
        filters
    }
}

const OF_MOMENTS: [Bucket; 8] = [
    Bucket::Minute,
    Bucket::Hour,
    Bucket::Day,
    Bucket::Week,
    Bucket::Month,
    Bucket::Quarter,
    Bucket::Year,
    Bucket::DayOfWeek,
];

fn buckets(kind: ColumnKind) -> Option<&'static [Bucket]> {
    match kind {
        ColumnKind::Datetime => Some(&OF_MOMENTS),
        ColumnKind::Date => Some(&OF_MOMENTS[2..]),
        _ => None,
    }
}

impl FilterSketch {
    fn filter(&self, dimension: &Dimension) -> AskedFilter {
        use FilterOperation as F;
        const COMPARED: [F; 6] = [
            F::Equals,
            F::NotEquals,
            F::GreaterThan,
            F::GreaterThanOrEqual,
            F::LessThan,
            F::LessThanOrEqual,
        ];
        const TEXT: [F; 8] = [
            F::Equals,
            F::NotEquals,
            F::StringContains,
            F::StringNotContains,
            F::StringStartsWith,
            F::StringEndsWith,
            F::StringIsEmpty,
            F::StringIsNotEmpty,
        ];
        const DATE_PARTS: [F; 8] = [
            F::YearEquals,
            F::YearNotEquals,
            F::QuarterEquals,
            F::QuarterNotEquals,
            F::MonthEquals,
            F::MonthNotEquals,
            F::DayOfWeekEquals,
            F::DayOfWeekNotEquals,
        ];
        const TIME_PARTS: [F; 6] = [
            F::HourEquals,
            F::HourNotEquals,
            F::MinuteEquals,
            F::MinuteNotEquals,
            F::SecondEquals,
            F::SecondNotEquals,
        ];
        const PRESENCE: [F; 2] = [F::IsNull, F::IsNotNull];
        let fitting: Vec<F> = match dimension.kind {
            ColumnKind::Integer | ColumnKind::Number | ColumnKind::Time => {
                [&COMPARED[..], &PRESENCE].concat()
            }
            ColumnKind::Text => [&TEXT[..], &TEXT, &PRESENCE].concat(),
            ColumnKind::Boolean => [&[F::IsTrue, F::IsFalse][..], &PRESENCE].concat(),
            ColumnKind::Date => [&COMPARED[..], &DATE_PARTS, &PRESENCE].concat(),
            ColumnKind::Datetime => [&COMPARED[..], &DATE_PARTS, &TIME_PARTS, &PRESENCE].concat(),
            ColumnKind::Other => PRESENCE.to_vec(),
        };
        let operation = *pick(&fitting, self.operation);
        let bucket = self
            .bucket
            .filter(|_| COMPARED.contains(&operation))
            .and_then(|at| buckets(dimension.kind).map(|fitting| *pick(fitting, at)));
        let drawn = |at: usize| value(dimension, operation, bucket, at);
        let mut values: Vec<Scalar> = self.values.iter().filter_map(|at| drawn(*at)).collect();
        values.sort_by_key(|value| format!("{value:?}"));
        values.dedup();
        if COMPARED[2..].contains(&operation) {
            values.truncate(1);
        }
        AskedFilter::Dimension {
            name: dimension.name.clone(),
            operation,
            values,
            bucket,
        }
    }
}

/// A value that fits; `None` where the operation takes none.
fn value(
    dimension: &Dimension,
    operation: FilterOperation,
    bucket: Option<Bucket>,
    at: usize,
) -> Option<Scalar> {
    use FilterOperation as F;
    let whole = |least: i64, count: usize| {
        Some(Scalar::Number(
            (least + i64::try_from(at % count).unwrap()).into(),
        ))
    };
    let text = |text: &str| Some(Scalar::Text(text.to_owned()));
    match operation {
        F::IsNull | F::IsNotNull | F::IsTrue | F::IsFalse | F::StringIsEmpty | F::StringIsNotEmpty => None,
        F::YearEquals | F::YearNotEquals => whole(2_022, 5),
        F::QuarterEquals | F::QuarterNotEquals => whole(1, 4),
        F::MonthEquals | F::MonthNotEquals => whole(1, 12),
        F::DayOfWeekEquals | F::DayOfWeekNotEquals => whole(1, 7),
        F::HourEquals | F::HourNotEquals => whole(0, 24),
        F::MinuteEquals | F::MinuteNotEquals | F::SecondEquals | F::SecondNotEquals => {
            Some(Scalar::Number((*pick(&[0, 5, 20, 30, 59], at)).into()))
        }
        F::StringContains | F::StringNotContains | F::StringStartsWith | F::StringEndsWith => word(
            &[
                "a", "A", "_", "%", "\\", "'", "no\"", "ö", "paid", "new ", "[x]", "TX", "*", "z",
            ],
            at,
        ),
        _ if bucket == Some(Bucket::DayOfWeek) => whole(1, 7),
        _ => match dimension.kind {
            ColumnKind::Integer => whole(-1, 40),
            ColumnKind::Number => {
                let number =
                    serde_json::Number::from_f64(f64::from(u16::try_from(at % 900).unwrap()) / 8.0 - 12.0)
                        .unwrap();
                Some(Scalar::Number(number))
            }
            ColumnKind::Time => word(&["08:00:00", "09:30:00", "10:20:30", "11:00:00"], at),
            ColumnKind::Date | ColumnKind::Datetime => {
                let day = pick(&DAYS, at);
                match at / DAYS.len() % 4 {
                    0 => text(&format!("{day}T{}", pick(&TIMES, at / 7))),
                    1 => text(&format!("{day}T{}Z", pick(&TIMES, at / 7))),
                    _ => text(day),
                }
            }
            _ => {
                let of_column: &[&str] = match dimension.name.rsplit('.').next().unwrap() {
                    "state" => &STATES,
                    "status" => &STATUSES,
                    "city" => &CITIES,
                    _ => &NOTES,
                };
                word(of_column, at)
            }
        },
    }
}

fn dimension(dimensions: &[Dimension], name: &str) -> Dimension {
    let found = dimensions.iter().find(|one| one.name == name);
    found.unwrap_or_else(|| panic!("no dimension {name}")).clone()
}

fn filters(asked: &[AskedFilter], dimensions: &[Dimension], segments: &[Segment]) -> Vec<QueryFilter> {
    let filters = asked.iter().map(|filter| match filter {
        AskedFilter::Segment(name) => QueryFilter::Segment(
            segments
                .iter()
                .find(|segment| segment.name == *name)
                .unwrap()
                .clone(),
        ),
        AskedFilter::Dimension {
            name,
            operation,
            values,
            bucket,
        } => QueryFilter::Dimension {
            dimension: dimension(dimensions, name),
            operation: *operation,
            values: values.clone(),
            bucket: *bucket,
        },
    });
    filters.collect()
}

fn groups(asked: &[(String, Option<Bucket>)], dimensions: &[Dimension]) -> Vec<GroupBy> {
    let groups = asked.iter().map(|(name, bucket)| GroupBy {
        dimension: dimension(dimensions, name),
        granularity: *bucket,
    });
    groups.collect()
}

impl AskedMetric {
    /// The query of another catalog; `None` where it has no such metric.
    pub(super) fn of(&self, catalog: &Catalog) -> Option<MetricQuery> {
        let entry = catalog.entries().iter().find_map(|entry| match entry {
            Entry::Metric(metric) if metric.name == self.name => Some(metric),
            _ => None,
        })?;
        Some(MetricQuery {
            metric: catalog.allow_metric(entry.id).unwrap(),
            filters: filters(&self.filters, &entry.dimensions, &entry.segments),
            group_by: groups(&self.groups, &entry.dimensions),
            order_by: self.order,
            limit: self.limit,
        })
    }
}

impl AskedTable {
    /// The query of another catalog.
    pub(super) fn of(&self, catalog: &Catalog) -> Option<TableQuery> {
        let entry = catalog.entries().iter().find_map(|entry| match entry {
            Entry::Table(table) if table.name == self.name => Some(table),
            _ => None,
        })?;
        let own = |name: &str| dimension(&entry.dimensions, name);
        // Measures came later than most of the classic API.
        let measured: Option<Vec<AggregateFunction>> = self
            .aggregations
            .iter()
            .map(|(function, field, _)| {
                Some(match *function {
                    "count" => AggregateFunction::Count,
                    "sum" => AggregateFunction::Sum(own(field)),
                    "avg" => AggregateFunction::Average(own(field)),
                    "min" => AggregateFunction::Min(own(field)),
                    "max" => AggregateFunction::Max(own(field)),
                    "count-distinct" => AggregateFunction::CountDistinct(own(field)),
                    _ => AggregateFunction::Measure(
                        entry
                            .measures
                            .iter()
                            .find(|measure| measure.name == *field)?
                            .clone(),
                    ),
                })
            })
            .collect();
        let aggregations = measured?.into_iter().zip(&self.aggregations);
        Some(TableQuery {
            table: catalog.allow_table(entry.id).unwrap(),
            filters: filters(&self.filters, &entry.dimensions, &entry.segments),
            fields: self.fields.iter().map(|name| own(name)).collect(),
            aggregations: aggregations
                .map(|(aggregate, (_, _, sort))| Aggregation {
                    aggregate,
                    sort: *sort,
                })
                .collect(),
            group_by: groups(&self.groups, &entry.dimensions),
            order_by: self
                .orders
                .iter()
                .map(|(name, direction)| OrderBy {
                    dimension: own(name),
                    direction: *direction,
                })
                .collect(),
            limit: self.limit,
        })
    }
}
