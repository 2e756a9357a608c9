//! The page's files, embedded. They lie in `page/`; each has its line in the table below.

use std::sync::OnceLock;

#[derive(Debug)]
pub(super) struct PageFile {
    /// Its path below `page/`.
    pub(super) name: &'static str,
    pub(super) bytes: &'static [u8],
}

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        [$(PageFile { name: $name, bytes: include_bytes!(concat!("page/", $name)) }),*]
    };
}

const FILES: &[PageFile] = &files![
    "admin.js",
    "admin_answer.js",
    "announce.js",
    "answer.css",
    "answer.js",
    "api.js",
    "app.js",
    "base.css",
    "catalog.js",
    "chart.js",
    "chart_data.js",
    "composer.js",
    "conversation.js",
    "data.css",
    "dialogs.js",
    "dom.js",
    "feedback.js",
    "figures.css",
    "figures.js",
    "files.js",
    "format.js",
    "health.js",
    "history.js",
    "how.js",
    "index.html",
    "layout.css",
    "live.js",
    "markdown.js",
    "menu.js",
    "pages.css",
    "popover.js",
    "problem.js",
    "question.js",
    "result.js",
    "shell.js",
    "source.js",
    "steps.js",
    "stream.js",
    "table.js",
    "texts.js",
    "texts_de.js",
    "texts_en.js",
    "theme.js",
    "turn.js",
    "usage.js",
    "vendor/chart.LICENSE.md",
    "vendor/chart.umd.min.js",
    "vendor/manifest.json",
    "vendor/marked.LICENSE.md",
    "vendor/marked.esm.js",
    "vendor/purify.LICENSE.txt",
    "vendor/purify.min.js",
    "verdict.js",
    "welcome.js",
    "words.js",
];

impl PageFile {
    pub(super) fn kind(&self) -> &'static str {
        match self.name.rsplit_once('.').map(|(_, ending)| ending) {
            Some("js") => "text/javascript; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("html") => "text/html; charset=utf-8",
            Some("json") => "application/json",
            Some("svg") => "image/svg+xml",
            Some("woff2") => "font/woff2",
            _ => "text/plain; charset=utf-8",
        }
    }
}

pub(super) fn file(name: &str) -> Option<&'static PageFile> {
    FILES.iter().find(|file| file.name == name)
}

/// What stands for all files together in their addresses: when one changes, all have a new address.
pub(super) fn hash() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| {
        let mut hasher = blake3::Hasher::new();
        for file in FILES {
            hasher.update(file.name.as_bytes());
            hasher.update(&[0]);
            hasher.update(blake3::hash(file.bytes).as_bytes());
        }
        hasher.finalize().to_hex().chars().take(16).collect()
    })
}

/// The first page, with the addresses of the other files.
pub(super) fn index() -> &'static str {
    static INDEX: OnceLock<String> = OnceLock::new();
    INDEX.get_or_init(|| {
        let bytes = file("index.html").map(|file| file.bytes).unwrap_or_default();
        String::from_utf8_lossy(bytes).replace("\"/assets/", &format!("\"/assets/{}/", hash()))
    })
}
