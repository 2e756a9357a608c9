/// A database as the server lists it. The sandbox has exactly one, with id 1.
#[derive(Debug, Clone)]
pub struct DatabaseMetadata {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// The engine: always `sqlite`.
    pub(crate) engine: &'static str,
    /// What it holds.
    pub description: Option<String>,
    /// Whether it is the built-in demo.
    pub(crate) is_sample: bool,
}

/// A table or view, as introspected and then described by the model file.
#[derive(Debug, Clone)]
pub struct TableMetadata {
    /// Its id, counted from 1 in order of name.
    pub id: i64,
    pub(crate) database_id: i64,
    /// Physical name. SQLite has no schema, so the wire's `schema` is always null.
    pub name: String,
    /// Pretty name.
    pub display_name: String,
    /// What one row is.
    pub description: Option<String>,
    /// Its columns, in their physical order, hidden ones too.
    pub fields: Vec<FieldMetadata>,
}

impl TableMetadata {
    /// The columns that people may see, in order.
    pub(crate) fn visible_fields(&self) -> impl Iterator<Item = &FieldMetadata> {
        self.fields.iter().filter(|field| field.is_visible())
    }

    /// A column by its physical name, ASCII case aside.
    pub fn field_named(&self, name: &str) -> Option<&FieldMetadata> {
        self.fields
            .iter()
            .find(|field| field.name.eq_ignore_ascii_case(name))
    }

    /// The primary key's column, when it is a single one.
    pub fn primary_key(&self) -> Option<&FieldMetadata> {
        let mut keys = self
            .fields
            .iter()
            .filter(|field| field.semantic_type.as_deref() == Some("type/PK"));
        keys.next().filter(|_| keys.next().is_none())
    }
}

/// A column.
#[derive(Debug, Clone)]
pub struct FieldMetadata {
    /// Its id, unique over all tables.
    pub id: i64,
    /// The table it is in.
    pub table_id: i64,
    /// Place in the table, from 0.
    pub(crate) position: usize,
    /// Physical name.
    pub name: String,
    /// Pretty name.
    pub display_name: String,
    /// What it holds, units and caveats.
    pub description: Option<String>,
    /// The declared type in the database, e.g. `TIMESTAMP`.
    pub(crate) database_type: String,
    /// The wire's type, e.g. `type/Integer`.
    pub base_type: String,
    /// Meaning, e.g. `type/PK`, `type/FK`, `type/Category`.
    pub semantic_type: Option<String>,
    /// The column that this foreign key points at.
    pub fk_target_field_id: Option<i64>,
    /// `normal`, `details-only`, `sensitive` or `retired`.
    pub(crate) visibility_type: String,
    /// `list` when its values are listed for filters, `search` or `none` otherwise.
    pub has_field_values: &'static str,
}

impl FieldMetadata {
    /// The type after coercion; the sandbox coerces nothing, so it is the base type.
    pub(crate) fn effective_type(&self) -> &str {
        &self.base_type
    }

    /// Whether queries and lists may show it.
    pub(crate) fn is_visible(&self) -> bool {
        matches!(self.visibility_type.as_str(), "normal" | "details-only")
    }

    /// Whether it holds dates or times.
    pub(crate) fn is_temporal(&self) -> bool {
        is_temporal(&self.base_type)
    }
}

/// Whether a wire type such as `type/DateTime` is a date, a time or both.
pub(crate) fn is_temporal(base_type: &str) -> bool {
    matches!(
        base_type,
        "type/Date" | "type/DateTime" | "type/DateTimeWithTZ" | "type/Time"
    )
}
