use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

#[derive(Debug, Clone, Default)]
pub struct DbtSettings {
    pub cloud: Option<DbtCloudSettings>,
    /// The folder of a local project.
    pub project_dir: Option<PathBuf>,
    /// The secret that webhooks of the account are signed with.
    pub webhook_secret: Option<SecretString>,
}

impl DbtSettings {
    /// The account, if it names the environment whose Semantic Layer can be asked.
    pub fn semantic_layer(&self) -> Option<&DbtCloudSettings> {
        self.cloud.as_ref().filter(|cloud| cloud.environment_id.is_some())
    }
}

/// A dbt account, and how it is asked.
#[derive(Debug, Clone)]
pub struct DbtCloudSettings {
    pub addresses: DbtAddresses,
    pub token: SecretString,
    pub account_id: u64,
    pub environment_id: Option<u64>,
    /// Longest wait for one answer.
    pub timeout: Duration,
    /// Most bytes of one answer taken into memory.
    pub max_response_bytes: usize,
    /// Most requests in flight at once, of all sessions together.
    pub max_concurrency: usize,
    /// Most requests to Discovery in a minute.
    pub discovery_per_minute: u32,
}

impl DbtCloudSettings {
    /// How long an answer is waited for unless the settings say otherwise.
    pub(crate) const USUAL_TIMEOUT: Duration = Duration::from_secs(60);

    /// This account, with the usual limits.
    pub fn new(addresses: DbtAddresses, token: SecretString, account_id: u64) -> Self {
        Self {
            addresses,
            token,
            account_id,
            environment_id: None,
            timeout: Self::USUAL_TIMEOUT,
            max_response_bytes: 32 * 1024 * 1024,
            max_concurrency: 4,
            discovery_per_minute: 200,
        }
    }
}

/// Where the three APIs of an account are. Each address is that of the host, without a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DbtAddresses {
    pub administrative: Url,
    pub discovery: Url,
    pub semantic_layer: Url,
}

/// Regions whose cells give every account a name of its own before the region.
const CELL: &str = ".dbt.com";

impl DbtAddresses {
    /// The addresses that belong to a host as people write it: `cloud.getdbt.com`, `ab123.us1.dbt.com`, or `us1.dbt.com` with
    /// the account's prefix apart. A scheme and a port may stand with it; a host on this machine serves all three APIs.
    pub fn of_host(host: &str, prefix: Option<&str>) -> Result<Self, String> {
        let text = host.trim().trim_end_matches('/');
        let text = if text.contains("://") {
            text.to_owned()
        } else {
            format!("https://{text}")
        };
        let url = Url::parse(&text)
            .map_err(|error| format!("is not a host ({error}): write it like ab123.us1.dbt.com"))?;
        let name = url.host_str().unwrap_or_default().to_owned();
        let here = name == "localhost"
            || name
                .trim_matches(['[', ']'])
                .parse::<IpAddr>()
                .is_ok_and(|ip| ip.is_loopback());
        let problem = if !matches!(url.scheme(), "http" | "https") {
            Some("only http:// and https:// are allowed")
        } else if url.scheme() == "http" && !here {
            Some("a token is not sent without TLS: write it without http://")
        } else if !url.username().is_empty() || url.password().is_some() {
            Some("it may not hold a name or password: the token has a variable of its own")
        } else if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            Some("is an address with a path: write the host alone, like ab123.us1.dbt.com")
        } else {
            None
        };
        if let Some(problem) = problem {
            return Err(problem.to_owned());
        }
        if here {
            return Ok(Self {
                administrative: url.clone(),
                discovery: url.clone(),
                semantic_layer: url,
            });
        }
        let (prefix, rest) = match prefix.map(str::trim).filter(|prefix| !prefix.is_empty()) {
            Some(prefix) => (Some(prefix), name.as_str()),
            None => split_cell(&name),
        };
        let named = |service: &str| {
            let host = match (prefix, service) {
                (Some(prefix), "") => format!("{prefix}.{rest}"),
                (Some(prefix), service) => format!("{prefix}.{service}.{rest}"),
                (None, "") => rest.to_owned(),
                (None, service) => format!("{service}.{rest}"),
            };
            let mut named = url.clone();
            named
                .set_host(Some(&host))
                .map_err(|error| format!("is not a host ({error}): write it like ab123.us1.dbt.com"))?;
            Ok::<Url, String>(named)
        };
        Ok(Self {
            administrative: named("")?,
            discovery: named("metadata")?,
            semantic_layer: named("semantic-layer")?,
        })
    }
}

/// The account's name before a cell such as `us1.dbt.com`, if the host has one.
fn split_cell(host: &str) -> (Option<&str>, &str) {
    let cell = host.strip_suffix(CELL).and_then(|names| names.split_once('.'));
    match cell {
        Some((prefix, region)) if is_region(region) => {
            (Some(prefix), host.get(prefix.len() + 1..).unwrap_or(host))
        }
        _ => (None, host),
    }
}

/// `us1`, `eu1`, `au1`, `jp1` and those to come: two letters and a number.
fn is_region(name: &str) -> bool {
    let letters = name.bytes().take_while(u8::is_ascii_lowercase).count();
    letters == 2 && name.len() > 2 && name.bytes().skip(2).all(|byte| byte.is_ascii_digit())
}
