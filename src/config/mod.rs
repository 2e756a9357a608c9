//! Settings: defaults, then `cardinal.toml`, then the environment, then flags, validated once into [`Settings`].

mod settings;

pub use settings::{
    AuthSettings, BudgetSettings, CacheHints, CatalogSettings, ContentRule, GuardSettings, MetabaseSettings,
    ModelDrive, ModelSettings, Settings, ShapingSettings, TableRule,
};
