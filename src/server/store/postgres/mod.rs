//! The store in PostgreSQL.
//!
//! Statements are run one after another on a thread that may wait, each under a deadline, on a connection of a small pool.
//! What fails because the database was away (a lost connection, a server that ends or begins) is run again until the job's
//! patience is over.

mod error;
mod schema;
mod tapes;
mod tls;
mod values;

use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::runtime::Handle;
use tokio_postgres::config::Host;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Config, Row};

use self::error::told;
pub(super) use self::tapes::PostgresTapes;
use super::error::{DatabaseError, SessionStoreError};
use super::transaction::StoreTransaction;
use super::value::{SqlRow, SqlValue};

/// Connections of one process.
const CONNECTIONS: usize = 16;
/// Longest wait for a connection to be made, and for one to be free.
const CONNECT: Duration = Duration::from_secs(5);
/// Longest wait for one statement.
const STATEMENT: Duration = Duration::from_secs(15);
/// Pauses between tries: the first one, and the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A PostgreSQL database. Clones share its connections.
#[derive(Clone)]
pub(super) struct PostgresDatabase {
    pool: Pool,
    name: Arc<str>,
}

impl std::fmt::Debug for PostgresDatabase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresDatabase")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// The address without user and password.
fn name_of(config: &Config) -> String {
    let hosts = config
        .get_hosts()
        .iter()
        .zip(config.get_ports().iter().map(Some).chain(std::iter::repeat(None)));
    let hosts: Vec<String> = hosts
        .map(|(host, port)| {
            let host = match host {
                Host::Tcp(name) => name.clone(),
                #[cfg(unix)]
                Host::Unix(path) => path.display().to_string(),
            };
            port.map_or(host.clone(), |port| format!("{host}:{port}"))
        })
        .collect();
    format!(
        "postgres://{}/{}",
        hosts.join(","),
        config.get_dbname().unwrap_or_default()
    )
}

