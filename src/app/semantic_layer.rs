use super::Server;
use crate::dbt::{DbtAccount, SemanticLayerClient};
use crate::principal::Principal;
use crate::wire::Wire;

/// The client of the Semantic Layer, where metrics of it are curated.
pub fn semantic_layer(server: &Server, wire: &Wire, principal: &Principal) -> Option<SemanticLayerClient> {
    let dbt = server.dbt.clone()?;
    // An account without an environment curates nothing.
    DbtAccount::new(dbt, wire.clone(), principal.clone())
        .semantic_layer()
        .ok()
}
