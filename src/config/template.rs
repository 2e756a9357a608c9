/// The `cardinal.toml` that `cardinal init` writes: every setting with what it does, commented out at its default.
pub const TEMPLATE: &str = include_str!("template.toml");
