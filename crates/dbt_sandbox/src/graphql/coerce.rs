//! Values of arguments and variables, held to their types.

use graphql_parser::query::Value as Written;
use graphql_parser::schema::{Type, TypeDefinition};
use serde_json::{Map, Value, json};

use super::fault::GraphqlFault;
use super::schema::{GraphqlSchema, SchemaField, SchemaInput};

/// A written value as JSON, with variables put in. `None` is a variable without a value.
pub(super) fn literal(written: &Written<'static, String>, variables: &Map<String, Value>) -> Option<Value> {
    Some(match written {
        Written::Variable(name) => return variables.get(name).cloned(),
        Written::Int(number) => json!(number.as_i64()),
        Written::Float(number) => json!(number),
        Written::String(text) | Written::Enum(text) => json!(text),
        Written::Boolean(truth) => json!(truth),
        Written::Null => Value::Null,
        Written::List(items) => items
            .iter()
            .map(|item| literal(item, variables).unwrap_or_default())
            .collect(),
        Written::Object(fields) => fields
            .iter()
            .filter_map(|(name, field)| Some((name.clone(), literal(field, variables)?)))
            .collect::<Map<_, _>>()
            .into(),
    })
}

/// The arguments of a field: what was given, held to its types, and defaults.
pub(super) fn arguments(
    schema: &GraphqlSchema,
    field: &SchemaField,
    given: &[(String, Written<'static, String>)],
    variables: &Map<String, Value>,
) -> Result<Map<String, Value>, GraphqlFault> {
    let mut arguments = Map::new();
    for input in &field.arguments {
        let written = given.iter().find(|(name, _)| *name == input.name);
        let value = written.and_then(|(_, value)| literal(value, variables));
        put(
            schema,
            input,
            value,
            &mut arguments,
            &format!("Argument \"{}\"", input.name),
        )?;
    }
    Ok(arguments)
}

fn put(
    schema: &GraphqlSchema,
    input: &SchemaInput,
    value: Option<Value>,
    into: &mut Map<String, Value>,
    what: &str,
) -> Result<(), GraphqlFault> {
    let default = || literal(input.default_value.as_ref()?, &Map::new());
    let Some(value) = value.or_else(default) else {
        if matches!(input.value_type, Type::NonNullType(_)) {
            let message = format!(
                "{what} of required type \"{}\" was not provided.",
                input.value_type
            );
            return Err(GraphqlFault::new(message));
        }
        return Ok(());
    };
    let value = coerce(schema, &input.value_type, value, what)?;
    into.insert(input.name.clone(), value);
    Ok(())
}

/// A value as its type wants it.
pub(super) fn coerce(
    schema: &GraphqlSchema,
    of: &Type<'static, String>,
    value: Value,
    what: &str,
) -> Result<Value, GraphqlFault> {
    match of {
        Type::NonNullType(inner) if value.is_null() => {
            let message = format!("{what} of non-null type \"{inner}!\" must not be null.");
            Err(GraphqlFault::new(message))
        }
        Type::NonNullType(inner) => coerce(schema, inner, value, what),
        _ if value.is_null() => Ok(value),
        Type::ListType(inner) => match value {
            Value::Array(items) => items
                .into_iter()
                .map(|item| coerce(schema, inner, item, what))
                .collect(),
            one => Ok(Value::Array(vec![coerce(schema, inner, one, what)?])),
        },
        Type::NamedType(name) => coerce_named(schema, name, value, what),
    }
}

fn coerce_named(schema: &GraphqlSchema, name: &str, value: Value, what: &str) -> Result<Value, GraphqlFault> {
    let wrong =
        |value: &Value| GraphqlFault::new(format!("{what} got invalid value {value}; Expected type {name}."));
    match schema.definition(name) {
        Some(TypeDefinition::Enum(of)) => {
            let known = value
                .as_str()
                .is_some_and(|text| of.values.iter().any(|known| known.name == text));
            if known { Ok(value) } else { Err(wrong(&value)) }
        }
        Some(TypeDefinition::InputObject(of)) => {
            let Value::Object(mut fields) = value else {
                return Err(wrong(&value));
            };
            let mut checked = Map::new();
            for input in &of.fields {
                let field = fields.remove(&input.name);
                put(
                    schema,
                    input,
                    field,
                    &mut checked,
                    &format!("Field \"{name}.{}\"", input.name),
                )?;
            }
            if let Some(unknown) = fields.keys().next() {
                let message = format!("{what}: Field \"{unknown}\" is not defined by type \"{name}\".");
                return Err(GraphqlFault::new(message));
            }
            Ok(checked.into())
        }
        _ => {
            let fits = match name {
                "Int" => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
                "Float" => value.is_number(),
                "String" => value.is_string(),
                "Boolean" => value.is_boolean(),
                "BigInt" => value.is_i64() || value.as_str().is_some_and(|text| text.parse::<i64>().is_ok()),
                "ID" => value.is_i64() || value.is_string(),
                _ => true,
            };
            if fits { Ok(value) } else { Err(wrong(&value)) }
        }
    }
}
