//! Agents come in here: with one connection for each of their clients, and one of their own.

use std::sync::Arc;

use tokio::io::{AsyncWriteExt as _, BufWriter};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};

use super::kept::{Kept, Phase};
use crate::journal::Portion;
use crate::kernels::wire::{Parts, compose};
use crate::link::{self, Attach, Frames, News, ToAgent, ToKeeper};

type In = Frames<OwnedReadHalf>;
type Out = BufWriter<OwnedWriteHalf>;

/// Admits connections for ever.
pub async fn keep_open(listener: UnixListener, kept: Arc<Kept>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(serve(stream, kept.clone()));
            }
            // Too many open files, for example: those who have come in leave again.
            Err(error) => {
                tracing::warn!("a keeper cannot accept a connection: {error}");
                tokio::time::sleep(kept.limits.accept_again).await;
            }
        }
    }
}

async fn serve(stream: UnixStream, kept: Arc<Kept>) {
    let (reader, writer) = stream.into_split();
    let (mut input, output) = (Frames::new(reader), BufWriter::new(writer));
    let _visit = kept.visit();
    match input.next().await {
        Some(ToKeeper::Attach(attach)) => {
            let last = kept.journal.last();
            let start = kept.sessions().begin(&attach.session, attach.cursor, last);
            let told = async {
                if tell_client(&kept, &attach, start, output).await.is_err() {
                    // It does not listen any more, but what it asked before it left is still to be heard.
                    std::future::pending().await
                }
            };
            tokio::select! {
                () = hear_client(&kept, &attach, input) => {}
                () = told => {}
            }
        }
        Some(ToKeeper::Watch) => {
            kept.watchers.send_modify(|count| *count += 1);
            let (told, answers) = tokio::sync::mpsc::channel(1);
            tokio::select! {
                () = hear_agent(&kept, input, told) => {}
                _ = tell_agent(&kept, answers, output) => {}
            }
            kept.watchers.send_modify(|count| *count -= 1);
        }
        Some(ToKeeper::Follow(start)) => tokio::select! {
            // Nothing comes in here but the end.
            _ = input.next::<ToKeeper>() => {}
            _ = tell_follower(&kept, start, output) => {}
        },
        Some(ToKeeper::Request(..) | ToKeeper::Has(_) | ToKeeper::Order(_)) | None => {}
    }
}

/// Sends everything after `start`, until the journal is closed.
async fn tell_follower(kept: &Kept, start: u64, mut output: Out) -> std::io::Result<()> {
    let mut reader = kept.journal.read_after(start);
    while let Some(Portion { missing: _, records }) = reader.next().await {
        for record in records {
            link::put(&mut output, &ToAgent::Record(record)).await?;
        }
        output.flush().await?;
    }
    Ok(())
}

async fn hear_client(kept: &Kept, attach: &Attach, mut input: In) {
    while let Some(message) = input.next().await {
        match message {
            ToKeeper::Request(channel, parts) => {
                kept.note_request(&attach.session, channel, &parts);
                kept.request(channel, parts).await;
            }
            ToKeeper::Has(seq) => kept.sessions().has(&attach.session, seq),
            ToKeeper::Attach(_) | ToKeeper::Follow(_) | ToKeeper::Watch | ToKeeper::Order(_) => return,
        }
    }
}

/// Sends everything after `start` that is for this client, until the journal is closed.
async fn tell_client(kept: &Kept, attach: &Attach, start: u64, mut output: Out) -> std::io::Result<()> {
    let mut reader = kept.journal.read_after(start);
    while let Some(Portion { missing, records }) = reader.next().await {
        if missing > 0 {
            let notice = gap(missing, &records[0].parts, kept.limits.journal.disk_bytes);
            let record = records[0].beside(&notice);
            link::put(&mut output, &ToAgent::Record(record)).await?;
        }
        let last = records.last().map_or(start, |record| record.seq);
        for record in records.into_iter().filter(|record| record.is_for(&attach.session)) {
            link::put(&mut output, &ToAgent::Record(record)).await?;
        }
        output.flush().await?;
        kept.sessions().sent(&attach.session, last);
    }
    Ok(())
}

/// What a client reads in place of messages that are no longer kept, below the cell whose output begins again.
fn gap(missing: u64, next: &Parts, limit_bytes: u64) -> Parts {
    let limit = limit_bytes / (1024 * 1024);
    let text = format!(
        "\n[Nearside keeps the last {limit} MiB that a kernel says: {missing} older messages are left out here.]\n"
    );
    compose("stream", Some(&next[1]), &serde_json::json!({"name": "stderr", "text": text}))
}

type Answers = tokio::sync::mpsc::Sender<News>;

async fn hear_agent(kept: &Kept, mut input: In, answers: Answers) {
    while let Some(message) = input.next().await {
        let ToKeeper::Order(order) = message else { return };
        if let Some(answer) = kept.obey(order).await
            && answers.send(News::Done(answer)).await.is_err()
        {
            return;
        }
    }
}

async fn tell_agent(
    kept: &Kept,
    mut answers: tokio::sync::mpsc::Receiver<News>,
    mut output: Out,
) -> std::io::Result<()> {
    let mut phases = kept.phase.subscribe();
    phases.mark_changed();
    loop {
        let news = tokio::select! {
            biased;
            Some(answer) = answers.recv() => answer,
            changed = phases.changed() => {
                if changed.is_err() {
                    return Ok(());
                }
                let phase = phases.borrow_and_update().clone();
                match phase {
                    Phase::Starting | Phase::Running => News::Seen(kept.seen()),
                    Phase::Failed(error) => News::Failed(error),
                    Phase::Gone => News::Gone,
                }
            }
        };
        let is_last = matches!(news, News::Gone | News::Failed(_));
        link::put(&mut output, &ToAgent::News(news)).await?;
        output.flush().await?;
        if is_last {
            // The connection stays open: its end tells the agent that this process is gone too.
            return std::future::pending().await;
        }
    }
}
