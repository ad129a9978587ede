//! When a query has to end: its deadline, or nobody wants its rows any more. Asked often, so it costs little.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use datafusion::common::config::{ConfigEntry, ConfigExtension, ConfigOptions, ExtensionOptions};
use datafusion::common::{DataFusionError, Result, config_err};
use tokio::time::Instant;

use super::error::QueryError;

/// Shared by everything that works on one query.
#[derive(Clone, Debug)]
pub(crate) struct Stop {
    /// Not a moment longer.
    pub(crate) deadline: Instant,
    seconds: u64,
    dropped: Arc<AtomicBool>,
}

impl Stop {
    /// A query that starts now and has `seconds`.
    pub(crate) fn after(seconds: u64) -> Self {
        Self { deadline: Instant::now() + Duration::from_secs(seconds), seconds, dropped: Arc::default() }
    }

    /// Nobody wants the rows any more.
    pub(crate) fn cancel(&self) {
        self.dropped.store(true, Ordering::Relaxed);
    }

    /// What a query past its deadline ends with.
    pub(crate) fn late(&self) -> QueryError {
        QueryError::Deadline { seconds: self.seconds }
    }

    /// What the functions of a query find among its settings, if the query can be stopped.
    pub(crate) fn of(options: &ConfigOptions) -> Option<&Self> {
        options.extensions.get()
    }

    /// An error when it is time to stop.
    pub(crate) fn check(&self) -> Result<()> {
        if self.dropped.load(Ordering::Relaxed) || Instant::now() >= self.deadline {
            return Err(DataFusionError::External(Box::new(self.late())));
        }
        Ok(())
    }
}

impl ConfigExtension for Stop {
    const PREFIX: &'static str = "nearside_stop";
}

/// A function of the engine sees nothing of its query but the arguments and the settings, so `Stop` travels as one.
impl ExtensionOptions for Stop {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn cloned(&self) -> Box<dyn ExtensionOptions> {
        Box::new(self.clone())
    }

    fn set(&mut self, key: &str, _: &str) -> Result<()> {
        config_err!("{key} is no setting")
    }

    fn entries(&self) -> Vec<ConfigEntry> {
        Vec::new()
    }
}
