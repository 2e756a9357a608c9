use cardinal::dbt::{DbtGraph, DbtNameError, DbtNode};
use proptest::prelude::*;

fn node(unique_id: &str, parents: &[&str]) -> DbtNode {
    let mut parts = unique_id.split('.');
    DbtNode {
        unique_id: unique_id.to_owned(),
        kind: parts.next().unwrap().to_owned(),
        name: unique_id.rsplit('.').next().unwrap().to_owned(),
        parents: parents.iter().map(|parent| (*parent).to_owned()).collect(),
        ..DbtNode::default()
    }
}

fn graph() -> DbtGraph {
    let mut source = node("source.shop.raw.customers", &[]);
    source.source_name = Some("raw".to_owned());
    let mut orders = node("model.shop.orders", &["source.shop.raw.customers"]);
    orders.relation = Some("\"dwh\".\"main\".\"Orders_V2\"".to_owned());
    let mut board = node("exposure.shop.board", &["model.shop.orders"]);
    board.url = Some("https://bi.example.com/question/7-revenue-by-month?tab=1".to_owned());
    let mut other = node("exposure.shop.other", &["model.shop.orders"]);
    other.url = Some("https://bi.example.com/dashboard/7".to_owned());
    [
        source,
        orders,
        board,
        other,
        node("semantic_model.shop.orders", &["model.shop.orders"]),
        node("metric.shop.customers", &["semantic_model.shop.orders"]),
        node("model.shop.customers", &["source.shop.raw.customers"]),
        node("test.shop.unique_orders", &["model.shop.orders"]),
    ]
    .into_iter()
    .collect()
}

#[test]
fn names_mean_what_people_mean() {
    let graph = graph();
    for (wanted, found) in [
        ("model.shop.orders", "model.shop.orders"),
        ("Orders", "model.shop.orders"),
        ("main.orders_v2", "model.shop.orders"),
        ("dwh.main.orders_v2", "model.shop.orders"),
        ("raw.customers", "source.shop.raw.customers"),
        ("card 7", "exposure.shop.board"),
        ("question #7", "exposure.shop.board"),
        ("dashboard 7", "exposure.shop.other"),
        ("test.shop.unique_orders", "test.shop.unique_orders"),
    ] {
        assert_eq!(graph.find(wanted).unwrap().unique_id, found, "{wanted}");
    }
}

#[test]
fn what_is_not_clear_is_asked_back() {
    let graph = graph();
    let error = graph.find("customers").unwrap_err();
    assert!(
        matches!(&error, DbtNameError::Ambiguous { ids, .. } if ids.len() == 3),
        "{error}"
    );
    assert_eq!(
        error.to_string(),
        "\"customers\" can be metric.shop.customers or model.shop.customers or source.shop.raw.customers: say which"
    );
    let error = graph.find("ordres").unwrap_err().to_string();
    assert_eq!(error, "found nothing called \"ordres\" in dbt; near it: orders");
    assert!(matches!(
        graph.find("card 70"),
        Err(DbtNameError::NoExposure { .. })
    ));
    assert!(graph.find("unique_orders").is_err());
    assert!(graph.find("").is_err());
}

#[test]
fn what_is_made_from_what_is_walked_both_ways() {
    let graph = graph();
    let ids = |walked: Vec<(u32, &DbtNode)>| -> Vec<(u32, String)> {
        walked
            .into_iter()
            .map(|(depth, node)| (depth, node.unique_id.clone()))
            .collect()
    };
    let up = ids(graph.upstream("metric.shop.customers"));
    assert_eq!(up.last().unwrap(), &(3, "source.shop.raw.customers".to_owned()));
    let down = ids(graph.downstream("source.shop.raw.customers"));
    assert_eq!(down.len(), graph.nodes().count());
    assert!(graph.upstream("model.shop.missing").is_empty());
}

proptest! {
    /// Whatever points at whatever, circles too: a walk ends, and sees each node once.
    #[test]
    fn a_walk_ends(edges in prop::collection::vec((0..12_u8, 0..14_u8), 0..60)) {
        let nodes = (0..12_u8).map(|at| {
            let parents: Vec<String> = edges.iter().filter(|(from, _)| *from == at).map(|(_, to)| format!("model.p.n{to}")).collect();
            let parents: Vec<&str> = parents.iter().map(String::as_str).collect();
            node(&format!("model.p.n{at}"), &parents)
        });
        let graph: DbtGraph = nodes.collect();
        for walked in [graph.upstream("model.p.n0"), graph.downstream("model.p.n0")] {
            let mut ids: Vec<&str> = walked.iter().map(|(_, node)| node.unique_id.as_str()).collect();
            let count = ids.len();
            ids.sort_unstable();
            ids.dedup();
            prop_assert_eq!(ids.len(), count);
            prop_assert!(walked.windows(2).all(|pair| pair[0].0 <= pair[1].0));
        }
    }
}
