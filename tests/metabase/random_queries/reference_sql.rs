//! What a query means, in SQL. Written from what the operations say, without a look at any dialect.

use cardinal::catalog::{Catalog, Dimension, Entry};
use cardinal::metabase::{Bucket, Direction, FilterOperation, Scalar};
use cardinal::result::ColumnKind;
use rusqlite::types::Value;

use super::shop::OF_MODEL;
use super::sketch::{AskedFilter, AskedMetric, AskedQuery, AskedTable};

/// All rows of a query, in its order, without its limit.
#[derive(Debug)]
pub(super) struct ReferenceSql {
    pub(super) text: String,
    pub(super) values: Vec<Value>,
    /// Columns that rows are ordered by, first one first.
    pub(super) order: Vec<usize>,
    pub(super) limit: Option<u32>,
    pub(super) of_metric: bool,
    /// Whether rows are groups.
    pub(super) grouped: bool,
    /// Columns of moments and days, which each side writes in its way.
    pub(super) moments: Vec<bool>,
}

/// The metrics as `shop.rs` describes them: what is computed, over which rows.
const METRICS: [(&str, &str, &str); 8] = [
    ("Turnover", "SUM(s.amount)", "s.status = 'paid'"),
    ("Sales", "COUNT(*)", "TRUE"),
    (
        "Buyers",
        "COUNT(DISTINCT s.buyer_id)",
        "(s.status <> 'refunded' OR s.status IS NULL) AND s.pieces > 1",
    ),
    ("Mean amount", "AVG(s.amount)", "s.status = 'paid'"),
    ("Gift share", GIFTS, "TRUE"),
    // Today is a day of January 2025, so the six months before it are July to December.
    (
        "Recent sales",
        "COUNT(*)",
        "s.sold_at >= '2024-07-01' AND s.sold_at < '2025-01-01'",
    ),
    ("Largest by state", "MAX(s.amount)", "TRUE"),
    (OF_MODEL, "SUM(s.amount)", "s.status = 'paid'"),
];
const GIFTS: &str = "CAST(SUM(CASE WHEN s.gift = 1 THEN 1 ELSE 0 END) AS REAL) / NULLIF(COUNT(*), 0)";
const MEASURES: [(&str, &str); 3] = [
    ("Net", "SUM(s.amount)"),
    (
        "Paid amount",
        "SUM(CASE WHEN s.status = 'paid' THEN s.amount ELSE 0 END)",
    ),
    ("Share of gifts", GIFTS),
];
const SEGMENTS: [(&str, &str); 2] = [
    ("Paid", "s.status = 'paid'"),
    (
        "Big or noted",
        "(s.amount >= 60 OR instr(lower(s.note), 'a') > 0)",
    ),
];
const SALES: &str = "sales s LEFT JOIN customers b ON b.id = s.buyer_id LEFT JOIN customers p ON p.id = s.payer_id \
                     LEFT JOIN shops h ON h.id = s.shop_id";

fn known<'k>(list: &[(&str, &'k str)], name: &str) -> &'k str {
    list.iter().find(|(known, _)| *known == name).unwrap().1
}

/// A dimension with the SQL of its column.
struct SqlColumn {
    sql: String,
    kind: ColumnKind,
}

struct Columns<'c> {
    dimensions: &'c [Dimension],
}

impl Columns<'_> {
    fn of(&self, name: &str) -> SqlColumn {
        let dimension = self.dimensions.iter().find(|one| one.name == name).unwrap();
        let (table, column) = match name.split_once('.') {
            None => ("s", name),
            Some(("Buyer", column)) => ("b", column),
            Some(("Payer", column)) => ("p", column),
            Some(("Shop", column)) => ("h", column),
            Some((other, _)) => panic!("no table for {other}"),
        };
        SqlColumn {
            sql: format!("{table}.{column}"),
            kind: dimension.kind,
        }
    }
}

impl ReferenceSql {
    pub(super) fn of(query: &AskedQuery, catalog: &Catalog) -> Self {
        match query {
            AskedQuery::Metric(metric) => Self::of_metric(metric, catalog),
            AskedQuery::Table(table) => Self::of_table(table, catalog),
        }
    }

