//! First screens are made by a few threads of their own.
//!
//! A connection's thread then never touches the stack and the heap that a snapshot of everything takes, and an idle
//! connection stays small; and a thousand clients that come back at once take turns at the database.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Builder;

use crate::model::{Error, Result, limits};

type Job = Box<dyn FnOnce() + Send>;

/// The threads; they end when it is dropped.
pub(super) struct Screens(Sender<Job>);

impl Screens {
    /// Starts [`limits::SCREEN_THREADS`] threads.
    ///
    /// # Errors
    /// If a thread cannot be started.
    pub(super) fn start() -> std::io::Result<Self> {
        let (jobs, waiting) = channel::<Job>();
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..limits::SCREEN_THREADS {
            let waiting = Arc::clone(&waiting);
            Builder::new().name("screens".into()).stack_size(limits::CONNECTION_STACK).spawn(move || work(&waiting))?;
        }
        Ok(Self(jobs))
    }

    /// Runs `job` on one of them and waits for it.
    ///
    /// # Errors
    /// 500 if it panicked.
    pub(super) fn run<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let (reply, answer) = sync_channel(1);
        // Whoever waits for the answer is still there: this thread.
        let job = Box::new(move || drop(reply.send(job())));
        self.0.send(job).map_err(|_| Error::internal("no thread makes first screens"))?;
        answer.recv().map_err(|_| Error::internal("a first screen was not made"))
    }
}

fn work(waiting: &Mutex<Receiver<Job>>) {
    loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        // The panic hook logs it; the connection that waits for it hears of it by the answer that does not come.
        let _ = catch_unwind(AssertUnwindSafe(job));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_costs_its_own_screen_alone() {
        let screens = Screens::start().unwrap();
        for number in 0..8 {
            assert!(screens.run(|| -> u32 { panic!("as asked") }).is_err());
            assert_eq!(screens.run(move || number).unwrap(), number);
        }
    }
}
