//! TLS to the database: rustls with the system's certificates, as for every other host.

use tokio_postgres_rustls::MakeRustlsConnect;

use crate::wire::without_http;

/// The address as the driver reads it. It knows no mode that checks the certificate: here it is always checked.
pub(super) fn plain_mode(url: &str) -> String {
    url.replace("sslmode=verify-full", "sslmode=require")
        .replace("sslmode=verify-ca", "sslmode=require")
}

pub(super) fn connector() -> MakeRustlsConnect {
    MakeRustlsConnect::new(without_http())
}