    fn of_metric(asked: &AskedMetric, catalog: &Catalog) -> Self {
        let dimensions = catalog.entries().iter().find_map(|entry| match entry {
            Entry::Metric(metric) if metric.name == asked.name => Some(&metric.dimensions),
            _ => None,
        });
        let columns = Columns {
            dimensions: dimensions.unwrap(),
        };
        let (_, computed, only) = METRICS.iter().find(|(name, _, _)| *name == asked.name).unwrap();
        let mut values = Vec::new();
        let conditions = conditions(&asked.filters, &columns, &mut values);
        let (mut selected, mut moments) = groups(&asked.groups, &columns);
        let groups = selected.len();
        selected.push((*computed).to_owned());
        moments.push(false);
        let mut text = format!(
            "SELECT {} FROM {SALES} WHERE ({only}){conditions}",
            selected.join(", ")
        );
        text.push_str(&grouped(groups));
        if let Some(direction) = asked.order {
            // Rows without a value come last whichever way they are ordered.
            let at = groups + 1;
            text.push_str(&format!(" ORDER BY {computed} IS NULL, {at} {}", way(direction)));
        }
        Self {
            text,
            values,
            order: asked.order.map(|_| groups).into_iter().collect(),
            limit: asked.limit,
            of_metric: true,
            grouped: true,
            moments,
        }
    }

    fn of_table(asked: &AskedTable, catalog: &Catalog) -> Self {
        let dimensions = catalog.entries().iter().find_map(|entry| match entry {
            Entry::Table(table) if table.name == asked.name => Some(&table.dimensions),
            _ => None,
        });
        let columns = Columns {
            dimensions: dimensions.unwrap(),
        };
        let mut values = Vec::new();
        let conditions = conditions(&asked.filters, &columns, &mut values);
        let from = match asked.name.as_str() {
            "sales" => SALES,
            "customers" => "customers s",
            _ => "shops s",
        };
        let (mut selected, mut moments) = groups(&asked.groups, &columns);
        let groups = selected.len();
        let mut order: Vec<(usize, Direction)> = Vec::new();
        if asked.aggregations.is_empty() {
            let all = columns
                .dimensions
                .iter()
                .map(|one| one.name.clone())
                .filter(|name| !name.contains('.'));
            let fields: Vec<String> = if asked.fields.is_empty() {
                all.collect()
            } else {
                asked.fields.clone()
            };
            for field in &fields {
                let column = columns.of(field);
                moments.push(matches!(
                    column.kind,
                    ColumnKind::Date | ColumnKind::Datetime | ColumnKind::Time
                ));
                selected.push(column.sql);
            }
            for (name, direction) in &asked.orders {
                order.push((fields.iter().position(|field| field == name).unwrap(), *direction));
            }
        } else {
            for (at, (function, field, sort)) in asked.aggregations.iter().enumerate() {
                let column = || columns.of(field);
                let (sql, moment) = match *function {
                    "count" => ("COUNT(*)".to_owned(), false),
                    "measure" => (known(&MEASURES, field).to_owned(), false),
                    "count-distinct" => (format!("COUNT(DISTINCT {})", column().sql), false),
                    other => {
                        let column = column();
                        let moment = matches!(column.kind, ColumnKind::Date | ColumnKind::Datetime);
                        (format!("{other}({})", column.sql), moment)
                    }
                };
                selected.push(sql);
                moments.push(moment);
                order.extend(sort.map(|direction| (groups + at, direction)));
            }
            for (name, direction) in &asked.orders {
                let at = asked.groups.iter().position(|(group, _)| group == name).unwrap();
                order.push((at, *direction));
            }
        }
        let mut text = format!(
            "SELECT {} FROM {from} WHERE TRUE{conditions}",
            selected.join(", ")
        );
        if !asked.aggregations.is_empty() {
            text.push_str(&grouped(groups));
        }
        if !order.is_empty() {
            let terms = order.iter().map(|(at, direction)| {
                // Days of the week come in the order of the week, whatever they are called.
                let week_day = asked
                    .groups
                    .get(*at)
                    .filter(|(_, bucket)| *bucket == Some(Bucket::DayOfWeek));
                let term = match week_day {
                    Some((name, _)) => format!("strftime('%w', {})", columns.of(name).sql),
                    None => (at + 1).to_string(),
                };
                format!("{term} {}", way(*direction))
            });
            let terms: Vec<String> = terms.collect();
            text.push_str(&format!(" ORDER BY {}", terms.join(", ")));
        }
        Self {
            text,
            values,
            order: order.into_iter().map(|(at, _)| at).collect(),
            limit: asked.limit,
            of_metric: false,
            grouped: !asked.aggregations.is_empty(),
            moments,
        }
    }
}

fn way(direction: Direction) -> &'static str {
    match direction {
        Direction::Asc => "ASC",
        Direction::Desc => "DESC",
    }
}

