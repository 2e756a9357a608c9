//! The tool `run_card`: runs a saved question with values for its parameters.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::check::{
    ParameterForm, Rejection, card, card_value, decode, entry_title, list, listing, nearest, query_tool,
    quote, resolve, takes_list,
};
use super::output::{QueriedEntry, for_person, of_query};
use super::tool::{CheckContext, CheckedCall, OfferContext, RunContext, Tool, ToolRole};
use super::{ToolError, ToolOutput, failure, no_match, schema};
use crate::catalog::{CardEntry, Catalog, Entry, EntryKind, Parameter};
use crate::metabase::{CardArgument, CardRun};
use crate::model::ToolSpec;
use crate::prompt::fill;

/// Up to this many different slugs are listed in the schema.
const MAX_LISTED_SLUGS: usize = 60;
/// Most parameters of one call.
const MAX_PARAMETERS: usize = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RunCardArguments {
    card_id: Value,
    #[serde(default)]
    parameters: Option<Value>,
}

/// A parameter where they are written as a list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NamedValues {
    name: String,
    #[serde(alias = "value")]
    values: Value,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct RunCardTool;

impl Tool for RunCardTool {
    type Plan = CardRun;
    const NAME: &'static str = query_tool(EntryKind::Card);
    const ROLE: ToolRole = ToolRole::Query;

    fn spec(&self, offer: OfferContext<'_>) -> Option<ToolSpec> {
        let catalog = offer.catalog;
        (schema::count(catalog, EntryKind::Card) > 0).then(|| {
            schema::tool(
                Self::NAME,
                include_str!("../../prompts/tools/run_card.md"),
                json!({
                    "card_id": schema::id(),
                    "parameters": parameters_schema(catalog),
                }),
                &["card_id"],
            )
        })
    }

    fn example(&self, offer: OfferContext<'_>) -> Option<Value> {
        let mut entries = offer.catalog.entries().iter();
        entries.find_map(|entry| match entry {
            Entry::Card(card) => Some(example(card, None)),
            _ => None,
        })
    }

    fn check(
        &self,
        arguments: Map<String, Value>,
        context: CheckContext<'_>,
    ) -> Result<CheckedCall<CardRun>, Rejection> {
        let arguments: RunCardArguments =
            decode(arguments).map_err(|rejection| rejection.hint("keys: card_id, parameters"))?;
        let card = card(context.catalog, "card_id", &arguments.card_id)?;
        let (given, canonical) = given_parameters(arguments.parameters)
            .and_then(|given| parameters(card.entry(), given))
            .map_err(|rejection| rejection.example(Self::NAME, example(card.entry(), None)))?;
        let mut arguments = json!({"card_id": card.id()});
        if let Some(map) = arguments.as_object_mut()
            && !canonical.is_empty()
        {
            map.insert("parameters".to_owned(), Value::Object(canonical));
        }
        Ok(CheckedCall {
            arguments,
            plan: CardRun {
                card,
                arguments: given,
            },
        })
    }

    fn summary(&self, run: &CardRun) -> String {
        format!("runs “{}”", for_person(&run.card.entry().name))
    }

    fn queried_id(&self, run: &CardRun) -> Option<u32> {
        Some(run.card.id().0)
    }

    async fn run(&self, run: &CardRun, context: RunContext<'_>) -> Result<ToolOutput, ToolError> {
        let card = run.card.entry();
        let title = entry_title(EntryKind::Card, card.id.0, &card.name);
        let fetched = context
            .client
            .run_card(run)
            .await
            .map_err(|error| failure::sort(&title, error))?;
        let queried = QueriedEntry {
            kind: EntryKind::Card,
            id: card.id.0,
            name: &card.name,
            dbt_metric: None,
            given: &run.arguments,
        };
        let note = no_match::of_parameters(&fetched.table, run, &context).await;
        let narrow = ways_to_narrow(run);
        Ok(of_query(fetched, queried, &narrow, note.as_deref(), &context))
    }
}

/// Every slug of every card: a list of texts where some card takes several values, else one text. Which card has which
/// and what a value looks like is the gate's to check. Where there are too many slugs to list, parameters are a list of
/// names and values, which the gate takes everywhere.
fn parameters_schema(catalog: &Catalog) -> Value {
    let mut slugs: BTreeMap<&str, bool> = BTreeMap::new();
    let cards = catalog.entries().iter().filter_map(|entry| match entry {
        Entry::Card(card) => Some(card),
        _ => None,
    });
    for parameter in cards.flat_map(|card| &card.parameters) {
        let several =
            takes_list(parameter) || ParameterForm::of(&parameter.kind) == ParameterForm::NumberPair;
        *slugs.entry(&parameter.slug).or_default() |= several;
    }
    if slugs.len() > MAX_LISTED_SLUGS {
        return schema::list(schema::object(
            json!({"name": schema::text(), "values": schema::list(schema::text())}),
            &["name", "values"],
        ));
    }
    let value = |several: bool| {
        if several {
            schema::list(schema::text())
        } else {
            schema::text()
        }
    };
    let properties: Map<String, Value> = slugs
        .into_iter()
        .map(|(slug, several)| (slug.to_owned(), value(several)))
        .collect();
    schema::object(Value::Object(properties), &[])
}

