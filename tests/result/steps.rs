//! Steps of a derivation against the same said in SQL, and what each figure came from.

use std::collections::BTreeSet;

use cardinal::result::derive::{
    ArithmeticOperator, Condition, DerivationStep, DeriveError, DerivedTable, ElapsedUnit, EpochUnit,
    Expression, Granularity, GroupFigure, KeyPair, RowAggregate, RowFilter, RowFunction, RowGroup, RowOrder,
    StopSignal, TextMatching, ValueComparison, ValueTest, WindowFunction, derive_steps,
};
use cardinal::result::{Cell, ColumnKind, Extent, ResultTable};
use proptest::prelude::*;
use rusqlite::Connection;
use rusqlite::types::Value as Stored;
use serde_json::{Value, json};

use super::encoding::{column, table};

/// One row: a name, a place, and an amount in whole units.
type Row = (Option<String>, Option<i64>, Option<i64>);

fn a_row() -> impl Strategy<Value = Row> {
    (
        proptest::option::weighted(0.85, "[a-d]{1,3}"),
        proptest::option::weighted(0.85, 0i64..6),
        proptest::option::weighted(0.85, -50i64..50),
    )
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    proptest::collection::vec(a_row(), 0..40)
}

fn held(rows: &[Row]) -> ResultTable {
    let columns = vec![
        column("name", ColumnKind::Text),
        column("place", ColumnKind::Integer),
        column("amount", ColumnKind::Integer),
    ];
    let number = |value: Option<i64>| value.map_or(Cell::Null, |value| Cell::Number(value.into()));
    let rows = rows.iter().map(|(name, place, amount)| {
        vec![
            name.as_deref().map_or(Cell::Null, Cell::text),
            number(*place),
            number(*amount),
        ]
    });
    table(columns, rows.collect())
}

/// What SQL makes of tables `t` and `u` with the columns n, name, place, amount.
fn sql(rows: &[Row], others: &[Row], query: &str) -> Vec<Vec<Cell>> {
    let database = Connection::open_in_memory().unwrap();
    for (table, rows) in [("t", rows), ("u", others)] {
        database
            .execute_batch(&format!(
                "CREATE TABLE {table} (n INTEGER, name TEXT, place INTEGER, amount INTEGER)"
            ))
            .unwrap();
        for (n, (name, place, amount)) in rows.iter().enumerate() {
            database
                .execute(
                    &format!("INSERT INTO {table} VALUES (?1, ?2, ?3, ?4)"),
                    (i64::try_from(n).unwrap(), name, place, amount),
                )
                .unwrap();
        }
    }
    let mut statement = database.prepare(query).unwrap();
    let width = statement.column_count();
    let found = statement.query_map([], |row| {
        (0..width)
            .map(|at| row.get::<_, Stored>(at))
            .collect::<Result<Vec<_>, _>>()
    });
    found
        .unwrap()
        .map(|row| row.unwrap().into_iter().map(cell).collect())
        .collect()
}

fn cell(stored: Stored) -> Cell {
    match stored {
        Stored::Null => Cell::Null,
        Stored::Integer(number) => Cell::Number(number.into()),
        Stored::Text(text) => Cell::text(text),
        other => panic!("{other:?}"),
    }
}

fn took(tables: &[&ResultTable], steps: &[DerivationStep]) -> DerivedTable {
    derive_steps(tables, steps, &StopSignal::default()).unwrap()
}

fn up(column: usize) -> RowOrder {
    RowOrder {
        column,
        descending: false,
        by_length: false,
    }
}

fn down(column: usize) -> RowOrder {
    RowOrder {
        descending: true,
        ..up(column)
    }
}

fn compares(column: usize, comparison: ValueComparison, value: i64) -> Condition {
    Condition::Column(RowFilter {
        column,
        test: ValueTest::Compares(comparison, json!(value)),
    })
}

