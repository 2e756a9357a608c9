use crate::catalog::{AllowedCard, Dimension, Parameter};
use crate::metabase::DimensionOwner;

/// A validated `field_values` call.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldValuesCall {
    /// Values of a card's parameter.
    Parameter {
        /// The card.
        card: AllowedCard,
        /// Its parameter.
        parameter: Parameter,
    },
    /// Values of a dimension.
    Dimension {
        /// The metric or table.
        owner: DimensionOwner,
        /// Its dimension.
        dimension: Dimension,
    },
}
