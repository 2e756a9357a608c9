use std::fs;
use std::sync::Arc;
use std::time::Duration;

use cardinal::catalog::CatalogSettings;
use cardinal::catalog::{
    Catalog, CatalogStore, EntryVersions, LoadRemarks, StoreKey, StoreLookup, UnusableReason,
};
use cardinal::principal::Principal;
use jiff::{Timestamp, ToSpan};

use crate::support::catalogs::shop;

const HOUR: Duration = Duration::from_secs(3600);

fn key(url: &str, principal: &str) -> StoreKey {
    let settings = CatalogSettings::default();
    StoreKey::new(&url.parse().unwrap(), &settings, &Principal(principal.to_owned()))
}

fn now() -> Timestamp {
    "2026-01-31T12:00:00Z".parse().unwrap()
}

#[tokio::test]
async fn what_was_kept_comes_back_until_it_is_too_old() {
    let dir = tempfile::tempdir().unwrap();
    let store = CatalogStore::new(dir.path().join("made/when/needed"));
    let key = key("http://bi.example/", "default");
    assert_eq!(store.read(&key, now(), HOUR).await, StoreLookup::Missing);

    let catalog = Arc::new(Catalog::for_tests(shop()));
    store
        .write(
            &key,
            &catalog,
            LoadRemarks {
                warnings: &["card 4 could not be read".to_owned()],
                limits: &["2 metrics only as saved".to_owned()],
                incomplete: false,
            },
            &EntryVersions::default(),
            now(),
        )
        .await
        .unwrap();
    let StoreLookup::Fresh(kept) = store.read(&key, now() + 1.hour(), HOUR).await else {
        panic!("not fresh");
    };
    assert_eq!(kept.catalog, *catalog);
    assert_eq!(kept.fingerprint, catalog.fingerprint());
    assert_eq!(kept.loaded_at, now());
    assert_eq!(kept.warnings, ["card 4 could not be read"]);
    assert_eq!(kept.limits, ["2 metrics only as saved"]);

    assert!(matches!(
        store.read(&key, now() + 61.minutes(), HOUR).await,
        StoreLookup::Stale(_)
    ));
    assert!(
        matches!(
            store.read(&key, now() - 1.minute(), HOUR).await,
            StoreLookup::Stale(_)
        ),
        "from the future"
    );
}

#[test]
fn another_server_principal_or_rule_has_a_file_of_its_own() {
    let store = CatalogStore::new("unused");
    let mut rules = CatalogSettings::default();
    rules.metrics.verified_only = true;
    let other_rules = StoreKey::new(
        &"http://a.example/".parse().unwrap(),
        &rules,
        &Principal("default".to_owned()),
    );
    let mut paths = vec![
        store.path(&key("http://a.example/", "default")),
        store.path(&key("http://b.example/", "default")),
        store.path(&key("http://a.example/", "ann")),
        store.path(&other_rules),
    ];
    paths.dedup();
    assert_eq!(paths.len(), 4);
    assert_eq!(
        paths[0],
        store.path(&key("http://user:secret@a.example/?x=1#y", "default"))
    );
}

#[tokio::test]
async fn a_catalog_with_something_missing_is_begun_with_and_never_used_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let store = CatalogStore::new(dir.path());
    let key = key("http://bi.example/", "default");
    let catalog = Arc::new(Catalog::for_tests(shop()));
    let remarks = LoadRemarks {
        incomplete: true,
        ..LoadRemarks::default()
    };
    store
        .write(&key, &catalog, remarks, &EntryVersions::default(), now())
        .await
        .unwrap();
    let StoreLookup::Stale(kept) = store.read(&key, now(), HOUR).await else {
        panic!("it is fresh")
    };
    assert_eq!(kept.catalog, *catalog);
}

#[tokio::test]
async fn the_file_holds_no_credential_and_is_the_owners_only() {
    let dir = tempfile::tempdir().unwrap();
    let store = CatalogStore::new(dir.path());
    let key = key("http://ann:hunter2@bi.example/?token=hunter2", "ann@bi.example");
    let path = store
        .write(
            &key,
            &Arc::new(Catalog::for_tests(shop())),
            LoadRemarks::default(),
            &EntryVersions::default(),
            now(),
        )
        .await
        .unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("http://bi.example/"));
    assert!(!text.contains("hunter2") && !text.contains("ann@"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(
        fs::read_dir(dir.path()).unwrap().count(),
        1,
        "no temporary file is left"
    );
}

#[tokio::test]
async fn files_that_cannot_be_used_say_why_and_are_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let store = CatalogStore::new(dir.path());
    let key = key("http://bi.example/", "default");
    let catalog = Arc::new(Catalog::for_tests(shop()));
    let path = store
        .write(
            &key,
            &catalog,
            LoadRemarks::default(),
            &EntryVersions::default(),
            now(),
        )
        .await
        .unwrap();
    let good = fs::read_to_string(&path).unwrap();
    let unusable = async |text: &str| {
        fs::write(&path, text).unwrap();
        match store.read(&key, now(), HOUR).await {
            StoreLookup::Unusable(why) => why,
            other => panic!("{other:?}"),
        }
    };

    for cut in [0, 1, good.len() / 2, good.len() - 1] {
        assert!(
            matches!(unusable(&good[..cut]).await, UnusableReason::Damaged { .. }),
            "cut at {cut}"
        );
    }
    assert!(matches!(unusable("{}").await, UnusableReason::Damaged { .. }));
    assert!(matches!(
        unusable(&good.replace("Revenue", "Revenge")).await,
        UnusableReason::Damaged { .. }
    ));
    let newer = unusable(&good.replace("\"version\":1", "\"version\":2")).await;
    assert!(
        matches!(newer, UnusableReason::Version { found: 2, .. }),
        "{newer}"
    );
    let foreign = unusable(&good.replace("http://bi.example/", "http://else.example/")).await;
    assert!(matches!(foreign, UnusableReason::Foreign { .. }), "{foreign}");

    store
        .write(
            &key,
            &catalog,
            LoadRemarks::default(),
            &EntryVersions::default(),
            now(),
        )
        .await
        .unwrap();
    assert!(matches!(
        store.read(&key, now(), HOUR).await,
        StoreLookup::Fresh(_)
    ));
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_an_error_with_its_path() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let store = CatalogStore::new(&file);
    let error = store
        .write(
            &key("http://bi.example/", "default"),
            &Arc::new(Catalog::for_tests(shop())),
            LoadRemarks::default(),
            &EntryVersions::default(),
            now(),
        )
        .await
        .unwrap_err();
    assert!(error.to_string().contains("cache_dir"), "{error}");
}
