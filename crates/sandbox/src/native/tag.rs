use serde_json::Value;

use crate::query::MbqlClause;

/// A template tag, read from a native stage.
#[derive(Debug, Clone, Copy)]
pub(super) struct TemplateTag<'a> {
    pub(super) name: &'a str,
    pub(super) display_name: &'a str,
    /// `text`, `number`, `date`, `boolean`, `dimension`, `temporal-unit` or `card`.
    pub(super) kind: &'a str,
    pub(super) widget_type: Option<&'a str>,
    pub(super) default: Option<&'a Value>,
    pub(super) required: bool,
    /// The column that a field filter restricts.
    pub(super) field_id: Option<i64>,
    /// The table's alias in the SQL, when it has one.
    pub(super) alias: Option<&'a str>,
}

impl<'a> TemplateTag<'a> {
    /// The tags of a stage, in order of name.
    pub(super) fn all(stage: &'a Value) -> Vec<Self> {
        let tags = stage.get("template-tags").and_then(Value::as_object);
        tags.into_iter()
            .flat_map(|tags| tags.iter().map(|(name, tag)| Self::read(name, tag)))
            .collect()
    }

    fn read(name: &'a str, tag: &'a Value) -> Self {
        let text = |key: &str| tag.get(key).and_then(Value::as_str);
        let field = tag.get("dimension").and_then(MbqlClause::parse);
        Self {
            name,
            display_name: text("display-name").unwrap_or(name),
            kind: text("type").unwrap_or("text"),
            widget_type: text("widget-type"),
            default: tag.get("default").filter(|default| !default.is_null()),
            required: tag.get("required").and_then(Value::as_bool).unwrap_or(false),
            field_id: field.and_then(|field| field.args.first()).and_then(Value::as_i64),
            alias: text("alias"),
        }
    }

    /// What parameters are checked against: the widget-type of a field filter, else the tag's own type.
    pub(super) fn accepts(&self) -> &'a str {
        if self.kind == "dimension" {
            self.widget_type.unwrap_or("category")
        } else {
            self.kind
        }
    }

    /// The parameter type that the tag stands for when nothing else is said.
    pub(super) fn derived_type(&self) -> &'a str {
        derived_type(self.kind, self.widget_type)
    }
}

/// The parameter type that a tag of this kind becomes: text is `string/=`, a field filter its widget-type.
pub(crate) fn derived_type<'a>(kind: &'a str, widget_type: Option<&'a str>) -> &'a str {
    match kind {
        "date" => "date/single",
        "text" => "string/=",
        "number" => "number/=",
        "boolean" => "boolean/=",
        "dimension" => widget_type.unwrap_or("category"),
        other => other,
    }
}