/// The parameters of a call by slug, from either form: an object, or a list of names and values.
fn given_parameters(written: Option<Value>) -> Result<Vec<(String, Value)>, Rejection> {
    match written {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Object(map)) => Ok(map.into_iter().collect()),
        Some(Value::Array(items)) => Ok(list::<NamedValues>(Some(items), "parameters", MAX_PARAMETERS)?
            .into_iter()
            .map(|item| (item.name, item.values))
            .collect()),
        Some(_) => Err(Rejection::schema(
            "parameters is an object: each parameter's name with its value",
        )),
    }
}

/// The values in the card's parameter order, and their canonical form without those that are the default anyway.
fn parameters(
    card: &CardEntry,
    given: Vec<(String, Value)>,
) -> Result<(Vec<CardArgument>, Map<String, Value>), Rejection> {
    let mut values: Vec<(&Parameter, Value)> = Vec::new();
    for (slug, value) in given {
        let parameter = resolve(&slug, &card.parameters, |item| &item.slug, |item| &item.name)
            .ok_or_else(|| unknown(card, &slug))?;
        if values.iter().any(|(other, _)| other.slug == parameter.slug) {
            return Err(Rejection::schema(format!(
                "parameter {} is there twice",
                quote(&parameter.slug)
            )));
        }
        values.push((parameter, value));
    }
    let mut sent = Vec::new();
    let mut canonical = Map::new();
    for parameter in &card.parameters {
        let given = values.iter().find(|(other, _)| other.slug == parameter.slug);
        let value = match given {
            Some((_, value)) => card_value(parameter, value)
                .map_err(|rejection| rejection.example(RunCardTool::NAME, example(card, Some(parameter))))?,
            None => None,
        };
        match value {
            Some(value) => {
                if parameter.default.as_ref() != Some(&value.canonical) {
                    canonical.insert(parameter.slug.clone(), value.canonical);
                }
                sent.push(CardArgument {
                    parameter: parameter.clone(),
                    value: value.sent,
                });
            }
            None if parameter.required && parameter.default.is_none() => {
                return Err(
                    Rejection::schema(format!("parameter {} is required", quote(&parameter.slug))).hint(
                        format!(
                            "{} takes {}",
                            quote(&parameter.slug),
                            ParameterForm::of(&parameter.kind).words()
                        ),
                    ),
                );
            }
            None => {}
        }
    }
    Ok((sent, canonical))
}

fn unknown(card: &CardEntry, slug: &str) -> Rejection {
    let rejection = Rejection::unknown_name(format!(
        "{} has no parameter {}",
        entry_title(EntryKind::Card, card.id.0, &card.name),
        quote(slug)
    ));
    if card.parameters.is_empty() {
        return rejection.hint("it takes no parameters; call it with card_id alone");
    }
    let slugs = card.parameters.iter().map(|parameter| parameter.slug.as_str());
    rejection.hint(format!(
        "its parameters, nearest first: {}",
        listing(nearest(slug, slugs, 12))
    ))
}

/// A right call: the card with `shown` set, else with its first parameter, and with everything that it requires.
fn example(card: &CardEntry, shown: Option<&Parameter>) -> Value {
    let mut parameters = Map::new();
    let wanted = card.parameters.iter().filter(|parameter| parameter.required);
    for parameter in wanted.chain(shown.or(card.parameters.first())) {
        let known = parameter
            .allowed
            .as_ref()
            .and_then(|allowed| allowed.values.first())
            .filter(|value| !value.is_array() && !value.is_object());
        let value = known
            .cloned()
            .unwrap_or_else(|| ParameterForm::of(&parameter.kind).example());
        parameters.insert(parameter.slug.clone(), value);
    }
    if parameters.is_empty() {
        json!({"card_id": card.id})
    } else {
        json!({"card_id": card.id, "parameters": parameters})
    }
}

/// What the model is told to do when not all rows of the result are shown.
fn ways_to_narrow(run: &CardRun) -> String {
    let given = |parameter: &Parameter| {
        run.arguments
            .iter()
            .any(|argument| argument.parameter.slug == parameter.slug)
    };
    let parameters = run.card.entry().parameters.iter();
    let unused: Vec<&str> = parameters
        .filter(|parameter| !given(parameter))
        .map(|parameter| parameter.slug.as_str())
        .collect();
    let unused = if unused.is_empty() {
        String::new()
    } else {
        listing(unused.into_iter().take(8))
    };
    fill(
        include_str!("../../prompts/tools/narrow_card.tera"),
        &json!({ "unused": unused }),
    )
}
