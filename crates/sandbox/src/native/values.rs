use serde_json::{Map, Value};

use super::tag::TemplateTag;
use crate::query::{CardFailure, MbqlCompiler, ParameterException, ParameterValues, distinct_values};
use crate::semantic::Card;

/// Most values that are listed for one parameter.
const LISTED: u64 = 1000;

/// What a card's parameter may be set to: its own list, else the values of the column it filters, else nothing.
pub(crate) fn parameter_values(
    compiler: MbqlCompiler<'_>,
    card: &Card,
    parameter_id: &str,
) -> Result<ParameterValues, CardFailure> {
    let own = card
        .parameters
        .iter()
        .find(|own| own.get("id").and_then(Value::as_str) == Some(parameter_id));
    let own = own.ok_or_else(|| ParameterException {
        message: format!("Card does not have a parameter with the ID \"{parameter_id}\""),
        data: Map::new(),
        status: 400,
    })?;
    let listed = own
        .get("values_source_config")
        .and_then(|config| config.get("values"))
        .and_then(Value::as_array);
    if let Some(listed) = listed {
        let row = |value: &Value| match value {
            Value::Array(pair) => pair.clone(),
            scalar => vec![scalar.clone()],
        };
        return Ok(ParameterValues {
            values: listed.iter().map(row).collect(),
            has_more_values: false,
        });
    }
    let slug = own.get("slug").and_then(Value::as_str);
    let tags = card.native_stage().map(TemplateTag::all).unwrap_or_default();
    let tag = tags.iter().find(|tag| Some(tag.name) == slug);
    match tag
        .and_then(|tag| tag.field_id)
        .and_then(|id| compiler.model.field(id))
    {
        Some((table, field)) if !field.is_temporal() => {
            let (values, has_more_values) = distinct_values(compiler, table, field, LISTED)?;
            Ok(ParameterValues {
                values,
                has_more_values,
            })
        }
        _ => Ok(ParameterValues::default()),
    }
}
