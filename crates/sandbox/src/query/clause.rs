use serde_json::{Map, Value};

/// An MBQL 5 clause taken apart: `[op, {options}, ...args]`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MbqlClause<'a> {
    pub(crate) op: &'a str,
    pub(crate) options: Option<&'a Map<String, Value>>,
    /// What it does it to.
    pub(crate) args: &'a [Value],
}

impl<'a> MbqlClause<'a> {
    /// Takes a clause apart; a missing options object is tolerated, as the server repairs it. Anything that is not an
    /// array with an operator in front is a literal, not a clause.
    pub(crate) fn parse(value: &'a Value) -> Option<Self> {
        let (op, rest) = value.as_array()?.split_first()?;
        let op = op.as_str()?;
        match rest.split_first() {
            Some((Value::Object(options), args)) => Some(Self {
                op,
                options: Some(options),
                args,
            }),
            _ => Some(Self {
                op,
                options: None,
                args: rest,
            }),
        }
    }

    pub(crate) fn text_option(&self, name: &str) -> Option<&'a str> {
        self.options?.get(name)?.as_str()
    }

    /// An option that is a whole number.
    pub(crate) fn int_option(&self, name: &str) -> Option<i64> {
        self.options?.get(name)?.as_i64()
    }

    /// An option that is true or false; false when it is absent.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.options
            .and_then(|options| options.get(name))
            .and_then(Value::as_bool)
            .unwrap_or(false)
    }
}

/// A key's list, empty when it is absent.
pub(crate) fn list<'a>(stage: &'a Value, key: &str) -> &'a [Value] {
    stage
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}
