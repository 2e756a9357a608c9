use cardinal::catalog::{Catalog, EntryKind, find, list_rows};

use crate::support::catalogs::shop;

#[test]
fn the_list_has_every_entry_with_what_it_takes() {
    let rows = list_rows(&Catalog::for_tests(shop()));
    let ids: Vec<(EntryKind, u32)> = rows.iter().map(|row| (row.kind, row.id)).collect();
    assert_eq!(
        ids,
        [
            (EntryKind::Card, 7),
            (EntryKind::Card, 8),
            (EntryKind::Metric, 12),
            (EntryKind::Metric, 13)
        ]
    );
    assert_eq!(rows[0].takes, ["state"]);
    assert_eq!(rows[0].collection, "Company / Sales");
    assert_eq!(rows[2].takes, ["created_at", "Product.category", "User.state"]);
    assert!(rows[2].verified);
}

#[test]
fn entries_are_found_by_kind_and_id_by_id_and_by_name() {
    let catalog = Catalog::for_tests(shop());
    for wanted in [
        "metric 12",
        "12",
        "#12",
        "metric:12",
        "revenue",
        " Revenue ",
        "metric Revenue",
    ] {
        let found = find(&catalog, wanted).unwrap();
        assert_eq!(found.len(), 1, "{wanted}");
        assert_eq!(found[0].id(), 12, "{wanted}");
    }
    assert_eq!(find(&catalog, "Monthly churn").unwrap()[0].id(), 8);
}

#[test]
fn what_is_not_there_is_answered_with_what_is_near() {
    let catalog = Catalog::for_tests(shop());
    assert!(find(&catalog, "card 12").is_err());
    let error = find(&catalog, "Custmers by state").unwrap_err();
    assert_eq!(
        error.to_string(),
        "found nothing called \"Custmers by state\" in the catalog; near it: Customers by state"
    );
}
