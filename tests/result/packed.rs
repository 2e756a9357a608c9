use cardinal::result::{Cell, ColumnKind, PackedTable, ResultTable};
use proptest::prelude::*;
use serde_json::Number;

use super::encoding::{column, table};

fn any_cell() -> impl Strategy<Value = Cell> {
    prop_oneof![
        Just(Cell::Null),
        any::<bool>().prop_map(Cell::Bool),
        any::<i64>().prop_map(|whole| Cell::Number(whole.into())),
        any::<u64>().prop_map(|whole| Cell::Number(whole.into())),
        any::<f64>().prop_map(|float| Number::from_f64(float).map_or(Cell::Null, Cell::Number)),
        (0..4u8).prop_map(|name| Cell::text(format!("name {name}"))),
        ".{0,12}".prop_map(Cell::text),
    ]
}

proptest! {
    #[test]
    fn a_packed_table_comes_back_as_it_was(
        rows in proptest::collection::vec(proptest::collection::vec(any_cell(), 3), 0..40),
        first in 0usize..50,
    ) {
        let columns = ["a", "b", "c"].map(|name| column(name, ColumnKind::Other)).to_vec();
        let table = table(columns, rows);
        let packed = PackedTable::of(&table);
        // `Number`'s equality takes 0.0 for -0.0, so their texts are compared as well.
        prop_assert_eq!(format!("{:?}", packed.unpack()), format!("{table:?}"));
        prop_assert_eq!(packed.row_count(), table.rows.len());
        prop_assert_eq!(packed.first_rows(first), table.rows.iter().take(first).cloned().collect::<Vec<_>>());
        let again = PackedTable::of(&packed.unpack());
        prop_assert_eq!(again.cell_bytes(), packed.cell_bytes());
    }
}

/// What a table takes as values: each cell, and each text with the two counts before it.
fn bytes_as_values(table: &ResultTable) -> usize {
    let text = |cell: &Cell| match cell {
        Cell::Text(text) => text.len() + 16,
        _ => 0,
    };
    let cells = table.rows.iter().flatten();
    cells.map(|cell| size_of::<Cell>() + text(cell)).sum()
}

#[test]
fn a_packed_table_takes_a_quarter_of_the_bytes_at_most() {
    let table = super::compact::orders(500);
    let packed = PackedTable::of(&table);
    assert!(
        packed.cell_bytes().len() * 4 < bytes_as_values(&table),
        "{} of {}",
        packed.cell_bytes().len(),
        bytes_as_values(&table)
    );
}

#[test]
fn other_rows_are_other_bytes() {
    let of = |cells: &[Cell]| {
        let columns = cells.iter().map(|_| column("a", ColumnKind::Other)).collect();
        PackedTable::of(&table(columns, vec![cells.to_vec()]))
    };
    let number = |text: &str| Cell::Number(serde_json::from_str(text).unwrap());
    let cells = [
        number("1"),
        number("1.0"),
        number("-1"),
        Cell::text("1"),
        Cell::Bool(true),
        Cell::Null,
    ];
    for (at, one) in cells.iter().enumerate() {
        for other in cells.iter().skip(at + 1) {
            let (one, other) = (of(std::slice::from_ref(one)), of(std::slice::from_ref(other)));
            assert_ne!(one.cell_bytes(), other.cell_bytes(), "{one:?}");
        }
    }
}
