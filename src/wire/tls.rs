//! One TLS configuration for the process. The system's certificates are read when the first https request is sent, once:
//! a run that talks to plain-http addresses only never reads them.

use std::sync::{Arc, LazyLock, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use rustls_platform_verifier::Verifier;

static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| Arc::new(ring::default_provider()));
static SYSTEM: OnceLock<Result<Verifier, Error>> = OnceLock::new();
static CONFIG: LazyLock<ClientConfig> = LazyLock::new(|| {
    // Fails only when a provider is already installed, which is as good.
    let _ = ring::default_provider().install_default();
    let mut config = ClientConfig::builder()
        // Not less than the platform's verification, only later: see `SystemVerifier`.
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(SystemVerifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
});

/// What every client of the process connects with. Clones share their parts.
pub(super) fn config() -> ClientConfig {
    CONFIG.clone()
}

/// The same for a connection that does not carry HTTP.
#[cfg(feature = "postgres")]
pub(crate) fn without_http() -> ClientConfig {
    let mut config = config();
    config.alpn_protocols = Vec::new();
    config
}

/// Reads the system's certificates, unless they were read. These are files, so they are read where that holds nobody up.
pub(super) async fn read_certificates() {
    if SYSTEM.get().is_none() {
        // A failure shows in the handshake, with its reason.
        let _ = tokio::task::spawn_blocking(|| system().is_ok()).await;
    }
}

fn system() -> Result<&'static Verifier, Error> {
    let read = SYSTEM.get_or_init(|| Verifier::new(Arc::clone(&PROVIDER)));
    read.as_ref().map_err(Clone::clone)
}

/// The platform's own verifier, made when the first certificate has to be verified.
#[derive(Debug)]
struct SystemVerifier;

impl ServerCertVerifier for SystemVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        system()?.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        system()?.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        system()?.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        PROVIDER.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::super::transport::Transport;
    use super::super::{Grants, WireSettings};
    use super::*;

    #[test]
    fn clients_are_made_without_reading_certificates() {
        let _transport = Transport::new(&WireSettings::new(Grants::none())).unwrap();
        assert!(SYSTEM.get().is_none());
    }
}