fn grouped(groups: usize) -> String {
    let places: Vec<String> = (1..=groups).map(|at| at.to_string()).collect();
    if places.is_empty() {
        String::new()
    } else {
        format!(" GROUP BY {}", places.join(", "))
    }
}

fn groups(asked: &[(String, Option<Bucket>)], columns: &Columns<'_>) -> (Vec<String>, Vec<bool>) {
    let groups = asked.iter().map(|(name, bucket)| {
        let column = columns.of(name);
        match bucket {
            None => (column.sql, false),
            Some(Bucket::DayOfWeek) => (day_name(&column.sql), false),
            Some(bucket) => (start_of(&column.sql, *bucket), true),
        }
    });
    groups.unzip()
}

/// The first moment of the period that a moment lies in; weeks begin on Sunday.
fn start_of(sql: &str, bucket: Bucket) -> String {
    match bucket {
        Bucket::Minute => format!("substr(datetime({sql}), 1, 16) || ':00'"),
        Bucket::Hour => format!("substr(datetime({sql}), 1, 13) || ':00:00'"),
        Bucket::Day => format!("date({sql})"),
        Bucket::Week => format!("date({sql}, '-' || strftime('%w', {sql}) || ' days')"),
        Bucket::Month => format!("substr(date({sql}), 1, 7) || '-01'"),
        Bucket::Quarter => format!(
            "CASE WHEN {sql} IS NOT NULL THEN substr(date({sql}), 1, 5) || printf('%02d', (CAST(substr(date({sql}), 6, 2) \
             AS INTEGER) - 1) / 3 * 3 + 1) || '-01' END"
        ),
        Bucket::Year => format!("substr(date({sql}), 1, 4) || '-01-01'"),
        Bucket::DayOfWeek => iso_day(sql),
    }
}

/// From 1 for Monday to 7 for Sunday.
fn iso_day(sql: &str) -> String {
    format!("CASE strftime('%w', {sql}) WHEN '0' THEN 7 ELSE CAST(strftime('%w', {sql}) AS INTEGER) END")
}

fn day_name(sql: &str) -> String {
    let names = [
        "Sunday",
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
    ];
    let cases: Vec<String> = names
        .iter()
        .enumerate()
        .map(|(at, name)| format!("WHEN '{at}' THEN '{name}'"))
        .collect();
    format!("CASE strftime('%w', {sql}) {} END", cases.join(" "))
}

fn conditions(filters: &[AskedFilter], columns: &Columns<'_>, values: &mut Vec<Value>) -> String {
    let mut text = String::new();
    for filter in filters {
        let condition = match filter {
            AskedFilter::Segment(name) => known(&SEGMENTS, name).to_owned(),
            AskedFilter::Dimension {
                name,
                operation,
                values: operands,
                bucket,
            } => condition(&columns.of(name), *operation, operands, *bucket, values),
        };
        text.push_str(&format!(" AND ({condition})"));
    }
    text
}

fn condition(
    column: &SqlColumn,
    operation: FilterOperation,
    operands: &[Scalar],
    bucket: Option<Bucket>,
    values: &mut Vec<Value>,
) -> String {
    use FilterOperation as F;
    let sql = &column.sql;
    let part = |format: &str| format!("CAST(strftime('{format}', {sql}) AS INTEGER)");
    let quarter = || format!("(CAST(strftime('%m', {sql}) AS INTEGER) + 2) / 3");
    let mut compared = |operator: &str| {
        let parts = operands
            .iter()
            .map(|operand| comparison(column, operator, operand, bucket, values));
        parts.collect::<Vec<_>>()
    };
    match operation {
        F::IsNull => format!("{sql} IS NULL"),
        F::IsNotNull => format!("{sql} IS NOT NULL"),
        F::StringIsEmpty => format!("{sql} IS NULL OR {sql} = ''"),
        F::StringIsNotEmpty => format!("{sql} IS NOT NULL AND {sql} <> ''"),
        F::IsTrue => format!("{sql} = 1"),
        F::IsFalse => format!("{sql} = 0"),
        F::Equals => compared("=").join(" OR "),
        // A row without a value has none of the values.
        F::NotEquals => format!("({}) OR {sql} IS NULL", compared("<>").join(" AND ")),
        F::GreaterThan => compared(">").join(" OR "),
        F::GreaterThanOrEqual => compared(">=").join(" OR "),
        F::LessThan => compared("<").join(" OR "),
        F::LessThanOrEqual => compared("<=").join(" OR "),
        F::StringContains | F::StringNotContains | F::StringStartsWith | F::StringEndsWith => {
            texts(sql, operation, operands, values)
        }
        F::YearEquals => one_of(&part("%Y"), true, operands),
        F::YearNotEquals => one_of(&part("%Y"), false, operands),
        F::QuarterEquals => one_of(&quarter(), true, operands),
        F::QuarterNotEquals => one_of(&quarter(), false, operands),
        F::MonthEquals => one_of(&part("%m"), true, operands),
        F::MonthNotEquals => one_of(&part("%m"), false, operands),
        F::DayOfWeekEquals => one_of(&weekday_part(sql), true, operands),
        F::DayOfWeekNotEquals => one_of(&weekday_part(sql), false, operands),
        F::HourEquals => one_of(&part("%H"), true, operands),
        F::HourNotEquals => one_of(&part("%H"), false, operands),
        F::MinuteEquals => one_of(&part("%M"), true, operands),
        F::MinuteNotEquals => one_of(&part("%M"), false, operands),
        F::SecondEquals => one_of(&part("%S"), true, operands),
        F::SecondNotEquals => one_of(&part("%S"), false, operands),
    }
}

