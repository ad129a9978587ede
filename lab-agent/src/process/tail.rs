//! The last bytes of a stream, read as they come so that the writer never blocks.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How long a dead process's stderr may stay open in the hands of its descendants before we look anyway.
const DRAIN: Duration = Duration::from_millis(300);

/// A reader that keeps the end of what it reads.
pub struct Tail {
    kept: Arc<Mutex<VecDeque<u8>>>,
    reader: JoinHandle<()>,
    limit: usize,
}

impl Tail {
    /// Reads `stream` to its end and keeps its last `limit` bytes.
    pub fn of(stream: impl AsyncRead + Unpin + Send + 'static, limit: usize) -> Self {
        let kept = Arc::new(Mutex::new(VecDeque::new()));
        let reader = tokio::spawn(read(stream, kept.clone(), limit));
        Self { kept, reader, limit }
    }

    /// Waits for the end of the stream, but not long, and returns the text that is kept.
    pub async fn finish(&mut self) -> String {
        if !self.reader.is_finished() {
            let _ = timeout(DRAIN, &mut self.reader).await;
        }
        self.text()
    }

    fn text(&self) -> String {
        let mut kept = self.kept.lock().expect("no thread panics while it holds the tail");
        // One byte more than the limit is kept, so that a cut is known and can be shown.
        let cut = kept.len() > self.limit;
        let bytes = &kept.make_contiguous()[usize::from(cut)..];
        let text = String::from_utf8_lossy(bytes);
        if cut { format!("…{text}") } else { text.into_owned() }
    }

    #[cfg(test)]
    pub async fn contains(&self, words: &str) {
        while !self.text().contains(words) {
            tokio::task::yield_now().await;
        }
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

async fn read(mut stream: impl AsyncRead + Unpin, kept: Arc<Mutex<VecDeque<u8>>>, limit: usize) {
    let mut chunk = [0; 4096];
    while let Ok(count) = stream.read(&mut chunk).await {
        if count == 0 {
            return;
        }
        tracing::debug!("stderr of a child: {}", String::from_utf8_lossy(&chunk[..count]).trim_end());
        let mut kept = kept.lock().expect("no thread panics while it holds the tail");
        kept.extend(&chunk[..count]);
        let excess = kept.len().saturating_sub(limit + 1);
        kept.drain(..excess);
    }
}
