//! Sees to it that the bytes of files follow their rows: one thread that sleeps until a file goes or is too old.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::chat::{Chat, files};
use crate::media::Media;
use crate::model::{AttachmentId, Error, Result, limits};

/// When clearing fails (the disk may be full), it is tried again after this.
const AGAIN: Duration = Duration::from_secs(60);

/// The thread; it ends, after clearing once more, when this is stopped.
pub(super) struct Keeper {
    chat: Arc<Chat>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Starts it; files below `end` that have no row are left over from earlier processes.
    pub(super) fn start(chat: Arc<Chat>, media: Arc<Media>, end: AttachmentId) -> io::Result<Self> {
        let work = Work { chat: Arc::clone(&chat), media };
        let thread = std::thread::Builder::new().name("keeper".into()).spawn(move || work.run(end))?;
        Ok(Self { chat, thread: Some(thread) })
    }

    /// Ends it.
    pub(super) fn stop(&mut self) {
        self.chat.store().bell().close();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            log::error!("the keeper of files had ended by a panic");
        }
    }
}

struct Work {
    chat: Arc<Chat>,
    media: Arc<Media>,
}

impl Work {
    fn run(&self, end: AttachmentId) {
        if let Err(error) = self.remove_leftovers(end) {
            log::warn!("files of earlier runs cannot be cleared away before the next start: {error}");
        }
        let mut goes_on = true;
        while goes_on {
            let due = self.clear().unwrap_or_else(|error| {
                log::warn!("files cannot be cleared away, and are tried again: {error}");
                Some(AGAIN)
            });
            goes_on = self.chat.store().bell().wait(due);
        }
        // What the last requests removed.
        if let Err(error) = self.clear() {
            log::warn!("files are left to be cleared away at the next start: {error}");
        }
    }

    /// Removes what a crash left between a file and its row.
    fn remove_leftovers(&self, end: AttachmentId) -> Result<()> {
        let mut found = self.media.leftovers(end).map_err(Error::unavailable)?;
        loop {
            let some: BTreeSet<_> = found.by_ref().take(limits::SWEEP_ROWS).collect();
            if some.is_empty() {
                return Ok(());
            }
            let some: Vec<_> = some.into_iter().collect();
            // While a backup is being made they stay, for the next start to remove.
            let Some(_clearing) = self.media.clearing().map_err(Error::unavailable)? else { return Ok(()) };
            for orphan in self.chat.read(|cx| files::orphans(cx, &some))? {
                self.remove(orphan);
            }
        }
    }

    /// Clears away some of what is to go; when to come again.
    fn clear(&self) -> Result<Option<Duration>> {
        let lived_s = self.chat.store().lived_s();
        let (gone, due_in_s) = self.chat.read(|cx| files::to_clear(cx, lived_s))?;
        let is_due = due_in_s.is_some_and(|seconds| seconds <= 0);
        if gone.is_empty() && !is_due {
            let seconds = due_in_s.and_then(|seconds| u64::try_from(seconds).ok());
            return Ok(seconds.map(Duration::from_secs));
        }
        let clearing = self.media.clearing().map_err(Error::unavailable)?;
        // A backup is being made, and rings when it is done if it is this process's own.
        let Some(clearing) = clearing else { return Ok(Some(AGAIN)) };
        let cleared: Vec<_> = gone.into_iter().filter(|id| self.remove(*id)).collect();
        drop(clearing);
        if cleared.is_empty() && !is_due {
            return Ok(Some(AGAIN));
        }
        self.chat.write(move |cx| files::clear(cx, &cleared))?;
        // There may be more.
        Ok(Some(Duration::ZERO))
    }

    fn remove(&self, id: AttachmentId) -> bool {
        let removed = self.media.remove(id);
        if let Err(error) = &removed {
            log::warn!("a file cannot be removed: {error}");
        }
        removed.is_ok()
    }
}
