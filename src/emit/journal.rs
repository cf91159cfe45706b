//! The way to the ledger: notes in the order they were made. Whoever keeps them may wait for company, and is woken for those
//! whose sender waits alone: waking another thread for each note would cost more than sending its request.

use std::sync::Arc;

use tokio::sync::{Notify, mpsc, oneshot};

use crate::ir::delivery::{DeltaRow, Outcome, RequestNote, ScanId, ScanPage};

/// What the ledger must hear, in this order.
#[derive(Debug)]
pub enum Note {
    /// These rows are about to leave, with a request of this number (0: not known yet). They wait for the answer: `true` once
    /// the marks are durable.
    InFlight {
        rows: Vec<DeltaRow>,
        request: u64,
        /// Marked for this request alone, at its turn: the call may never be repeated.
        alone: bool,
        ack: oneshot::Sender<bool>,
    },
    /// Rows that were marked and never left: their marks are taken back.
    Spared(Vec<DeltaRow>),
    Outcomes(Vec<Outcome>),
    Answered(RequestNote),
    /// A page of a listing to be kept. The next one waits for the answer: `true` once it is.
    Listed {
        page: ScanPage,
        ack: oneshot::Sender<bool>,
    },
    /// What a listing says of these rows: the destination's id of each that it names.
    LookUp {
        id: ScanId,
        rows: Vec<DeltaRow>,
        tell: oneshot::Sender<Vec<Option<String>>>,
    },
}

impl Note {
    fn is_waited_for(&self) -> bool {
        matches!(self, Note::InFlight { .. } | Note::Listed { .. } | Note::LookUp { .. })
    }
}

#[derive(Clone, Debug)]
pub struct Journal {
    notes: mpsc::Sender<Note>,
    /// Dropped after `notes`, and rings then: who listens learns that there will be no more.
    bell: Bell,
}

/// The other end.
#[derive(Debug)]
pub struct Notes {
    notes: mpsc::Receiver<Note>,
    bell: Arc<Notify>,
}

#[derive(Clone, Debug)]
struct Bell(Arc<Notify>);

impl Drop for Bell {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

impl Journal {
    /// Both ends, with room for so many notes.
    pub fn new(room: usize) -> (Journal, Notes) {
        let (sender, receiver) = mpsc::channel(room);
        let bell = Arc::new(Notify::new());
        (Journal { notes: sender, bell: Bell(bell.clone()) }, Notes { notes: receiver, bell })
    }

    /// Whether someone listens still.
    pub async fn tell(&self, note: Note) -> bool {
        let waited_for = note.is_waited_for();
        let told = self.notes.send(note).await.is_ok();
        if waited_for || self.notes.capacity() < self.notes.max_capacity() / 2 {
            self.bell.0.notify_one();
        }
        told
    }
}

impl Notes {
    /// The next one; `None` once there will be no more.
    pub async fn next(&mut self) -> Option<Note> {
        self.notes.recv().await
    }

    /// The next one, if it is there.
    pub fn waiting(&mut self) -> Option<Note> {
        self.notes.try_recv().ok()
    }

    /// Returns once somebody waits for a note's answer, or for room.
    pub async fn pressed(&self) {
        self.bell.notified().await;
    }

    pub fn is_over(&self) -> bool {
        self.notes.is_closed() && self.notes.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use futures::executor::block_on;

    use super::*;

    fn rung(notes: &Notes) -> bool {
        notes.pressed().now_or_never().is_some()
    }

    #[test]
    fn the_bell_rings_for_those_who_wait() {
        let (journal, mut notes) = Journal::new(8);
        let spared = || Note::Spared(Vec::new());
        for _ in 0..4 {
            assert!(block_on(journal.tell(spared())));
            assert!(!rung(&notes), "half of the room is left");
        }
        block_on(journal.tell(spared()));
        assert!(rung(&notes), "whoever comes next may have to wait for room");
        while notes.waiting().is_some() {}
        let (ack, _acked) = oneshot::channel();
        block_on(journal.tell(Note::InFlight { rows: Vec::new(), request: 1, alone: false, ack }));
        assert!(rung(&notes), "a request waits for its marks");
        let other = journal.clone();
        drop(other);
        assert!(rung(&notes) && !notes.is_over());
        drop(journal);
        assert!(rung(&notes) && !notes.is_over(), "a note is left to take");
        assert!(notes.waiting().is_some() && notes.is_over());
        assert!(block_on(notes.next()).is_none());
    }
}
