use std::fmt;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::FilterFn;
use url::Url;

use super::client::CollectorClient;
use super::collector;
use super::ids::TraceIds;
use crate::telemetry::{SPANS, SpanLayer};

/// Longest time that the end of the process waits for spans to be sent.
const LAST_WAIT: Duration = Duration::from_secs(3);
/// What it is called, unless `OTEL_SERVICE_NAME` says something else.
const SERVICE: &str = "cardinal";

/// Sends the spans of this process. What is left is sent when it is dropped, within three seconds.
pub(crate) struct TraceSender {
    provider: SdkTracerProvider,
}

impl fmt::Debug for TraceSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TraceSender").finish_non_exhaustive()
    }
}

impl TraceSender {
    /// Sends to the collector that the standard variables name; `None` without one. `Err` says why it cannot be.
    pub(crate) fn from_env() -> Result<Option<Self>, String> {
        let Some(collector) = collector::address(|name| std::env::var(name).ok())? else {
            return Ok(None);
        };
        Self::to(&collector).map(Some)
    }

    fn to(collector: &Url) -> Result<Self, String> {
        let client = CollectorClient::new(collector).map_err(|error| error.to_string())?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_endpoint(collector.as_str())
            .build()
            .map_err(|error| error.to_string())?;
        let named = std::env::var_os("OTEL_SERVICE_NAME").is_some_and(|name| !name.is_empty());
        let mut resource =
            Resource::builder().with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
        if !named {
            resource = resource.with_service_name(SERVICE);
        }
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_id_generator(TraceIds::default())
            .with_resource(resource.build())
            .build();
        Ok(Self { provider })
    }

    /// What hands the spans over to it.
    pub(crate) fn layer(&self) -> SpanLayer {
        let ours = FilterFn::new(|about| about.is_span() && about.target() == SPANS);
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer(SERVICE))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_level(false)
            .with_target(false)
            .with_filter(ours.with_max_level_hint(LevelFilter::INFO))
            .boxed()
    }
}

impl Drop for TraceSender {
    fn drop(&mut self) {
        if let Err(error) = self.provider.shutdown_with_timeout(LAST_WAIT) {
            tracing::warn!(%error, "the last traces may not have been sent");
        }
    }
}
