use std::collections::BTreeMap;
use std::fmt;

use secrecy::SecretString;
use toml::{Table, Value};

use super::error::ConfigError;
use super::file::FileConfig;

/// Variables with this prefix are settings of our own.
const PREFIX: &str = "CARDINAL_";

/// Variables of our own that are not settings of the file: where the file is, which model, which day, what to
/// log, where the store is, who approves.
const RESERVED: [&str; 6] = [
    "CARDINAL_APPROVER_KEY",
    "CARDINAL_CONFIG",
    "CARDINAL_MODEL",
    "CARDINAL_TODAY",
    "CARDINAL_LOG",
    "CARDINAL_DATABASE_URL",
];

/// The file's sections, longest name first, so that `CARDINAL_CATALOG_CARDS_IDS` is not looked for in `catalog`.
const SECTIONS: [&[&str]; 22] = [
    &["catalog", "dbt_metrics"],
    &["catalog", "metrics"],
    &["catalog", "tables"],
    &["catalog", "cards"],
    &["server", "proxy"],
    &["model", "prices"],
    &["server", "jwt"],
    &["conversation"],
    &["approvals"],
    &["grounding"],
    &["call_log"],
    &["metabase"],
    &["shaping"],
    &["server"],
    &["catalog"],
    &["budget"],
    &["grants"],
    &["model"],
    &["guard"],
    &["store"],
    &["tape"],
    &["dbt"],
];

/// The environment, read once, so that settings are a function of their inputs. Variables that are empty count as
/// unset.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
}

impl fmt::Debug for Environment {
    /// Names only: values may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self {
            variables: pairs.into_iter().collect(),
        }
    }
}

impl Environment {
    /// This process's. Variables that are not UTF-8 are left out.
    pub(crate) fn of_process() -> Self {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    /// A variable's value, without white space around it; `None` when it is unset or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        let value = self.variables.get(name)?.trim();
        (!value.is_empty()).then_some(value)
    }

    /// Whether a variable is set, but to nothing or white space.
    pub(super) fn is_blank(&self, name: &str) -> bool {
        let value = self.variables.get(name);
        value.is_some_and(|value| value.trim().is_empty())
    }

    /// A variable that holds a secret.
    pub fn secret(&self, name: &str) -> Option<SecretString> {
        self.get(name).map(SecretString::from)
    }

    /// The settings that `CARDINAL_<SECTION>_<KEY>` variables give, in the file's form.
    pub(super) fn overlay(&self) -> Result<EnvironmentSettings, ConfigError> {
        let mut overlay = EnvironmentSettings::default();
        for name in self.variables.keys().filter(|name| name.starts_with(PREFIX)) {
            let Some(text) = self.get(name) else { continue };
            if RESERVED.contains(&name.as_str()) {
                continue;
            }
            let Some(path) = setting_path(name) else {
                overlay.unknown.push(name.clone());
                continue;
            };
            let value = read_value(name, &path, text)?;
            insert(&mut overlay.table, &path, value);
            overlay.names.insert(path.join("."), name.clone());
        }
        Ok(overlay)
    }
}

/// Settings from the environment, in the file's form.
#[derive(Debug, Default)]
pub(super) struct EnvironmentSettings {
    pub(super) table: Table,
    /// Which variable gave which setting, by the setting's dotted path.
    pub(super) names: BTreeMap<String, String>,
    /// Variables with our prefix that name no section.
    pub(super) unknown: Vec<String>,
}

fn setting_path(name: &str) -> Option<Vec<String>> {
    let rest = name.strip_prefix(PREFIX)?.to_ascii_lowercase();
    SECTIONS.iter().find_map(|section| {
        let key = rest.strip_prefix(&section.join("_"))?.strip_prefix('_')?;
        let mut path: Vec<String> = section.iter().map(|part| (*part).to_owned()).collect();
        path.push(key.to_owned());
        Some(path)
    })
}

/// Reads the text as the setting wants it: as a TOML value, as a list without brackets, as plain text, or as a list of plain
/// texts.
fn read_value(name: &str, path: &[String], text: &str) -> Result<Value, ConfigError> {
    let mut problem = None;
    for candidate in candidates(text) {
        match accepts(path, &candidate) {
            Ok(()) => return Ok(candidate),
            Err(reason) => problem = problem.or(Some(reason)),
        }
    }
    let problem = problem.unwrap_or_else(|| "cannot be read".to_owned());
    Err(ConfigError::setting(name, problem))
}

fn candidates(text: &str) -> Vec<Value> {
    let toml_value = |text: &str| {
        let mut table = format!("value = {text}").parse::<Table>().ok()?;
        table.remove("value").filter(|_| table.is_empty())
    };
    let mut found: Vec<Value> = [toml_value(text), toml_value(&format!("[{text}]"))]
        .into_iter()
        .flatten()
        .collect();
    found.push(Value::String(text.to_owned()));
    let texts = text.split(',').map(str::trim).filter(|text| !text.is_empty());
    found.push(Value::Array(
        texts.map(|text| Value::String(text.to_owned())).collect(),
    ));
    found
}

/// Whether the file's format takes `value` at `path`. Prices are only complete together, so a missing field is no
/// fault of this one variable.
fn accepts(path: &[String], value: &Value) -> Result<(), String> {
    let mut table = Table::new();
    table.insert("version".to_owned(), Value::Integer(1));
    insert(&mut table, path, value.clone());
    match table.try_into::<FileConfig>() {
        Ok(_) => Ok(()),
        Err(error) if error.message().starts_with("missing field") => Ok(()),
        Err(error) => Err(error.message().to_owned()),
    }
}

/// Puts `value` at `path`, making the tables on the way.
fn insert(table: &mut Table, path: &[String], value: Value) {
    match path {
        [] => {}
        [key] => {
            table.insert(key.clone(), value);
        }
        [section, rest @ ..] => {
            let inner = table
                .entry(section.clone())
                .or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}

/// Lays `upper` over `lower`: tables are merged, everything else is replaced.
pub(super) fn lay_over(lower: &mut Table, upper: Table) {
    for (key, value) in upper {
        match (lower.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => lay_over(below, above),
            (_, value) => {
                lower.insert(key, value);
            }
        }
    }
}