const NAME: KeyPair = KeyPair { here: 0, there: 0 };

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn rows_are_kept_by_all_and_by_any_condition(rows in rows(), least in -50i64..50) {
        let held = held(&rows);
        let either = Condition::Any(vec![
            Condition::All(vec![
                compares(2, ValueComparison::GreaterOrEqual, least),
                compares(1, ValueComparison::Less, 3),
            ]),
            Condition::Column(RowFilter { column: 0, test: ValueTest::Matches(TextMatching::StartsWith, vec!["a".to_owned()]) }),
        ]);
        let plain = format!(
            "SELECT name, place, amount FROM t WHERE (amount >= {least} AND place < 3) OR name LIKE 'a%' ORDER BY n"
        );
        prop_assert_eq!(took(&[&held], &[DerivationStep::Keep(either)]).table.rows, sql(&rows, &[], &plain));
    }

    #[test]
    fn windows_are_those_of_sql(rows in rows()) {
        let held = held(&rows);
        let window = |name: &str, function, order| DerivationStep::Window {
            name: name.to_owned(),
            function,
            partition: vec![0],
            order,
        };
        let steps = [
            window("rank", WindowFunction::Rank, vec![down(2)]),
            window("before", WindowFunction::Lag { column: 2, rows: 1 }, vec![up(1)]),
            window("total", WindowFunction::RunningTotal { column: 2 }, vec![up(1)]),
        ];
        let plain = "SELECT name, place, amount,
            RANK() OVER (PARTITION BY name ORDER BY amount IS NULL, amount DESC),
            LAG(amount) OVER (PARTITION BY name ORDER BY place IS NULL, place, n),
            SUM(amount) OVER (PARTITION BY name ORDER BY place IS NULL, place, n ROWS UNBOUNDED PRECEDING)
            FROM t ORDER BY n";
        prop_assert_eq!(took(&[&held], &steps).table.rows, sql(&rows, &[], plain));
    }

    #[test]
    fn the_first_rows_of_each_part_are_those_of_sql(rows in rows(), count in 1usize..4) {
        let held = held(&rows);
        let first = DerivationStep::FirstRows { partition: vec![1], order: vec![down(2)], count };
        let plain = format!("SELECT name, place, amount FROM (SELECT *, ROW_NUMBER() OVER
            (PARTITION BY place ORDER BY amount IS NULL, amount DESC, n) AS number FROM t)
            WHERE number <= {count} ORDER BY n");
        prop_assert_eq!(took(&[&held], &[first]).table.rows, sql(&rows, &[], &plain));
    }

    #[test]
    fn joins_are_those_of_sql(rows in rows(), others in rows()) {
        let (held, other) = (held(&rows), self::held(&others));
        for (matched, word) in [(true, "EXISTS"), (false, "NOT EXISTS")] {
            let step = DerivationStep::KeepMatching { with: 1, keys: vec![NAME, KeyPair { here: 1, there: 1 }], matched };
            let plain = format!("SELECT name, place, amount FROM t WHERE {word}
                (SELECT 1 FROM u WHERE u.name = t.name AND u.place = t.place) ORDER BY n");
            prop_assert_eq!(took(&[&held, &other], &[step]).table.rows, sql(&rows, &others, &plain));
        }
        let summed = took(&[&other], &[DerivationStep::Group {
            groups: vec![RowGroup { column: 0, granularity: None }],
            figures: vec![RowAggregate { function: RowFunction::Sum, column: Some(2) }.into()],
        }]);
        let join = DerivationStep::JoinColumns { with: 1, keys: vec![NAME], columns: vec![1] };
        let plain = "SELECT t.name, t.place, t.amount, s.total FROM t LEFT JOIN
            (SELECT name, SUM(amount) AS total FROM u GROUP BY name) AS s ON s.name = t.name ORDER BY n";
        prop_assert_eq!(took(&[&held, &summed.table], &[join]).table.rows, sql(&rows, &others, plain));
    }

    #[test]
    fn counts_under_a_condition_are_those_of_sql(rows in rows()) {
        let held = held(&rows);
        let figure = |function, column, only, name: &str| GroupFigure {
            aggregate: RowAggregate { function, column },
            only,
            name: Some(name.to_owned()),
        };
        let over = || Some(compares(2, ValueComparison::Greater, 0));
        let steps = [DerivationStep::Group {
            groups: vec![RowGroup { column: 1, granularity: None }],
            figures: vec![
                figure(RowFunction::Count, None, None, "rows"),
                figure(RowFunction::Count, None, over(), "gains"),
                figure(RowFunction::Sum, Some(2), over(), "gained"),
                figure(RowFunction::CountDistinct, Some(0), over(), "names"),
            ],
        }];
        let plain = "SELECT place, COUNT(*), COUNT(*) FILTER (WHERE amount > 0), SUM(amount) FILTER (WHERE amount > 0),
            COUNT(DISTINCT name) FILTER (WHERE amount > 0) FROM t GROUP BY place ORDER BY place IS NULL, place";
        prop_assert_eq!(took(&[&held], &steps).table.rows, sql(&rows, &[], plain));
    }

    #[test]
    fn texts_are_sorted_by_their_length(rows in rows()) {
        let held = held(&rows);
        let longest = RowOrder { by_length: true, ..down(0) };
        let steps = [DerivationStep::Sort(vec![longest, up(0)]), DerivationStep::Columns(vec![0])];
        let plain = "SELECT name FROM t ORDER BY name IS NULL, LENGTH(name) DESC, name, n";
        prop_assert_eq!(took(&[&held], &steps).table.rows, sql(&rows, &[], plain));
    }

    #[test]
    fn arithmetic_is_exact_and_empty_where_a_part_is(rows in rows()) {
        let held = held(&rows);
        let arithmetic = |operator, one, other| Expression::Arithmetic(operator, Box::new(one), Box::new(other));
        let cents = Expression::Number("0.01".parse().unwrap());
        let sum = arithmetic(ArithmeticOperator::Add, Expression::Column(1), Expression::Column(2));
        let steps = [
            DerivationStep::Compute { name: "cents".to_owned(), expression: arithmetic(ArithmeticOperator::Multiply, sum, cents) },
            DerivationStep::Compute {
                name: "share".to_owned(),
                expression: arithmetic(ArithmeticOperator::Divide, Expression::Column(2), Expression::Column(1)),
            },
        ];
        for (row, (_, place, amount)) in took(&[&held], &steps).table.rows.iter().zip(&rows) {
            let decimal = |cell: &Cell| cell.amount().map(|amount| amount.to_string());
            let cents = place.zip(*amount).map(|(one, other)| rust_decimal::Decimal::new(one + other, 2).normalize().to_string());
            prop_assert_eq!(decimal(&row[3]), cents);
            prop_assert_eq!(row[4] == Cell::Null, place.is_none_or(|place| place == 0) || amount.is_none());
        }
    }

    #[test]
    fn a_figure_is_made_of_the_cells_it_names(rows in rows()) {
        let held = held(&rows);
        let steps = [
            DerivationStep::Keep(compares(2, ValueComparison::Greater, -20)),
            DerivationStep::Group {
                groups: vec![RowGroup { column: 0, granularity: None }],
                figures: vec![RowAggregate { function: RowFunction::Sum, column: Some(2) }.into()],
            },
            DerivationStep::Sort(vec![down(1)]),
            DerivationStep::Window {
                name: "so far".to_owned(),
                function: WindowFunction::RunningTotal { column: 1 },
                partition: vec![],
                order: vec![down(1)],
            },
        ];
        let derived = took(&[&held], &steps);
        let value = |row: usize| rows[row].2.unwrap_or_default();
        for (at, row) in derived.table.rows.iter().enumerate() {
            for column in [1, 2] {
                let lineage = derived.lineage.cell(at, column, 1_000);
                prop_assert!(!lineage.cut);
                prop_assert!(lineage.cells.iter().all(|cell| cell.table == 0 && cell.column == Some(2)));
                let sum: i64 = lineage.cells.iter().map(|cell| value(cell.row)).sum();
                prop_assert_eq!(&row[column], &Cell::Number(sum.into()));
            }
            let named: BTreeSet<_> = derived.lineage.cell(at, 0, 10).cells.iter().map(|cell| rows[cell.row].0.clone()).collect();
            prop_assert_eq!(named.len(), 1);
        }
    }
}

