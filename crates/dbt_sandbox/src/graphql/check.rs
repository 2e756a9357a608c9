//! Whether a request fits the schema, before anything is looked up.

use std::collections::{BTreeMap, BTreeSet};

use graphql_parser::query::{
    Definition, Document, Field, FragmentDefinition, Selection, SelectionSet, TypeCondition, Value,
};
use graphql_parser::schema::Type;

use super::fault::GraphqlFault;
use super::schema::{GraphqlSchema, named};

/// Fragments within fragments within fields that are followed; deeper ones are refused.
const DEPTH: usize = 32;

pub(super) type Fragments = BTreeMap<String, FragmentDefinition<'static, String>>;

pub(super) fn fragments(document: &Document<'static, String>) -> Fragments {
    let mut found = Fragments::new();
    for definition in &document.definitions {
        if let Definition::Fragment(fragment) = definition {
            found.insert(fragment.name.clone(), fragment.clone());
        }
    }
    found
}

/// Checks selections against the schema, and collects all faults.
#[derive(Debug)]
pub(super) struct SelectionCheck<'a> {
    pub(super) schema: &'a GraphqlSchema,
    pub(super) fragments: &'a Fragments,
    /// Names of the variables that the operation declares.
    pub(super) variables: BTreeSet<&'a str>,
    pub(super) faults: Vec<GraphqlFault>,
}

impl SelectionCheck<'_> {
    pub(super) fn selections(&mut self, on: &str, set: &SelectionSet<'static, String>, depth: usize) {
        if depth > DEPTH {
            self.faults.push(
                GraphqlFault::new(format!("The query is nested more than {DEPTH} levels deep."))
                    .at(set.span.0),
            );
            return;
        }
        for selection in &set.items {
            match selection {
                Selection::Field(field) => self.field(on, field, depth),
                Selection::InlineFragment(fragment) => {
                    let wanted = match &fragment.type_condition {
                        Some(TypeCondition::On(name)) => name.as_str(),
                        None => on,
                    };
                    if self.condition(on, wanted, fragment.position) {
                        self.selections(wanted, &fragment.selection_set, depth + 1);
                    }
                }
                Selection::FragmentSpread(spread) => {
                    let Some(fragment) = self.fragments.get(&spread.fragment_name) else {
                        let message = format!("Unknown fragment \"{}\".", spread.fragment_name);
                        self.faults.push(GraphqlFault::new(message).at(spread.position));
                        continue;
                    };
                    let TypeCondition::On(wanted) = &fragment.type_condition;
                    if self.condition(on, wanted, spread.position) {
                        self.selections(wanted, &fragment.selection_set, depth + 1);
                    }
                }
            }
        }
    }

    fn condition(&mut self, on: &str, wanted: &str, position: graphql_parser::Pos) -> bool {
        if !self.schema.is_composite(wanted) {
            let message = format!("Unknown type \"{wanted}\".");
            self.faults.push(GraphqlFault::new(message).at(position));
            return false;
        }
        if !self.schema.overlap(on, wanted) {
            let message = format!(
                "Fragment cannot be spread here as objects of type \"{on}\" can never be of type \"{wanted}\"."
            );
            self.faults.push(GraphqlFault::new(message).at(position));
            return false;
        }
        true
    }

    fn field(&mut self, on: &str, field: &Field<'static, String>, depth: usize) {
        if field.name == "__typename" {
            return;
        }
        let Some(known) = self.schema.field(on, &field.name) else {
            let message = format!("Cannot query field \"{}\" on type \"{on}\".", field.name);
            self.faults.push(GraphqlFault::new(message).at(field.position));
            return;
        };
        for (name, value) in &field.arguments {
            if !known.arguments.iter().any(|argument| argument.name == *name) {
                let message = format!("Unknown argument \"{name}\" on field \"{on}.{}\".", field.name);
                self.faults.push(GraphqlFault::new(message).at(field.position));
            }
            self.value(value, field.position);
        }
        for argument in &known.arguments {
            let required =
                matches!(argument.value_type, Type::NonNullType(_)) && argument.default_value.is_none();
            if required && !field.arguments.iter().any(|(name, _)| *name == argument.name) {
                let message = format!(
                    "Field \"{}\" argument \"{}\" of type \"{}\" is required, but it was not provided.",
                    field.name, argument.name, argument.value_type
                );
                self.faults.push(GraphqlFault::new(message).at(field.position));
            }
        }
        let of = named(&known.field_type);
        let has_selections = !field.selection_set.items.is_empty();
        if self.schema.is_composite(of) && has_selections {
            self.selections(of, &field.selection_set, depth + 1);
        } else if self.schema.is_composite(of) {
            let message = format!(
                "Field \"{}\" of type \"{}\" must have a selection of subfields.",
                field.name, known.field_type
            );
            self.faults.push(GraphqlFault::new(message).at(field.position));
        } else if has_selections {
            let message = format!(
                "Field \"{}\" must not have a selection since type \"{}\" has no subfields.",
                field.name, known.field_type
            );
            self.faults.push(GraphqlFault::new(message).at(field.position));
        }
    }

    /// Whether all variables in a value are declared.
    fn value(&mut self, value: &Value<'static, String>, position: graphql_parser::Pos) {
        match value {
            Value::Variable(name) if !self.variables.contains(name.as_str()) => {
                let message = format!("Variable \"${name}\" is not defined.");
                self.faults.push(GraphqlFault::new(message).at(position));
            }
            Value::List(items) => items.iter().for_each(|item| self.value(item, position)),
            Value::Object(fields) => fields.values().for_each(|field| self.value(field, position)),
            _ => {}
        }
    }
}
