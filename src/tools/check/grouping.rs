//! Dimensions, time buckets and row limits.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Rejection, json, names, quote, resolve};
use crate::catalog::Dimension;
use crate::metabase::{Bucket, GroupBy};
use crate::result::ColumnKind;

/// Most dimensions to group by.
const MAX_GROUPS: usize = 5;
/// Most rows that may be asked for.
const MAX_LIMIT: u64 = 10_000;
const GRANULARITIES: &str = "minute, hour, day, week, month, quarter, year, day-of-week";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupByArguments {
    dimension: String,
    #[serde(default)]
    granularity: Option<String>,
}

/// The entry's own dimension of that name.
pub(in crate::tools) fn dimension<'a>(
    dimensions: &'a [Dimension],
    wanted: &str,
    what: &str,
    place: &str,
) -> Result<&'a Dimension, Rejection> {
    resolve(wanted, dimensions, |item| &item.name, |item| &item.label).ok_or_else(|| {
        names::unknown(
            what,
            wanted,
            place,
            dimensions.iter().map(|item| item.name.as_str()),
        )
    })
}

/// A bucket by its name on the wire.
pub(super) fn bucket(name: &str, key: &str) -> Result<Bucket, Rejection> {
    serde_json::from_value(Value::from(name)).map_err(|_| {
        Rejection::bad_value(format!("{} is no {key}", quote(name)))
            .hint(format!("{key} is one of: {GRANULARITIES}"))
    })
}

/// Whether a dimension of this type has times that fine.
pub(super) fn bucket_fits(bucket: Bucket, kind: ColumnKind) -> bool {
    match kind {
        ColumnKind::Datetime => true,
        ColumnKind::Date => !matches!(bucket, Bucket::Minute | Bucket::Hour),
        ColumnKind::Time => matches!(bucket, Bucket::Minute | Bucket::Hour),
        _ => false,
    }
}

/// What to group by, with its canonical form.
pub(in crate::tools) fn group_by(
    items: Option<Vec<Value>>,
    dimensions: &[Dimension],
    place: &str,
) -> Result<Vec<(GroupBy, Value)>, Rejection> {
    let mut groups: Vec<(GroupBy, Value)> = Vec::new();
    for (at, item) in json::list::<GroupByArguments>(items, "group_by", MAX_GROUPS)?
        .into_iter()
        .enumerate()
    {
        let group =
            group(&item, dimensions, place).map_err(|rejection| rejection.at(&format!("group_by[{at}]")))?;
        if groups.iter().any(|(other, _)| *other == group.0) {
            return Err(Rejection::bad_value(format!(
                "group_by[{at}]: {} is there twice",
                quote(&item.dimension)
            )));
        }
        groups.push(group);
    }
    Ok(groups)
}

fn group(
    item: &GroupByArguments,
    dimensions: &[Dimension],
    place: &str,
) -> Result<(GroupBy, Value), Rejection> {
    let found = dimension(dimensions, &item.dimension, "dimension", place)?;
    let name = &found.name;
    if found.kind == ColumnKind::Other {
        return Err(Rejection::bad_value(format!(
            "{} cannot be grouped by: its values are not comparable",
            quote(name)
        )));
    }
    let granularity = item
        .granularity
        .as_deref()
        .map(|granularity| bucket(granularity, "granularity"))
        .transpose()?;
    let granularity = match granularity {
        Some(_) if !found.kind.is_temporal() => {
            return Err(Rejection::bad_value(format!(
                "{} is {}, and only times have a granularity",
                quote(name),
                found.kind.word()
            ))
            .hint("leave granularity out"));
        }
        Some(bucket) if !bucket_fits(bucket, found.kind) => {
            return Err(Rejection::bad_value(format!(
                "{} is a {}, which that granularity does not fit",
                quote(name),
                found.kind.word()
            )));
        }
        None if found.kind == ColumnKind::Datetime => {
            return Err(Rejection::bad_value(format!(
                "{} is a datetime and needs a granularity",
                quote(name)
            ))
            .hint(format!("granularity is one of: {GRANULARITIES}")));
        }
        None if found.kind == ColumnKind::Date => Some(Bucket::Day),
        other => other,
    };
    let canonical = match granularity {
        Some(granularity) => json!({"dimension": name, "granularity": granularity}),
        None => json!({"dimension": name}),
    };
    let group = GroupBy {
        dimension: found.clone(),
        granularity,
    };
    Ok((group, canonical))
}

/// Something right to group by: the preferred dimension if there is one of that name, else the first that can be.
pub(in crate::tools) fn group_example(dimensions: &[Dimension], preferred: Option<&str>) -> Option<Value> {
    let named = dimensions
        .iter()
        .find(|dimension| Some(dimension.name.as_str()) == preferred);
    let dimension = named.or_else(|| {
        dimensions
            .iter()
            .find(|dimension| dimension.kind != ColumnKind::Other)
    })?;
    Some(match dimension.kind {
        ColumnKind::Date | ColumnKind::Datetime => {
            json!([{"dimension": dimension.name, "granularity": "month"}])
        }
        _ => json!([{"dimension": dimension.name}]),
    })
}

/// How many rows are wanted.
pub(in crate::tools) fn limit(value: Option<&Value>) -> Result<Option<u32>, Rejection> {
    let Some(value) = value else { return Ok(None) };
    value
        .as_u64()
        .filter(|limit| (1..=MAX_LIMIT).contains(limit))
        .and_then(|limit| u32::try_from(limit).ok())
        .map(Some)
        .ok_or_else(|| {
            let written = match value {
                Value::Number(number) => number.to_string(),
                other => json::type_word(other).to_owned(),
            };
            Rejection::bad_value(format!(
                "limit is a whole number from 1 to {MAX_LIMIT}, and not {written}"
            ))
        })
}
