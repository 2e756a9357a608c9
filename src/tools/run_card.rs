use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::gate::{Form, No, card, card_value, decode, listing, nearest, quote, resolve, takes_list};
use super::output::{Asked, Paper, of_query, title};
use super::{Plan, PlannedCall, ToolError, ToolOutput, example, failure, spec};
use crate::catalog::{CardEntry, Catalog, Entry, EntryKind, Parameter};
use crate::metabase::{CardArgument, CardRun, MetabaseClient};
use crate::model::ToolSpec;

/// The tool's name.
pub(super) const NAME: &str = "run_card";

/// Up to this many different slugs are listed in the schema.
const MAX_LISTED_SLUGS: usize = 60;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    card_id: Value,
    #[serde(default)]
    parameters: Option<Map<String, Value>>,
}

/// What the model is told, if there are cards.
pub(super) fn spec(catalog: &Catalog) -> Option<ToolSpec> {
    (spec::count(catalog, EntryKind::Card) > 0).then(|| {
        spec::tool(
            NAME,
            include_str!("../../prompts/tools/run_card.md"),
            json!({
                "card_id": spec::id(catalog, EntryKind::Card),
                "parameters": parameters_schema(catalog),
            }),
            &["card_id"],
        )
    })
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
    spec::object(Value::Object(properties), &[])
}

/// The JSON types that the values of a slug may have, over all cards that have it.
#[derive(Default)]
struct ValueTypes {
    single: BTreeSet<&'static str>,
    in_lists: BTreeSet<&'static str>,
}

impl ValueTypes {
    fn add(&mut self, parameter: &Parameter) {
        let form = Form::of(&parameter.kind);
        if form == Form::NumberPair {
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

/// Checks a call.
pub(super) fn plan(catalog: &Catalog, arguments: Map<String, Value>) -> Result<PlannedCall, No> {
    let arguments: Arguments = decode(arguments).map_err(|no| no.hint("keys: card_id, parameters"))?;
    let card = card(catalog, "card_id", &arguments.card_id)?;
    let (given, canonical) = parameters(card.entry(), arguments.parameters.unwrap_or_default())
        .map_err(|no| no.example(NAME, example::of_card(card.entry(), None)))?;
    let mut arguments = json!({"card_id": card.id()});
    if let Some(map) = arguments.as_object_mut()
        && !canonical.is_empty()
    {
        map.insert("parameters".to_owned(), Value::Object(canonical));
    }
    Ok(PlannedCall {
        tool: NAME,
        arguments,
        plan: Plan::RunCard(CardRun {
            card,
            arguments: given,
        }),
    })
}

type Checked = (Vec<CardArgument>, Map<String, Value>);

/// The values in the card's parameter order, and their canonical form without those that are the default anyway.
fn parameters(card: &CardEntry, given: Map<String, Value>) -> Result<Checked, No> {
    let mut values: Vec<(&Parameter, Value)> = Vec::new();
    for (slug, value) in given {
        let parameter = resolve(&slug, &card.parameters, |item| &item.slug, |item| &item.name)
            .ok_or_else(|| unknown(card, &slug))?;
        if values.iter().any(|(other, _)| other.slug == parameter.slug) {
            return Err(No::schema(format!(
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
                .map_err(|no| no.example(NAME, example::of_card(card, Some(parameter))))?,
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
                    No::schema(format!("parameter {} is required", quote(&parameter.slug))).hint(format!(
                        "{} takes {}",
                        quote(&parameter.slug),
                        Form::of(&parameter.kind).words()
                    )),
                );
            }
            None => {}
        }
    }
    Ok((sent, canonical))
}

fn unknown(card: &CardEntry, slug: &str) -> No {
    let no = No::name(format!(
        "{} has no parameter {}",
        title(EntryKind::Card, card.id.0, &card.name),
        quote(slug)
    ));
    if card.parameters.is_empty() {
        return no.hint("it takes no parameters; call it with card_id alone");
    }
    let slugs = card.parameters.iter().map(|parameter| parameter.slug.as_str());
    no.hint(format!(
        "its parameters, nearest first: {}",
        listing(nearest(slug, slugs, 12))
    ))
}

/// Runs it.
pub(super) async fn run(
    client: &MetabaseClient,
    run: &CardRun,
    arguments: &Value,
    paper: Paper,
) -> Result<ToolOutput, ToolError> {
    let card = run.card.entry();
    let fetched = client
        .run_card(run)
        .await
        .map_err(|error| failure::sort(&title(EntryKind::Card, card.id.0, &card.name), error))?;
    let unused: Vec<&str> = card
        .parameters
        .iter()
        .filter(|parameter| {
            run.arguments
                .iter()
                .all(|argument| argument.parameter.slug != parameter.slug)
        })
        .map(|parameter| parameter.slug.as_str())
        .collect();
    let narrow = if unused.is_empty() {
        "this card has no further parameters; narrow the ones used, or use a metric or another card"
            .to_owned()
    } else {
        format!("{NAME} with a value for: {}", listing(unused.into_iter().take(8)))
    };
    let asked = Asked {
        kind: EntryKind::Card,
        id: card.id.0,
        name: &card.name,
        arguments,
        link: client.link(EntryKind::Card, card.id.0),
    };
    Ok(of_query(&fetched, asked, &narrow, paper))
}
