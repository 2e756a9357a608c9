use graphql_parser::query::{
    Definition, Directive, Document, Field, OperationDefinition, Selection, SelectionSet, TypeCondition,
    VariableDefinition, parse_query,
};
use graphql_parser::schema::{Type, TypeDefinition};
use serde_json::{Map, Value, json};

use super::check::{Fragments, SelectionCheck, fragments};
use super::coerce::{arguments, coerce, literal};
use super::fault::GraphqlFault;
use super::schema::{GraphqlSchema, SchemaField, named};
use super::{FieldCall, FieldResolver, PostedQuery};

/// Answers a request: `{data}`, `{errors}`, or both.
pub(crate) fn execute(schema: &GraphqlSchema, resolver: &dyn FieldResolver, request: &PostedQuery) -> Value {
    match prepare(schema, request) {
        Err(faults) => json!({ "errors": listed(&faults) }),
        Ok(prepared) => {
            let mut walk = GraphqlExecution {
                schema,
                resolver,
                fragments: &prepared.fragments,
                variables: &prepared.variables,
                path: Vec::new(),
                faults: Vec::new(),
            };
            let data = walk.object(prepared.root, &[&prepared.selections], &Value::Null);
            if walk.faults.is_empty() {
                json!({ "data": data })
            } else {
                json!({ "data": data, "errors": listed(&walk.faults) })
            }
        }
    }
}

fn listed(faults: &[GraphqlFault]) -> Value {
    faults.iter().map(GraphqlFault::json).collect()
}

#[derive(Debug)]
struct PreparedOperation {
    root: &'static str,
    selections: SelectionSet<'static, String>,
    fragments: Fragments,
    variables: Map<String, Value>,
}

type ReadOperation = (
    &'static str,
    Option<String>,
    Vec<VariableDefinition<'static, String>>,
    SelectionSet<'static, String>,
);

/// Reads and checks a request.
fn prepare(schema: &GraphqlSchema, request: &PostedQuery) -> Result<PreparedOperation, Vec<GraphqlFault>> {
    let document = parse_query::<String>(&request.query)
        .map_err(|error| {
            vec![GraphqlFault::new(format!("Syntax Error: {error}")).coded("GRAPHQL_PARSE_FAILED")]
        })?
        .into_static();
    let fragments = fragments(&document);
    let (root, _, declared, selections) =
        operation(document, request.operation.as_deref()).map_err(|fault| vec![fault])?;
    let mut check = SelectionCheck {
        schema,
        fragments: &fragments,
        variables: declared.iter().map(|variable| variable.name.as_str()).collect(),
        faults: Vec::new(),
    };
    check.selections(root, &selections, 0);
    if !check.faults.is_empty() {
        let faults = check.faults.into_iter();
        return Err(faults
            .map(|fault| fault.coded("GRAPHQL_VALIDATION_FAILED"))
            .collect());
    }
    let given = request.variables.clone().unwrap_or_default();
    let variables =
        variables(schema, &declared, &given).map_err(|fault| vec![fault.coded("BAD_USER_INPUT")])?;
    Ok(PreparedOperation {
        root,
        selections,
        fragments,
        variables,
    })
}

fn operation(
    document: Document<'static, String>,
    wanted: Option<&str>,
) -> Result<ReadOperation, GraphqlFault> {
    let mut operations: Vec<ReadOperation> = Vec::new();
    for definition in document.definitions {
        let Definition::Operation(operation) = definition else {
            continue;
        };
        operations.push(match operation {
            OperationDefinition::SelectionSet(set) => ("Query", None, Vec::new(), set),
            OperationDefinition::Query(of) => ("Query", of.name, of.variable_definitions, of.selection_set),
            OperationDefinition::Mutation(of) => {
                ("Mutation", of.name, of.variable_definitions, of.selection_set)
            }
            OperationDefinition::Subscription(_) => {
                return Err(GraphqlFault::new("Subscriptions are not supported."));
            }
        });
    }
    if let Some(wanted) = wanted {
        let found = operations
            .into_iter()
            .find(|(_, name, ..)| name.as_deref() == Some(wanted));
        return found.ok_or_else(|| GraphqlFault::new(format!("Unknown operation named \"{wanted}\".")));
    }
    if operations.len() > 1 {
        return Err(GraphqlFault::new(
            "Must provide operation name if query contains multiple operations.",
        ));
    }
    operations
        .pop()
        .ok_or_else(|| GraphqlFault::new("Must provide an operation."))
}

fn variables(
    schema: &GraphqlSchema,
    declared: &[VariableDefinition<'static, String>],
    given: &Map<String, Value>,
) -> Result<Map<String, Value>, GraphqlFault> {
    let mut variables = Map::new();
    for variable in declared {
        let default = || literal(variable.default_value.as_ref()?, &Map::new());
        match given.get(&variable.name).cloned().or_else(default) {
            Some(value) => {
                let what = format!("Variable \"${}\"", variable.name);
                let value = coerce(schema, &variable.var_type, value, &what)
                    .map_err(|fault| fault.at(variable.position))?;
                variables.insert(variable.name.clone(), value);
            }
            None if matches!(variable.var_type, Type::NonNullType(_)) => {
                let message = format!(
                    "Variable \"${}\" of required type \"{}\" was not provided.",
                    variable.name, variable.var_type
                );
                return Err(GraphqlFault::new(message).at(variable.position));
            }
            None => {}
        }
    }
    Ok(variables)
}

/// Takes what was asked for out of what the resolver gives.
struct GraphqlExecution<'a> {
    schema: &'a GraphqlSchema,
    resolver: &'a dyn FieldResolver,
    fragments: &'a Fragments,
    variables: &'a Map<String, Value>,
    path: Vec<Value>,
    faults: Vec<GraphqlFault>,
}

