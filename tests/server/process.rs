//! A server in a process of its own.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::scripted_model::ScriptedModel;

/// How a process is started.
#[derive(Debug, Clone)]
pub(super) struct ProcessPlan {
    pub(super) folder: PathBuf,
    pub(super) store: String,
    pub(super) model: String,
    pub(super) variables: Vec<(&'static str, String)>,
}

/// A server in a process of its own; it is killed when dropped.
pub(super) struct Process {
    child: Child,
    pub(super) url: String,
}

impl ProcessPlan {
    pub(super) fn new(folder: &Path, store: &str, model: &ScriptedModel) -> Self {
        Self {
            folder: folder.to_owned(),
            store: store.to_owned(),
            model: model.base_url().to_string(),
            // Short, so that a test need not wait for a machine to be given up.
            variables: vec![("CARDINAL_STORE_LEASE_SECONDS", "2".to_owned())],
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cardinal"));
        command
            .args(arguments)
            .env_clear()
            .env("HOME", &self.folder)
            .env("OPENAI_API_KEY", "sk-test")
            .env("OPENAI_BASE_URL", &self.model)
            .env("CARDINAL_DATABASE_URL", &self.store)
            .envs(self.variables.iter().map(|(name, value)| (*name, value)))
            .current_dir(&self.folder)
            .stdin(Stdio::null());
        command
    }

    pub(super) fn start(&self) -> Process {
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--model", "openai:scripted"];
        // What it says on stderr is the test's own when that is asked for.
        let stderr = std::env::var_os("CARDINAL_TEST_TALK").map_or_else(Stdio::null, |_| Stdio::inherit());
        let mut child = self
            .command(&arguments)
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let line: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in {line:?}"));
        let url = line["url"].as_str().unwrap().to_owned();
        Process { child, url }
    }

    /// A token for a principal, as `cardinal token create` makes it.
    pub(super) fn token(&self, principal: &str) -> String {
        let output = self
            .command(&["token", "create", "--name", principal, "--json"])
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let made: Value = serde_json::from_slice(&output.stdout).unwrap();
        made["token"].as_str().unwrap().to_owned()
    }
}

impl Process {
    /// Ends it as the system does when memory is gone: at once, without a word.
    pub(super) fn kill(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Whether it ends by itself within so long.
    pub(super) fn ends_within(&mut self, most: Duration) -> bool {
        let since = Instant::now();
        while since.elapsed() < most {
            if self.child.try_wait().unwrap().is_some() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }

    /// Stops it where it stands, or lets it go on.
    #[cfg(unix)]
    pub(super) fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([format!("-{name}"), self.child.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