/// A day of the week, and nothing where there is no date.
fn weekday_part(sql: &str) -> String {
    format!("CASE WHEN {sql} IS NOT NULL THEN {} END", iso_day(sql))
}

fn one_of(sql: &str, is_one: bool, operands: &[Scalar]) -> String {
    let numbers: Vec<String> = operands.iter().map(written).collect();
    let list = numbers.join(", ");
    if is_one {
        format!("{sql} IN ({list})")
    } else {
        format!("{sql} NOT IN ({list}) OR {sql} IS NULL")
    }
}

fn written(scalar: &Scalar) -> String {
    match scalar {
        Scalar::Text(text) => text.clone(),
        Scalar::Number(number) => number.to_string(),
        Scalar::Bool(flag) => flag.to_string(),
    }
}

/// Text conditions look at no case.
fn texts(sql: &str, operation: FilterOperation, operands: &[Scalar], values: &mut Vec<Value>) -> String {
    use FilterOperation as F;
    let parts: Vec<String> = operands
        .iter()
        .map(|operand| {
            values.push(Value::Text(written(operand)));
            let (column, text) = (format!("lower({sql})"), format!("lower(?{})", values.len()));
            match operation {
                F::StringStartsWith => format!("substr({column}, 1, length({text})) = {text}"),
                F::StringEndsWith => {
                    format!(
                        "length({column}) >= length({text}) AND substr({column}, -length({text})) = {text}"
                    )
                }
                _ => format!("instr({column}, {text}) > 0"),
            }
        })
        .collect();
    if operation == F::StringNotContains {
        return format!("{sql} IS NULL OR NOT ({})", parts.join(" OR "));
    }
    parts.join(" OR ")
}

fn comparison(
    column: &SqlColumn,
    operator: &str,
    operand: &Scalar,
    bucket: Option<Bucket>,
    values: &mut Vec<Value>,
) -> String {
    let sql = &column.sql;
    let temporal = matches!(column.kind, ColumnKind::Date | ColumnKind::Datetime);
    let mut bound = |value: Value| {
        values.push(value);
        format!("?{}", values.len())
    };
    match operand {
        Scalar::Number(number) if bucket == Some(Bucket::DayOfWeek) => {
            format!("{} {operator} {number}", weekday_part(sql))
        }
        Scalar::Number(number) => {
            let place = bound(Value::Real(number.as_f64().unwrap()));
            format!("{sql} {operator} {place}")
        }
        Scalar::Text(text) if temporal => {
            let is_day = text.len() == 10;
            let place = bound(Value::Text(text.trim_end_matches('Z').replace('T', " ")));
            match bucket {
                // A period is compared with the one that the value lies in.
                Some(bucket) => {
                    format!(
                        "{} {operator} {}",
                        start_of(sql, bucket),
                        start_of(&place, bucket)
                    )
                }
                // A day means the whole of it.
                None if is_day => format!("date({sql}) {operator} date({place})"),
                None => format!("julianday({sql}) {operator} julianday({place})"),
            }
        }
        Scalar::Text(text) => {
            let place = bound(Value::Text(text.clone()));
            format!("{sql} {operator} {place}")
        }
        Scalar::Bool(flag) => format!("{sql} {operator} {flag}"),
    }
}
