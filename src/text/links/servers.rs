use std::collections::BTreeSet;

use url::Url;

/// What stands behind the address of an API, as advice about an address writes it.
const API: &str = "/v1";

/// The addresses of configured servers, as words of ours write them.
#[derive(Debug, Clone, Default)]
pub(super) struct ServerAddresses {
    written: BTreeSet<String>,
}

impl ServerAddresses {
    /// Each server's host with and without its port, and its address and what stands above it, with and without `/v1`.
    pub(super) fn of<'u>(servers: impl IntoIterator<Item = &'u Url>) -> Self {
        let mut written = BTreeSet::new();
        for server in servers {
            let Some(host) = server.host_str() else { continue };
            written.insert(host.to_owned());
            if let Some(port) = server.port_or_known_default() {
                written.insert(format!("{host}:{port}"));
            }
            let mut at = server.clone();
            at.set_query(None);
            at.set_fragment(None);
            // No address of ours has them; one that did would not be shown.
            if !at.username().is_empty() || at.password().is_some() {
                continue;
            }
            loop {
                let address = at.as_str().trim_end_matches('/').to_owned();
                // Servers of the open network are asked over https, whatever was written.
                if let (Some(rest), None) = (address.strip_prefix("http://"), server.port()) {
                    written.insert(format!("https://{rest}"));
                }
                written.insert(format!("{address}{API}"));
                written.insert(address);
                let path = at.path().trim_end_matches('/').to_owned();
                let Some((above, _)) = path.rsplit_once('/') else {
                    break;
                };
                at.set_path(above);
            }
        }
        Self { written }
    }

    /// These and further words.
    pub(super) fn and(&self, words: &[String]) -> Self {
        let mut all = self.clone();
        all.written.extend(words.iter().cloned());
        all
    }

    /// Whether a text is one of them. Nothing may be added: what an address carries could be anybody's.
    pub(super) fn has(&self, address: &str) -> bool {
        self.written.contains(address.trim_end_matches(['/', ':', '?']))
    }
}