impl PostgresDatabase {
    /// Connects, and brings the tables to the version of this program.
    pub(super) async fn open(url: &SecretString) -> Result<Self, SessionStoreError> {
        let unreadable = || SessionStoreError::Open {
            store: "postgres://…".to_owned(),
            reason: "the address cannot be read; write postgres://USER:PASSWORD@HOST:PORT/DATABASE"
                .to_owned(),
        };
        let url = tls::plain_mode(url.expose_secret());
        // What the parser says may hold a part of the address.
        let mut config: Config = url.parse().map_err(|_| unreadable())?;
        config
            .application_name("cardinal")
            .connect_timeout(CONNECT)
            .tcp_user_timeout(STATEMENT)
            .keepalives_idle(STATEMENT);
        let name: Arc<str> = name_of(&config).into();
        let failed = |reason: String| SessionStoreError::Open {
            store: name.to_string(),
            reason,
        };
        let manager = Manager::from_config(
            config,
            tls::connector(),
            ManagerConfig {
                recycling_method: RecyclingMethod::Fast,
            },
        );
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(STATEMENT))
            .create_timeout(Some(CONNECT))
            .recycle_timeout(Some(CONNECT))
            .build()
            .map_err(|error| failed(error.to_string()))?;
        let database = Self {
            pool,
            name: Arc::clone(&name),
        };
        schema::migrate(&database).await?;
        Ok(database)
    }

    /// Where it is, without user and password.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Runs `work` in a transaction, again and again until it is committed, it fails for good, or its patience is over.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&StoreTransaction<'_>) -> Result<T, DatabaseError> + Send + Sync + 'static,
        patience: Duration,
    ) -> Result<T, SessionStoreError> {
        self.run(Arc::new(work), true, patience).await
    }

    /// The same without a transaction, for what only reads.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl Fn(&StoreTransaction<'_>) -> Result<T, DatabaseError> + Send + Sync + 'static,
        patience: Duration,
    ) -> Result<T, SessionStoreError> {
        self.run(Arc::new(work), false, patience).await
    }

    async fn run<T, F>(&self, work: Arc<F>, writes: bool, patience: Duration) -> Result<T, SessionStoreError>
    where
        T: Send + 'static,
        F: Fn(&StoreTransaction<'_>) -> Result<T, DatabaseError> + Send + Sync + 'static,
    {
        let (begun, mut pause) = (Instant::now(), FIRST_PAUSE);
        loop {
            match self.attempt(Arc::clone(&work), writes).await {
                Err(error) if error.passing && begun.elapsed() + pause < patience => {
                    tracing::debug!(%error, "the store is asked again");
                    tokio::time::sleep(pause.mul_f64(0.5 + fastrand::f64())).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                done => return Ok(done?),
            }
        }
    }

    async fn attempt<T, F>(&self, work: Arc<F>, writes: bool) -> Result<T, DatabaseError>
    where
        T: Send + 'static,
        F: Fn(&StoreTransaction<'_>) -> Result<T, DatabaseError> + Send + Sync + 'static,
    {
        let client = self.pool.get().await;
        let client = client.map_err(|error| DatabaseError::passing(causes(&error)))?;
        let runtime = Handle::current();
        let done = tokio::task::spawn_blocking(move || once(client, &runtime, &*work, writes)).await;
        done.map_err(|error| DatabaseError::lasting(error.to_string()))?
    }
}

/// An error with what it comes from.
fn causes(error: &dyn std::error::Error) -> String {
    crate::telemetry::causes(error).join(": ")
}

fn once<T>(
    mut client: Object,
    runtime: &Handle,
    work: &dyn Fn(&StoreTransaction<'_>) -> Result<T, DatabaseError>,
    writes: bool,
) -> Result<T, DatabaseError> {
    let result = if writes {
        in_transaction(&mut client, runtime, work)
    } else {
        let reading = PostgresTransaction {
            runtime,
            connection: PostgresConnection::Client(&client),
        };
        work(&StoreTransaction::Postgres(&reading))
    };
    if result.as_ref().is_err_and(|error| error.passing) {
        // A connection that failed is not used again.
        drop(Object::take(client));
    }
    result
}

fn in_transaction<T>(
    client: &mut Object,
    runtime: &Handle,
    work: &dyn Fn(&StoreTransaction<'_>) -> Result<T, DatabaseError>,
) -> Result<T, DatabaseError> {
    let begun = wait(runtime, client.transaction())?;
    let transaction = PostgresTransaction {
        runtime,
        connection: PostgresConnection::Transaction(begun),
    };
    let result = work(&StoreTransaction::Postgres(&transaction))?;
    let PostgresConnection::Transaction(begun) = transaction.connection else {
        return Ok(result);
    };
    wait(runtime, begun.commit())?;
    Ok(result)
}

/// Waits for the database, for so long.
fn wait<T>(
    runtime: &Handle,
    asked: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, DatabaseError> {
    let answered = runtime.block_on(async { tokio::time::timeout(STATEMENT, asked).await });
    match answered {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(told(&error)),
        Err(_) => Err(DatabaseError::passing("the database did not answer in time")),
    }
}

enum PostgresConnection<'a> {
    Client(&'a Object),
    Transaction(deadpool_postgres::Transaction<'a>),
}

/// A transaction, or a connection that only reads, on a thread that may wait.
pub(super) struct PostgresTransaction<'a> {
    runtime: &'a Handle,
    connection: PostgresConnection<'a>,
}

impl PostgresTransaction<'_> {
    pub(super) fn execute(&self, sql: &str, values: &[SqlValue]) -> Result<u64, DatabaseError> {
        let (sql, values) = (numbered(sql), borrowed(values));
        wait(self.runtime, async {
            match &self.connection {
                PostgresConnection::Client(client) => {
                    let statement = client.prepare_cached(&sql).await?;
                    client.execute(&statement, &values).await
                }
                PostgresConnection::Transaction(transaction) => {
                    let statement = transaction.prepare_cached(&sql).await?;
                    transaction.execute(&statement, &values).await
                }
            }
        })
    }

    pub(super) fn rows(&self, sql: &str, values: &[SqlValue]) -> Result<Vec<SqlRow>, DatabaseError> {
        let (sql, values) = (numbered(sql), borrowed(values));
        let rows = wait(self.runtime, async {
            match &self.connection {
                PostgresConnection::Client(client) => {
                    let statement = client.prepare_cached(&sql).await?;
                    client.query(&statement, &values).await
                }
                PostgresConnection::Transaction(transaction) => {
                    let statement = transaction.prepare_cached(&sql).await?;
                    transaction.query(&statement, &values).await
                }
            }
        })?;
        let Some(first) = rows.first() else {
            return Ok(Vec::new());
        };
        let names: Arc<[String]> = first
            .columns()
            .iter()
            .map(|column| column.name().to_owned())
            .collect();
        rows.iter().map(|of| row(of, &names)).collect()
    }

    /// Statements without parameters, several at once.
    fn script(&self, sql: &str) -> Result<(), DatabaseError> {
        wait(self.runtime, async {
            match &self.connection {
                PostgresConnection::Client(client) => client.batch_execute(sql).await,
                PostgresConnection::Transaction(transaction) => transaction.batch_execute(sql).await,
            }
        })
    }
}

/// Parameters as PostgreSQL writes them. No statement of the store has a question mark in a text.
fn numbered(sql: &str) -> String {
    sql.replace('?', "$")
}

fn borrowed(values: &[SqlValue]) -> Vec<&(dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

fn row(row: &Row, names: &Arc<[String]>) -> Result<SqlRow, DatabaseError> {
    let values: Result<Vec<SqlValue>, tokio_postgres::Error> =
        (0..row.len()).map(|at| row.try_get(at)).collect();
    let values = values.map_err(|error| told(&error))?;
    Ok(SqlRow {
        names: Arc::clone(names),
        values,
    })
}