fn texts(kind: ColumnKind, values: &[&[&str]]) -> ResultTable {
    let columns = (0..values[0].len()).map(|at| column(&format!("c{at}"), kind));
    let rows = values
        .iter()
        .map(|row| row.iter().map(|text| Cell::text(*text)).collect());
    table(columns.collect(), rows.collect())
}

fn computed(table: &ResultTable, expression: Expression) -> Result<Vec<Value>, DeriveError> {
    let step = DerivationStep::Compute {
        name: "x".to_owned(),
        expression,
    };
    let derived = derive_steps(&[table], &[step], &StopSignal::default())?;
    Ok(derived
        .table
        .rows
        .iter()
        .map(|row| Value::from(row.last().unwrap()))
        .collect())
}

#[test]
fn time_between_two_times_is_counted_as_the_calendar_does() {
    let times = texts(
        ColumnKind::Datetime,
        &[
            &["2024-01-31", "2024-02-29"],
            &["2024-02-29", "2023-02-28"],
            &["2024-05-01T10:00:00Z", "2024-05-02T16:00:00+02:00"],
            &["2000-06-15", "2024-06-14"],
        ],
    );
    let between = |unit| {
        let [from, to] = [0, 1].map(|at| Box::new(Expression::Column(at)));
        computed(&times, Expression::Elapsed { unit, from, to }).unwrap()
    };
    assert_eq!(
        between(ElapsedUnit::Days),
        [json!(29), json!(-366), json!(1.166_666_666_67), json!(8765)]
    );
    assert_eq!(
        between(ElapsedUnit::Hours),
        [json!(696), json!(-8784), json!(28), json!(210_360)]
    );
    assert_eq!(
        between(ElapsedUnit::Months),
        [json!(0), json!(-12), json!(0), json!(287)]
    );
    assert_eq!(
        between(ElapsedUnit::Years),
        [json!(0), json!(-1), json!(0), json!(23)]
    );
    let age = Expression::Elapsed {
        unit: ElapsedUnit::Years,
        from: Box::new(Expression::Column(0)),
        to: Box::new(Expression::Day(jiff::civil::date(2024, 6, 15))),
    };
    assert_eq!(
        computed(&times, age).unwrap(),
        [json!(0), json!(0), json!(0), json!(24)]
    );
}

