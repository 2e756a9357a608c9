//! The demo's data, made once for all tests: it never changes.

use std::sync::{Arc, LazyLock};

use cardinal::sandbox::World;

pub static WORLD: LazyLock<Arc<World>> = LazyLock::new(|| Arc::new(World::demo().unwrap()));
