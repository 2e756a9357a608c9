//! What a column's numbers mean, by type, bucket, name and label.

use cardinal::result::{ColumnKind, ColumnMeaning};

use super::encoding::column;

#[test]
fn numbers_mean_what_their_columns_say() {
    for (name, meaning) in [
        ("amount", ColumnMeaning::Amount),
        ("paid", ColumnMeaning::Amount),
        ("id", ColumnMeaning::Identifier),
        ("Order_ID", ColumnMeaning::Identifier),
        ("customer id", ColumnMeaning::Identifier),
        ("year", ColumnMeaning::Position),
        ("Latitude", ColumnMeaning::Position),
        ("average price", ColumnMeaning::Rate),
        ("share %", ColumnMeaning::Rate),
        ("distinct customers", ColumnMeaning::Rate),
        ("star rating", ColumnMeaning::Score),
        ("age", ColumnMeaning::Score),
    ] {
        for kind in [ColumnKind::Integer, ColumnKind::Number] {
            assert_eq!(column(name, kind).meaning(), meaning, "{name}");
        }
        assert_eq!(column(name, ColumnKind::Text).meaning(), ColumnMeaning::Name);
        assert_eq!(column(name, ColumnKind::Date).meaning(), ColumnMeaning::Time);
    }
    let mut labelled = column("expression", ColumnKind::Number);
    labelled.label = "Average price".to_owned();
    assert_eq!(labelled.meaning(), ColumnMeaning::Rate);
    let mut hour = column("amount", ColumnKind::Integer);
    hour.unit = Some("hour-of-day".to_owned());
    assert_eq!(hour.meaning(), ColumnMeaning::TimePart);
}

#[test]
fn only_amounts_add_up_and_only_measures_have_a_mean() {
    assert!(ColumnMeaning::Amount.adds_up() && ColumnMeaning::Amount.has_mean());
    assert!(!ColumnMeaning::Score.adds_up() && ColumnMeaning::Score.has_mean());
    for meaning in [ColumnMeaning::Rate, ColumnMeaning::Position] {
        assert!(meaning.measures() && !meaning.adds_up() && !meaning.has_mean());
    }
    assert!(!ColumnMeaning::Identifier.measures() && !ColumnMeaning::TimePart.measures());
}