#[test]
fn times_are_made_of_numbers() {
    let parts = table(
        vec![
            column("year", ColumnKind::Integer),
            column("month", ColumnKind::Text),
            column("seconds", ColumnKind::Integer),
        ],
        vec![
            vec![
                Cell::Number(2024.into()),
                Cell::text("02"),
                Cell::Number(1_700_000_000.into()),
            ],
            vec![Cell::Number(1999.into()), Cell::Null, Cell::Number(0.into())],
        ],
    );
    let date = |day: Option<i64>| Expression::FromParts {
        year: Box::new(Expression::Column(0)),
        month: Box::new(Expression::Column(1)),
        day: day.map(|day| Box::new(Expression::Number(day.into()))),
    };
    assert_eq!(
        computed(&parts, date(None)).unwrap(),
        [json!("2024-02-01"), json!(null)]
    );
    let error = computed(&parts, date(Some(30))).unwrap_err();
    assert_eq!(error, DeriveError::NoSuchTime("2024-2-30".to_owned()));
    let moment = Expression::FromEpoch(EpochUnit::Seconds, Box::new(Expression::Column(2)));
    assert_eq!(
        computed(&parts, moment.clone()).unwrap(),
        [json!("2023-11-14T22:13:20Z"), json!("1970-01-01T00:00:00Z")]
    );
    let month = Expression::TimeBucket(Granularity::Month, Box::new(moment));
    assert_eq!(
        computed(&parts, month).unwrap(),
        [json!("2023-11-01"), json!("1970-01-01")]
    );
}

fn numbers(values: &[f64]) -> ResultTable {
    let cell = |value: &f64| vec![Cell::Number(serde_json::Number::from_f64(*value).unwrap())];
    table(
        vec![column("x", ColumnKind::Number)],
        values.iter().map(cell).collect(),
    )
}

#[test]
fn numbers_fall_into_buckets_from_zero_on() {
    let held = numbers(&[-0.5, 0.0, 9.99, 10.0, 25.5]);
    let bucket = |width: &str| Expression::NumberBucket {
        of: Box::new(Expression::Column(0)),
        width: width.parse().unwrap(),
    };
    assert_eq!(
        computed(&held, bucket("10")).unwrap(),
        [json!(-10), json!(0), json!(0), json!(10), json!(20)]
    );
    assert_eq!(computed(&held, bucket("0")).unwrap_err(), DeriveError::NoWidth);
}

