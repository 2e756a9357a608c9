//! The tool `run_card`: runs a saved question with values for its parameters.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::check::{
    ParameterForm, Rejection, card, card_value, decode, entry_title, listing, nearest, query_tool, quote,
    resolve, takes_list,
};
use super::output::{QueriedEntry, for_person, of_query};
use super::tool::{CheckContext, CheckedCall, OfferContext, RunContext, Tool, ToolRole};
use super::{ToolError, ToolOutput, failure, schema};
use crate::catalog::{CardEntry, Catalog, Entry, EntryKind, Parameter};
use crate::metabase::{CardArgument, CardRun};
use crate::model::ToolSpec;
use crate::prompt::fill;

/// Up to this many different slugs are listed in the schema.
const MAX_LISTED_SLUGS: usize = 60;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RunCardArguments {
    card_id: Value,
    #[serde(default)]
    parameters: Option<Map<String, Value>>,
}

/// Runs a saved question.
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
                    "card_id": schema::id(catalog, EntryKind::Card),
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
        let (given, canonical) = parameters(card.entry(), arguments.parameters.unwrap_or_default())
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
        };
        Ok(of_query(&fetched, queried, &ways_to_narrow(run), &context))
    }
}

/// Every slug of every card with the types its values may have. Which card has which is the gate's to check.
fn parameters_schema(catalog: &Catalog) -> Value {
    let mut slugs: BTreeMap<&str, ValueTypes> = BTreeMap::new();
    let cards = catalog.entries().iter().filter_map(|entry| match entry {
        Entry::Card(card) => Some(card),
        _ => None,
    });
    for parameter in cards.flat_map(|card| &card.parameters) {
        slugs.entry(&parameter.slug).or_default().add(parameter);
    }
    if slugs.len() > MAX_LISTED_SLUGS {
        let mut any = ValueTypes::default();
        for types in slugs.into_values() {
            any.join(types);
        }
        return json!({"additionalProperties": any.schema(), "type": "object"});
    }
    let properties: Map<String, Value> = slugs
        .into_iter()
        .map(|(slug, types)| (slug.to_owned(), types.schema()))
        .collect();
    schema::object(Value::Object(properties), &[])
}

/// The JSON types that the values of a slug may have, over all cards that have it.
#[derive(Default)]
struct ValueTypes {
    single: BTreeSet<&'static str>,
    in_lists: BTreeSet<&'static str>,
}

impl ValueTypes {
    fn add(&mut self, parameter: &Parameter) {
        let form = ParameterForm::of(&parameter.kind);
        if form == ParameterForm::NumberPair {
            self.in_lists.extend(form.json_types());
            return;
        }
        self.single.extend(form.json_types());
        if takes_list(parameter) {
            self.in_lists.extend(form.json_types());
        }
    }

    fn join(&mut self, other: Self) {
        self.single.extend(other.single);
        self.in_lists.extend(other.in_lists);
    }

    fn schema(mut self) -> Value {
        if self.in_lists.is_empty() {
            return json!({"type": one_or_several(&self.single)});
        }
        self.single.insert("array");
        json!({"items": {"type": one_or_several(&self.in_lists)}, "type": one_or_several(&self.single)})
    }
}

/// Some servers read a list of types only where there is a choice.
fn one_or_several(types: &BTreeSet<&str>) -> Value {
    match (types.first(), types.len()) {
        (Some(only), 1) => json!(only),
        _ => json!(types),
    }
}

/// The values in the card's parameter order, and their canonical form without those that are the default anyway.
fn parameters(
    card: &CardEntry,
    given: Map<String, Value>,
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
