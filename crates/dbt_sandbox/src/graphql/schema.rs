use std::collections::BTreeMap;

use graphql_parser::schema::{Definition, Field, InputValue, Type, TypeDefinition, parse_schema};

/// A schema, by the names of its types.
#[derive(Debug)]
pub(crate) struct GraphqlSchema {
    types: BTreeMap<String, TypeDefinition<'static, String>>,
}

pub(super) type SchemaField = Field<'static, String>;
pub(super) type SchemaInput = InputValue<'static, String>;

impl GraphqlSchema {
    /// Reads a schema; the roots are `Query` and `Mutation`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let document = parse_schema::<String>(text).map_err(|error| error.to_string())?;
        let mut types = BTreeMap::new();
        for definition in document.into_static().definitions {
            if let Definition::TypeDefinition(definition) = definition {
                types.insert(type_name(&definition).to_owned(), definition);
            }
        }
        Ok(Self { types })
    }

    pub(super) fn definition(&self, name: &str) -> Option<&TypeDefinition<'static, String>> {
        self.types.get(name)
    }

    /// The fields of an object or interface; nothing for other types.
    pub(super) fn fields(&self, name: &str) -> Option<&[SchemaField]> {
        match self.types.get(name)? {
            TypeDefinition::Object(object) => Some(&object.fields),
            TypeDefinition::Interface(interface) => Some(&interface.fields),
            _ => None,
        }
    }

    pub(super) fn field(&self, on: &str, name: &str) -> Option<&SchemaField> {
        self.fields(on)?.iter().find(|field| field.name == name)
    }

    /// Whether values of a type have fields to choose from.
    pub(super) fn is_composite(&self, name: &str) -> bool {
        matches!(
            self.types.get(name),
            Some(TypeDefinition::Object(_) | TypeDefinition::Interface(_) | TypeDefinition::Union(_))
        )
    }

    /// Whether an object of type `object` also is a `wanted`.
    pub(super) fn is_a(&self, object: &str, wanted: &str) -> bool {
        if object == wanted {
            return true;
        }
        match self.types.get(wanted) {
            Some(TypeDefinition::Union(union)) => union.types.iter().any(|name| name == object),
            Some(TypeDefinition::Interface(_)) => match self.types.get(object) {
                Some(TypeDefinition::Object(object)) => {
                    object.implements_interfaces.iter().any(|name| name == wanted)
                }
                _ => false,
            },
            _ => false,
        }
    }

    /// Whether some object can be both, so that a fragment on `wanted` makes sense within `on`.
    pub(super) fn overlap(&self, on: &str, wanted: &str) -> bool {
        self.types
            .keys()
            .filter(|name| matches!(self.types.get(*name), Some(TypeDefinition::Object(_))))
            .any(|object| self.is_a(object, on) && self.is_a(object, wanted))
    }
}

/// The name inside lists and non-null marks.
pub(super) fn named<'a>(of: &'a Type<'static, String>) -> &'a str {
    match of {
        Type::NamedType(name) => name,
        Type::ListType(inner) | Type::NonNullType(inner) => named(inner),
    }
}

fn type_name<'a>(definition: &'a TypeDefinition<'static, String>) -> &'a str {
    match definition {
        TypeDefinition::Scalar(of) => &of.name,
        TypeDefinition::Object(of) => &of.name,
        TypeDefinition::Interface(of) => &of.name,
        TypeDefinition::Union(of) => &of.name,
        TypeDefinition::Enum(of) => &of.name,
        TypeDefinition::InputObject(of) => &of.name,
    }
}
