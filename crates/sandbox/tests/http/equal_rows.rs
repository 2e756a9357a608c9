//! The same questions, asked of every generation in its own words, give the rows that plain SQL gives.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::client::{As, Sandbox};
use super::generations::of;

const DATABASE: &str = "Example shop";

/// A column: its table, its name, and the unit that it is cut down to.
#[derive(Clone, Copy)]
struct Ref(&'static str, &'static str, Option<&'static str>);

/// A question over a table, or over a metric of it.
struct Question {
    table: &'static str,
    /// The metric that is asked for instead of `figures`.
    metric: Option<&'static str>,
    /// A column, an operator of MBQL, and what it is compared with.
    filters: Vec<(Ref, &'static str, Value)>,
    /// A function of MBQL and its column.
    figures: Vec<(&'static str, Option<Ref>)>,
    groups: Vec<Ref>,
    /// The order by the first figure, and the rows that are wanted.
    top: Option<u32>,
    sql: &'static str,
}

impl Question {
    fn over(table: &'static str, sql: &'static str) -> Self {
        Self {
            table,
            metric: None,
            filters: Vec::new(),
            figures: Vec::new(),
            groups: Vec::new(),
            top: None,
            sql,
        }
    }
}

const STATUS: Ref = Ref("orders", "status", None);
const TOTAL: Ref = Ref("orders", "total", None);
const CREATED: Ref = Ref("orders", "created_at", None);
const CATEGORY: Ref = Ref("products", "category", None);

fn questions() -> Vec<Question> {
    let count = || vec![("count", None)];
    let month = Ref("orders", "created_at", Some("month"));
    vec![
        Question {
            figures: count(),
            ..Question::over("orders", "SELECT COUNT(*) FROM orders")
        },
        Question {
            figures: count(),
            filters: vec![(STATUS, "=", json!(["completed"]))],
            ..Question::over("orders", "SELECT COUNT(*) FROM orders WHERE status = 'completed'")
        },
        Question {
            figures: count(),
            filters: vec![(STATUS, "=", json!(["completed", "refunded"]))],
            groups: vec![STATUS],
            ..Question::over(
                "orders",
                "SELECT status, COUNT(*) FROM orders WHERE status IN ('completed', 'refunded') GROUP BY 1 ORDER BY 1",
            )
        },
        Question {
            figures: count(),
            filters: vec![(STATUS, "!=", json!(["completed"]))],
            ..Question::over(
                "orders",
                "SELECT COUNT(*) FROM orders WHERE status <> 'completed'",
            )
        },
        Question {
            figures: vec![("max", Some(TOTAL)), ("min", Some(TOTAL)), ("count", None)],
            groups: vec![CATEGORY],
            ..Question::over(
                "orders",
                "SELECT category, MAX(total), MIN(total), COUNT(*) FROM orders LEFT JOIN products ON products.id = \
                 product_id GROUP BY 1 ORDER BY 1",
            )
        },
        Question {
            figures: count(),
            filters: vec![(TOTAL, ">", json!([100])), (TOTAL, "<=", json!([200]))],
            ..Question::over(
                "orders",
                "SELECT COUNT(*) FROM orders WHERE total > 100 AND total <= 200",
            )
        },
        Question {
            figures: count(),
            filters: vec![(CREATED, ">=", json!(["2026-01-01"]))],
            groups: vec![month],
            ..Question::over(
                "orders",
                "SELECT strftime('%Y-%m-01T00:00:00Z', created_at), COUNT(*) FROM orders WHERE created_at >= \
                 '2026-01-01' GROUP BY 1 ORDER BY 1",
            )
        },
        Question {
            figures: vec![("distinct", Some(Ref("orders", "user_id", None)))],
            groups: vec![Ref("orders", "channel", None)],
            ..Question::over(
                "orders",
                "SELECT channel, COUNT(DISTINCT user_id) FROM orders GROUP BY 1 ORDER BY 1",
            )
        },
        Question {
            figures: count(),
            groups: vec![CATEGORY],
            top: Some(3),
            ..Question::over(
                "orders",
                "SELECT category, COUNT(*) FROM orders LEFT JOIN products ON products.id = product_id GROUP BY 1 ORDER \
                 BY 2 DESC LIMIT 3",
            )
        },
        Question {
            figures: count(),
            filters: vec![(Ref("products", "title", None), "contains", json!(["a"]))],
            ..Question::over("products", "SELECT COUNT(*) FROM products WHERE title LIKE '%a%'")
        },
        Question {
            figures: count(),
            filters: vec![(Ref("orders", "discount", None), "is-null", json!([]))],
            ..Question::over("orders", "SELECT COUNT(*) FROM orders WHERE discount IS NULL")
        },
        Question {
            metric: Some("Active subscriptions"),
            groups: vec![Ref("accounts", "plan", None)],
            ..Question::over(
                "accounts",
                "SELECT plan, COUNT(*) FROM accounts WHERE active_subscription GROUP BY 1 ORDER BY 1",
            )
        },
        Question {
            metric: Some("Active subscriptions"),
            ..Question::over(
                "accounts",
                "SELECT COUNT(*) FROM accounts WHERE active_subscription",
            )
        },
        Question {
            metric: Some("Number of orders"),
            groups: vec![month],
            filters: vec![(CREATED, ">=", json!(["2026-01-01"]))],
            ..Question::over(
                "orders",
                "SELECT strftime('%Y-%m-01T00:00:00Z', created_at), COUNT(*) FROM orders WHERE status = 'completed' AND \
                 created_at >= '2026-01-01' GROUP BY 1 ORDER BY 1",
            )
        },
    ]
}

/// What the requests of a generation need to know.
struct Names {
    tables: BTreeMap<String, i64>,
    columns: BTreeMap<(String, String), i64>,
    cards: BTreeMap<String, (i64, String)>,
}

impl Names {
    async fn of(sandbox: &Sandbox) -> Self {
        let mut names = Self {
            tables: BTreeMap::new(),
            columns: BTreeMap::new(),
            cards: BTreeMap::new(),
        };
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let whole = sandbox.fetch("/api/database/1/metadata").await;
        for table in whole["tables"].as_array().unwrap() {
            names
                .tables
                .insert(text(&table["name"]), table["id"].as_i64().unwrap());
            for field in table["fields"].as_array().unwrap() {
                let key = (text(&table["name"]), text(&field["name"]));
                names.columns.insert(key, field["id"].as_i64().unwrap());
            }
        }
        for card in sandbox.fetch("/api/card").await.as_array().unwrap() {
            let known = (card["id"].as_i64().unwrap(), text(&card["entity_id"]));
            names.cards.insert(text(&card["name"]), known);
        }
        names
    }

    fn column(&self, column: Ref) -> i64 {
        self.columns[&(column.0.to_owned(), column.1.to_owned())]
    }
}

async fn sql(sandbox: &Sandbox, text: &str) -> Vec<Value> {
    let body = json!({ "database": 1, "type": "native", "native": { "query": text } });
    sandbox.post_as(As::Admin, "/api/dataset", &body).await.rows()
}

/// Before v59: MBQL 4 over ids, as the classic route takes it.
fn legacy(names: &Names, question: &Question) -> Value {
    let column = |column: Ref| {
        let mut options = json!({});
        if let Some(unit) = column.2 {
            options["temporal-unit"] = json!(unit);
        }
        if column.0 != question.table {
            options["source-field"] = json!(names.column(Ref(question.table, "product_id", None)));
        }
        let options = if options == json!({}) {
            Value::Null
        } else {
            options
        };
        json!(["field", names.column(column), options])
    };
    let filter = |(by, op, values): &(Ref, &str, Value)| {
        let head = [json!(op), column(*by)];
        let values = values.as_array().unwrap().iter().cloned();
        head.into_iter().chain(values).collect::<Value>()
    };
    let figures: Vec<Value> = match question.metric {
        Some(metric) => vec![json!(["metric", names.cards[metric].0])],
        None => question
            .figures
            .iter()
            .map(|(function, of)| match of {
                Some(of) => json!([function, column(*of)]),
                None => json!([function]),
            })
            .collect(),
    };
    let mut query = json!({ "source-table": names.tables[question.table], "aggregation": figures });
    let filters: Vec<Value> = question.filters.iter().map(filter).collect();
    match filters.as_slice() {
        [] => {}
        [only] => query["filter"] = only.clone(),
        several => query["filter"] = std::iter::once(json!("and")).chain(several.to_vec()).collect(),
    }
    if !question.groups.is_empty() {
        query["breakout"] = question.groups.iter().map(|group| column(*group)).collect();
    }
    if let Some(rows) = question.top {
        query["order-by"] = json!([["desc", ["aggregation", 0]]]);
        query["limit"] = json!(rows);
    }
    json!({ "database": 1, "type": "query", "query": query })
}

/// v59 and v60: positional ids.
async fn positional(sandbox: &Sandbox, names: &Names, question: &Question) -> Value {
    let details = match question.metric {
        Some(metric) => format!("/api/agent/v1/metric/{}", names.cards[metric].0),
        None => format!("/api/agent/v1/table/{}", names.tables[question.table]),
    };
    let details = sandbox.fetch(&details).await;
    let id = |column: Ref| {
        let lists = [&details["queryable_dimensions"], &details["fields"]];
        let related = details["related_tables"].as_array().into_iter().flatten();
        let related = related.filter(|table| table["name"] == column.0);
        let own = lists.into_iter().filter(|_| column.0 == question.table);
        let all = own.chain(related.map(|table| &table["fields"]));
        let mut fields = all.filter_map(Value::as_array).flatten();
        fields.find(|field| field["name"] == column.1).unwrap()["field_id"].clone()
    };
    let filters: Vec<Value> = question
        .filters
        .iter()
        .map(|(by, op, values)| {
            let operation = match *op {
                "=" => "equals",
                "!=" => "not-equals",
                ">" => "greater-than",
                ">=" => "greater-than-or-equal",
                "<=" => "less-than-or-equal",
                "contains" => "string-contains",
                other => other,
            };
            let mut filter = json!({ "field_id": id(*by), "operation": operation });
            match values.as_array().unwrap().as_slice() {
                [] => {}
                [only] => filter["value"] = only.clone(),
                several => filter["values"] = json!(several),
            }
            filter
        })
        .collect();
    let groups: Vec<Value> = question
        .groups
        .iter()
        .map(|group| {
            let mut by = json!({ "field_id": id(*group) });
            if let Some(unit) = group.2 {
                by["field_granularity"] = json!(unit);
            }
            by
        })
        .collect();
    let mut body = json!({ "filters": filters, "group_by": groups });
    if let Some(metric) = question.metric {
        body["metric_id"] = json!(names.cards[metric].0);
        return body;
    }
    body["table_id"] = json!(names.tables[question.table]);
    let figures = question.figures.iter().enumerate().map(|(at, (function, of))| {
        let function = if *function == "distinct" {
            "count-distinct"
        } else {
            function
        };
        let mut figure = json!({ "function": function });
        if let Some(of) = of {
            figure["field_id"] = id(*of);
        }
        if at == 0 && question.top.is_some() {
            figure["sort_order"] = json!("desc");
        }
        figure
    });
    body["aggregations"] = figures.collect();
    if let Some(rows) = question.top {
        body["limit"] = json!(rows);
    }
    body
}

/// v61: a program.
fn program(names: &Names, question: &Question) -> Value {
    let column = |column: Ref| {
        let field = json!(["field", names.column(column)]);
        match column.2 {
            Some(unit) => json!(["with-temporal-bucket", field, unit]),
            None => field,
        }
    };
    let mut operations = Vec::new();
    for (by, op, values) in &question.filters {
        let filter = match values.as_array().unwrap().as_slice() {
            [] => json!([op, column(*by)]),
            [only] => json!([op, column(*by), only]),
            several => json!(["in", column(*by), several]),
        };
        operations.push(json!(["filter", filter]));
    }
    for (function, of) in &question.figures {
        let figure = match of {
            Some(of) => json!([function, column(*of)]),
            None => json!([function]),
        };
        operations.push(json!(["aggregate", figure]));
    }
    for group in &question.groups {
        operations.push(json!(["breakout", column(*group)]));
    }
    if let Some(rows) = question.top {
        operations.push(json!(["order-by", ["aggregation-ref", 0], "desc"]));
        operations.push(json!(["limit", rows]));
    }
    let source = match question.metric {
        Some(metric) => json!({ "type": "metric", "id": names.cards[metric].0 }),
        None => json!({ "type": "table", "id": names.tables[question.table] }),
    };
    json!({ "source": source, "operations": operations })
}

/// Since v62: MBQL 5 with names.
fn portable(names: &Names, question: &Question) -> Value {
    let column = |column: Ref| {
        let options = column
            .2
            .map_or_else(|| json!({}), |unit| json!({ "temporal-unit": unit }));
        json!(["field", options, [DATABASE, null, column.0, column.1]])
    };
    let filters = question.filters.iter().map(|(by, op, values)| {
        let head = [json!(op), json!({}), column(*by)];
        let values = values.as_array().unwrap().iter().cloned();
        head.into_iter().chain(values).collect::<Value>()
    });
    let figures: Vec<Value> = match question.metric {
        Some(metric) => vec![json!(["metric", {}, names.cards[metric].1])],
        None => question
            .figures
            .iter()
            .map(|(function, of)| match of {
                Some(of) => json!([function, {}, column(*of)]),
                None => json!([function, {}]),
            })
            .collect(),
    };
    let mut stage = json!({
        "lib/type": "mbql.stage/mbql",
        "source-table": [DATABASE, null, question.table],
        "filters": filters.collect::<Vec<_>>(),
        "aggregation": figures,
        "breakout": question.groups.iter().map(|group| column(*group)).collect::<Vec<_>>(),
    });
    if let Some(rows) = question.top {
        stage["order-by"] = json!([["desc", {}, ["aggregation", {}, 0]]]);
        stage["limit"] = json!(rows);
    }
    json!({ "query": { "lib/type": "mbql/query", "stages": [stage] } })
}

#[tokio::test]
async fn every_generation_gives_the_rows_that_sql_gives() {
    for generation in ["v50", "v57", "v59", "v60", "v61", "v62", "v63", "v64", "v65"] {
        let sandbox = of(generation).await;
        let names = Names::of(&sandbox).await;
        for question in questions() {
            let answer = match generation {
                "v50" | "v57" => sandbox.post("/api/dataset", &legacy(&names, &question)).await,
                "v59" => {
                    let body = positional(&sandbox, &names, &question).await;
                    let built = sandbox.post("/api/agent/v1/construct-query", &body).await;
                    assert_eq!(built.status, 200, "{}", built.body);
                    sandbox.post("/api/agent/v1/execute", &built.json()).await
                }
                "v60" => {
                    let body = positional(&sandbox, &names, &question).await;
                    sandbox.post("/api/agent/v1/query", &body).await
                }
                "v61" => {
                    let body = program(&names, &question);
                    sandbox.post("/api/agent/v2/query", &body).await
                }
                _ => {
                    let body = portable(&names, &question);
                    sandbox.post("/api/agent/v2/query", &body).await
                }
            };
            let expected = sql(&sandbox, question.sql).await;
            assert!(!expected.is_empty());
            assert_eq!(answer.rows(), expected, "{generation}: {}", question.sql);
        }
    }
}
