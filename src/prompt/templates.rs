use std::sync::OnceLock;

use serde::Serialize;
use tera::{Context, Tera};

use super::PromptError;

/// Every template, by name. They are part of the program: a prompt never depends on the machine it runs on.
const TEMPLATES: [(&str, &str); 3] = [
    (CORE, include_str!("../../prompts/system/core.tera")),
    (CATALOG, include_str!("../../prompts/system/catalog.tera")),
    (ENTRY, include_str!("../../prompts/system/entry.tera")),
];

pub(super) const CORE: &str = "system/core";
pub(super) const CATALOG: &str = "system/catalog";
pub(super) const ENTRY: &str = "system/entry";

#[derive(Debug)]
pub(super) struct Templates(Tera);

impl Templates {
    pub(super) fn get() -> Result<&'static Self, PromptError> {
        static PARSED: OnceLock<Templates> = OnceLock::new();
        if let Some(templates) = PARSED.get() {
            return Ok(templates);
        }
        let templates = Self::parse()?;
        Ok(PARSED.get_or_init(|| templates))
    }

    /// None of them escapes anything, as no browser reads them.
    fn parse() -> Result<Self, PromptError> {
        let mut tera = Tera::new();
        tera.autoescape_on(Vec::<&str>::new());
        tera.add_raw_templates(TEMPLATES).map_err(|error| PromptError {
            template: "system/*",
            reason: error.to_string(),
        })?;
        Ok(Self(tera))
    }

    /// Renders one template over values whose order is fixed.
    pub(super) fn render(
        &self,
        template: &'static str,
        values: &impl Serialize,
    ) -> Result<String, PromptError> {
        Context::from_serialize(values)
            .and_then(|context| self.0.render(template, &context))
            .map_err(|error| PromptError {
                template,
                reason: error.to_string(),
            })
    }
}
