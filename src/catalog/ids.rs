use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! metabase_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub u32);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

metabase_id!(
    /// A saved question or model in Metabase.
    CardId
);
metabase_id!(
    /// A metric in Metabase (a card of type `metric`; metric ids and card ids share one number space there).
    MetricId
);
metabase_id!(
    /// A table in Metabase.
    TableId
);
metabase_id!(
    /// A collection (folder) in Metabase. The root collection has no number.
    CollectionId
);
metabase_id!(
    /// A segment: a named filter on a table.
    SegmentId
);
metabase_id!(
    /// A measure: a named aggregation on a table.
    MeasureId
);
