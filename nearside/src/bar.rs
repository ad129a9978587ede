//! Progress of long work as a bar on a terminal, and as plain lines where there is none.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::Duration;

use catalogue::progress::Progress;
use indicatif::{ProgressBar, ProgressStyle};

/// One bar at a time, on standard error.
#[derive(Default)]
pub struct Bar(Mutex<Option<ProgressBar>>);

impl Bar {
    fn with(&self, act: impl FnOnce(&mut Option<ProgressBar>)) {
        act(&mut self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    }
}

impl Progress for Bar {
    fn begin(&self, what: &str, total: u64, unit: &'static str) {
        if !std::io::stderr().is_terminal() {
            eprintln!("{what} ...");
        }
        let bar = if total == 0 { ProgressBar::new_spinner() } else { ProgressBar::new(total) };
        let template = match total {
            0 => format!("{{spinner}} {{msg}}: {{human_pos}} {unit} in {{elapsed}}"),
            _ => format!("{{msg}} {{wide_bar}} {{human_pos}}/{{human_len}} {unit}, {{eta}} left"),
        };
        bar.set_style(ProgressStyle::with_template(&template).expect("the template is fixed text"));
        bar.set_message(what.to_owned());
        bar.enable_steady_tick(Duration::from_millis(200));
        self.with(|current| *current = Some(bar));
    }

    fn advance(&self, done: u64) {
        self.with(|current| current.iter().for_each(|bar| bar.inc(done)));
    }

    fn end(&self) {
        self.with(|current| {
            if let Some(bar) = current.take() {
                bar.finish_and_clear();
            }
        });
    }
}
