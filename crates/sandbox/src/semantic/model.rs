use super::access::{Access, ApiKey, PermissionGroup, User};
use super::card::{Card, CardKind, Collection, SavedMeasure, SavedSegment};
use super::dashboard::Dashboard;
use super::database::{DatabaseMetadata, FieldMetadata, TableMetadata};

/// Everything the sandbox serves besides rows. Lists are in order of id.
#[derive(Debug, Clone)]
pub struct SemanticModel {
    /// The one database.
    pub database: DatabaseMetadata,
    /// Its tables.
    pub tables: Vec<TableMetadata>,
    /// Folders.
    pub collections: Vec<Collection>,
    /// Questions, models and metrics.
    pub cards: Vec<Card>,
    pub(crate) dashboards: Vec<Dashboard>,
    /// Named filters.
    pub segments: Vec<SavedSegment>,
    /// Named aggregations.
    pub measures: Vec<SavedMeasure>,
    /// Groups.
    pub groups: Vec<PermissionGroup>,
    /// People.
    pub users: Vec<User>,
    /// API keys. The first is the one that `sandbox serve` prints.
    pub api_keys: Vec<ApiKey>,
    /// The collection that a catalog of this model should be made of.
    pub curated_collection_id: Option<i64>,
}

impl SemanticModel {
    /// A table by id.
    pub fn table(&self, id: i64) -> Option<&TableMetadata> {
        self.tables.iter().find(|table| table.id == id)
    }

    /// A table by its physical name, ASCII case aside.
    pub fn table_named(&self, name: &str) -> Option<&TableMetadata> {
        self.tables
            .iter()
            .find(|table| table.name.eq_ignore_ascii_case(name))
    }

    /// A column by id, with its table.
    pub fn field(&self, id: i64) -> Option<(&TableMetadata, &FieldMetadata)> {
        self.tables.iter().find_map(|table| {
            table
                .fields
                .iter()
                .find(|field| field.id == id)
                .map(|field| (table, field))
        })
    }

    /// A collection by id.
    pub fn collection(&self, id: i64) -> Option<&Collection> {
        self.collections.iter().find(|collection| collection.id == id)
    }

    /// A card by id, whatever its kind.
    pub fn card(&self, id: i64) -> Option<&Card> {
        self.cards.iter().find(|card| card.id == id)
    }

    /// A card by its 21-character id.
    pub(crate) fn card_by_entity_id(&self, entity_id: &str) -> Option<&Card> {
        self.cards.iter().find(|card| card.entity_id == entity_id)
    }

    /// A metric by id; a card of another kind is not one.
    pub fn metric(&self, id: i64) -> Option<&Card> {
        self.card(id).filter(|card| card.kind == CardKind::Metric)
    }

    /// The metrics that aggregate a table directly and are not archived.
    pub(crate) fn metrics_of(&self, table_id: i64) -> impl Iterator<Item = &Card> {
        self.cards.iter().filter(move |card| {
            card.kind == CardKind::Metric && !card.archived && card.table_id == Some(table_id)
        })
    }

    pub(crate) fn segment(&self, id: i64) -> Option<&SavedSegment> {
        self.segments.iter().find(|segment| segment.id == id)
    }

    pub(crate) fn measure(&self, id: i64) -> Option<&SavedMeasure> {
        self.measures.iter().find(|measure| measure.id == id)
    }

    /// What someone in these groups may do.
    pub fn access(&self, groups: &[i64], superuser: bool) -> Access {
        if superuser {
            return Access::superuser();
        }
        let mut access = Access::none();
        for group in self.groups.iter().filter(|group| groups.contains(&group.id)) {
            access.join(group);
        }
        access
    }
}
