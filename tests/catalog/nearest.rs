use cardinal::catalog::nearest;

const NAMES: [&str; 6] = [
    "created_at",
    "Product.category",
    "User.state",
    "total",
    "subtotal",
    "tax",
];

#[test]
fn misspelt_names_find_what_was_meant() {
    assert_eq!(nearest("Catgory", NAMES, 1), ["Product.category"]);
    assert_eq!(nearest("createdAt", NAMES, 1), ["created_at"]);
    assert_eq!(nearest("CREATED AT", NAMES, 1), ["created_at"]);
    assert_eq!(nearest("state user", NAMES, 1), ["User.state"]);
}

#[test]
fn the_best_comes_first_and_n_is_a_limit() {
    let found = nearest("total", NAMES, 2);
    assert_eq!(found, ["total", "subtotal"]);
    assert!(nearest("total", NAMES, 0).is_empty());
}

#[test]
fn nothing_is_offered_when_nothing_is_like_it() {
    assert!(nearest("weather in Paris", NAMES, 3).is_empty());
    assert!(nearest("", NAMES, 3).is_empty());
    assert!(nearest("???", NAMES, 3).is_empty());
}
