//! Whether the log may hold texts: what people asked, as it stands in the arguments of tool calls.

use std::sync::atomic::{AtomicBool, Ordering};

static SHOWN: AtomicBool = AtomicBool::new(false);

/// Lets log lines hold the arguments of tool calls, or not. They do not unless this was called.
pub fn show_content(shown: bool) {
    SHOWN.store(shown, Ordering::Relaxed);
}

pub(crate) fn logs_content() -> bool {
    SHOWN.load(Ordering::Relaxed)
}
