//! WebhookSender: subscriptions, the events of runs, and sending them with signatures.

mod deliver;
mod event;
mod sender;

pub(crate) use event::AnnouncedEvent;
pub(crate) use sender::WebhookSender;