/// Fields under the name they have in the response; those of one name are merged.
type CollectedFields<'q> = Vec<(&'q str, Vec<&'q Field<'static, String>>)>;

impl<'a> GraphqlExecution<'a> {
    fn object(&mut self, on: &str, sets: &[&SelectionSet<'static, String>], value: &Value) -> Value {
        let mut fields: CollectedFields<'_> = Vec::new();
        for set in sets {
            self.collect(on, set, &mut fields);
        }
        let mut object = Map::new();
        for (key, merged) in fields {
            let Some(first) = merged.first() else { continue };
            if first.name == "__typename" {
                object.insert(key.to_owned(), json!(on));
                continue;
            }
            let Some(known) = self.schema.field(on, &first.name) else {
                continue;
            };
            self.path.push(json!(key));
            let found = match self.look_up(on, known, first, value) {
                Ok(found) => {
                    let sets: Vec<_> = merged.iter().map(|field| &field.selection_set).collect();
                    self.complete(&known.field_type, &sets, &found)
                }
                Err(fault) => {
                    self.faults.push(fault.at(first.position).below(&self.path));
                    Value::Null
                }
            };
            self.path.pop();
            object.insert(key.to_owned(), found);
        }
        object.into()
    }

    fn look_up(
        &self,
        on: &str,
        known: &SchemaField,
        field: &Field<'static, String>,
        parent: &Value,
    ) -> Result<Value, GraphqlFault> {
        let call = FieldCall {
            on,
            field: &field.name,
            arguments: arguments(self.schema, known, &field.arguments, self.variables)?,
            parent,
        };
        let found = self.resolver.resolve(&call)?;
        Ok(found.unwrap_or_else(|| parent.get(&field.name).cloned().unwrap_or_default()))
    }

    fn complete(
        &mut self,
        of: &Type<'static, String>,
        sets: &[&SelectionSet<'static, String>],
        value: &Value,
    ) -> Value {
        match value {
            Value::Null => Value::Null,
            Value::Array(items) if is_list(of) => {
                let mut list = Vec::new();
                for (position, item) in items.iter().enumerate() {
                    self.path.push(json!(position));
                    list.push(self.complete(of, sets, item));
                    self.path.pop();
                }
                list.into()
            }
            value => {
                let name = named(of);
                match self.schema.definition(name) {
                    Some(TypeDefinition::Object(_)) => self.object(name, sets, value),
                    Some(TypeDefinition::Interface(_) | TypeDefinition::Union(_)) => {
                        let runtime = value
                            .get("__typename")
                            .and_then(Value::as_str)
                            .unwrap_or_default();
                        self.object(runtime, sets, value)
                    }
                    _ => value.clone(),
                }
            }
        }
    }

    fn collect<'q>(&self, on: &str, set: &'q SelectionSet<'static, String>, into: &mut CollectedFields<'q>)
    where
        'a: 'q,
    {
        for selection in &set.items {
            match selection {
                Selection::Field(field) if self.included(&field.directives) => {
                    let key = field.alias.as_deref().unwrap_or(&field.name);
                    match into.iter_mut().find(|(known, _)| *known == key) {
                        Some((_, merged)) => merged.push(field),
                        None => into.push((key, vec![field])),
                    }
                }
                Selection::InlineFragment(fragment) if self.included(&fragment.directives) => {
                    let fits = match &fragment.type_condition {
                        Some(TypeCondition::On(wanted)) => self.schema.is_a(on, wanted),
                        None => true,
                    };
                    if fits {
                        self.collect(on, &fragment.selection_set, into);
                    }
                }
                Selection::FragmentSpread(spread) if self.included(&spread.directives) => {
                    let fragments: &'a Fragments = self.fragments;
                    if let Some(fragment) = fragments.get(&spread.fragment_name) {
                        let TypeCondition::On(wanted) = &fragment.type_condition;
                        if self.schema.is_a(on, wanted) {
                            self.collect(on, &fragment.selection_set, into);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// Whether `@skip` and `@include` let a selection stand.
    fn included(&self, directives: &[Directive<'static, String>]) -> bool {
        directives.iter().all(|directive| {
            let condition = directive.arguments.iter().find(|(name, _)| name == "if");
            let holds = condition.and_then(|(_, value)| literal(value, self.variables)) == Some(json!(true));
            match directive.name.as_str() {
                "skip" => !holds,
                "include" => holds,
                _ => true,
            }
        })
    }
}

fn is_list(of: &Type<'static, String>) -> bool {
    match of {
        Type::ListType(_) => true,
        Type::NonNullType(inner) => is_list(inner),
        Type::NamedType(_) => false,
    }
}
