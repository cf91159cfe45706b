//! Time that passes only while everyone waits.

use std::collections::BTreeMap;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

#[derive(Default)]
struct Hands {
    now: Duration,
    /// By when they wake, then by when they fell asleep.
    sleepers: BTreeMap<(Duration, u64), Waker>,
    slept: u64,
}

#[derive(Default)]
pub struct Clock(Mutex<Hands>);

impl Clock {
    pub fn now(&self) -> Duration {
        self.hands().now
    }

    pub fn pass(&self, time: Duration) {
        self.hands().now += time;
    }

    pub fn sleep(&self, time: Duration) -> Nap<'_> {
        let mut hands = self.hands();
        hands.slept += 1;
        Nap { clock: self, key: (hands.now + time, hands.slept) }
    }

    /// Polls `work` to its end, and moves the hands whenever nothing else can; `None` where `ended` says so before.
    ///
    /// # Panics
    /// When `work` waits for something that no sleeper brings.
    pub fn block_on<T>(&self, work: impl Future<Output = T>, ended: impl Fn() -> bool) -> Option<T> {
        let mut work = pin!(work);
        let woken = Arc::new(Woken(AtomicBool::new(true)));
        let waker = Waker::from(woken.clone());
        loop {
            while woken.0.swap(false, Ordering::Relaxed) {
                let polled = work.as_mut().poll(&mut Context::from_waker(&waker));
                if ended() {
                    return None;
                }
                if let Poll::Ready(made) = polled {
                    return Some(made);
                }
            }
            assert!(self.tick(), "everyone waits, and no one sleeps");
        }
    }

    /// Goes on to the moment when the next sleeper wakes; whether there is one.
    fn tick(&self) -> bool {
        let mut hands = self.hands();
        let Some(((until, _), waker)) = hands.sleepers.pop_first() else { return false };
        hands.now = hands.now.max(until);
        drop(hands);
        waker.wake();
        true
    }

    fn hands(&self) -> MutexGuard<'_, Hands> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A sleep; one that is given up does not hold the hands.
pub struct Nap<'a> {
    clock: &'a Clock,
    key: (Duration, u64),
}

impl Future for Nap<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut hands = self.clock.hands();
        if hands.now >= self.key.0 {
            return Poll::Ready(());
        }
        hands.sleepers.insert(self.key, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Nap<'_> {
    fn drop(&mut self) {
        self.clock.hands().sleepers.remove(&self.key);
    }
}
