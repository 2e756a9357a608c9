//! Checks numbers against the ranges that `file.rs` states for the schema, so that a range is written down once.
//!
//! Example: `max_steps` says `range(min = 1, max = 1000)`; `max_steps = 0` in `[budget]` is refused with
//! `cardinal.toml: budget.max_steps: 0 is out of range: 1 to 1000 are allowed`.

use serde_json::Value as Json;
use toml::{Table, Value};

use super::error::ConfigError;
use super::load::SettingOrigins;
use super::schema;

/// Refuses the first number that lies outside its range.
pub(super) fn check(settings: &Table, origins: &SettingOrigins) -> Result<(), ConfigError> {
    let schema = schema::value();
    let definitions = schema.get("$defs").unwrap_or(&Json::Null);
    check_table(settings, &schema, definitions, "", origins)
}

fn check_table(
    table: &Table,
    schema: &Json,
    definitions: &Json,
    section: &str,
    origins: &SettingOrigins,
) -> Result<(), ConfigError> {
    for (key, value) in table {
        let path = match section {
            "" => key.clone(),
            _ => format!("{section}.{key}"),
        };
        let property = schema
            .pointer(&format!("/properties/{key}"))
            .unwrap_or(&Json::Null);
        match value {
            Value::Table(inner) => {
                check_table(
                    inner,
                    definition(property, definitions),
                    definitions,
                    &path,
                    origins,
                )?;
            }
            Value::Integer(_) | Value::Float(_) => check_number(value, property, &path, origins)?,
            _ => {}
        }
    }
    Ok(())
}

/// The definition that a property refers to, also where the property may be left out.
fn definition<'a>(property: &'a Json, definitions: &'a Json) -> &'a Json {
    let any = property.get("anyOf").and_then(Json::as_array);
    let alternatives = any.into_iter().flatten().chain([property]);
    alternatives
        .filter_map(|alternative| alternative.get("$ref")?.as_str()?.strip_prefix("#/$defs/"))
        .find_map(|name| definitions.get(name))
        .unwrap_or(&Json::Null)
}

// Every bound is far below the numbers that a float cannot tell apart.
#[expect(clippy::cast_precision_loss)]
fn check_number(
    value: &Value,
    property: &Json,
    path: &str,
    origins: &SettingOrigins,
) -> Result<(), ConfigError> {
    let number = match value {
        Value::Integer(number) => *number as f64,
        Value::Float(number) => *number,
        _ => return Ok(()),
    };
    let least = property.get("minimum").and_then(Json::as_f64);
    let most = property.get("maximum").and_then(Json::as_f64);
    // A number that is not one (`nan`) lies in no range.
    let fits = least.is_none_or(|least| number >= least) && most.is_none_or(|most| number <= most);
    if fits {
        return Ok(());
    }
    let allowed = match (least, most) {
        (Some(least), Some(most)) => format!("{least} to {most} are allowed"),
        (Some(0.0), None) => "it may not be negative".to_owned(),
        (Some(least), None) => format!("at least {least} is allowed"),
        (None, _) => format!("at most {} is allowed", most.unwrap_or_default()),
    };
    Err(ConfigError::setting(
        origins.place(path),
        format!("{number} is out of range: {allowed}"),
    ))
}