#[test]
fn percentiles_lie_between_the_values_around_them() {
    let figures = |values: &[f64]| {
        let of = |function| {
            RowAggregate {
                function,
                column: Some(0),
            }
            .into()
        };
        let step = DerivationStep::Group {
            groups: Vec::new(),
            figures: [
                RowFunction::Median,
                RowFunction::Percentile(90),
                RowFunction::Percentile(0),
                RowFunction::Percentile(100),
            ]
            .map(of)
            .to_vec(),
        };
        let table = took(&[&numbers(values)], &[step]).table;
        let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "median_of_x",
                "percentile_90_of_x",
                "percentile_0_of_x",
                "percentile_100_of_x"
            ]
        );
        table.rows[0].iter().map(Value::from).collect::<Vec<_>>()
    };
    assert_eq!(
        figures(&[19.99, 0.01]),
        [json!(10), json!(17.992), json!(0.01), json!(19.99)]
    );
    assert_eq!(
        figures(&[3.0, 1.0, 2.0]),
        [json!(2), json!(2.8), json!(1), json!(3)]
    );
    assert_eq!(figures(&[]), [json!(null), json!(null), json!(null), json!(null)]);
}

#[test]
fn what_would_be_wrong_is_refused() {
    let words = texts(ColumnKind::Text, &[&["a", "1"], &["a", "2"]]);
    let sum = Expression::Arithmetic(
        ArithmeticOperator::Add,
        Box::new(Expression::Column(0)),
        Box::new(Expression::Column(1)),
    );
    assert!(matches!(
        computed(&words, sum),
        Err(DeriveError::NotNumbers { count: 2, .. })
    ));
    let time = Expression::TimeBucket(Granularity::Day, Box::new(Expression::Column(0)));
    assert!(matches!(
        computed(&words, time),
        Err(DeriveError::NotTimes { count: 2, .. })
    ));
    assert_eq!(
        computed(&words, Expression::Column(7)).unwrap_err(),
        DeriveError::NoColumn(7)
    );

    let refused = |tables: &[&ResultTable], step: DerivationStep| {
        derive_steps(tables, &[step], &StopSignal::default()).unwrap_err()
    };
    let join = |keys| DerivationStep::JoinColumns {
        with: 1,
        keys,
        columns: vec![1],
    };
    let twice = refused(&[&words, &words], join(vec![NAME]));
    assert_eq!(
        twice,
        DeriveError::KeyTwice {
            key: "a".to_owned(),
            rows: 2
        }
    );
    assert_eq!(refused(&[&words, &words], join(Vec::new())), DeriveError::NoKey);
    assert_eq!(refused(&[&words], join(vec![NAME])), DeriveError::NoTable(1));
    let numbers = numbers(&[1.0]);
    assert!(matches!(
        refused(&[&words, &numbers], join(vec![NAME])),
        DeriveError::KeysDiffer { .. }
    ));
}

#[test]
fn keys_are_equal_by_value_and_by_day() {
    let day = texts(ColumnKind::Date, &[&["2024-05-01"], &["2024-05-02"]]);
    let moment = texts(ColumnKind::Datetime, &[&["2024-05-01T10:00:00Z"]]);
    let matching = |matched| DerivationStep::KeepMatching {
        with: 1,
        keys: vec![NAME],
        matched,
    };
    let kept = took(&[&day, &moment], &[matching(true)]).table.rows;
    assert_eq!(kept, [[Cell::text("2024-05-01")]]);
    let (whole, written) = (
        numbers(&[1.0, 2.0]),
        table(
            vec![column("x", ColumnKind::Integer)],
            vec![vec![Cell::Number(1.into())], vec![Cell::text("3")]],
        ),
    );
    assert_eq!(took(&[&whole, &written], &[matching(true)]).table.rows.len(), 1);
    assert_eq!(
        took(&[&written, &whole], &[matching(false)]).table.rows,
        [[Cell::text("3")]]
    );
}

#[test]
fn what_is_missing_in_either_table_is_missing_in_what_is_made_of_both() {
    let (whole, mut cut) = (numbers(&[1.0]), numbers(&[2.0]));
    cut.extent = Extent::ServerLimit { limit: 1 };
    let without = DerivationStep::KeepMatching {
        with: 1,
        keys: vec![NAME],
        matched: false,
    };
    let derived = took(&[&whole, &cut], std::slice::from_ref(&without));
    assert_eq!(derived.table.extent, Extent::ServerLimit { limit: 1 });
    assert_eq!(took(&[&whole, &whole], &[without]).table.extent, Extent::Complete);
}
