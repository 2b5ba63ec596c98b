//! Callbacks of scripts, and how events find them: a session's thread queues an event and rings PHP's doorbell, and PHP's
//! thread takes it from there and calls. The threads know callbacks by their numbers alone.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::mem::ManuallyDrop;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ext_php_rs::types::Zval;
use ext_php_rs::zend::ExecutorGlobals;
use trellis_php_host::doorbell::{self, Bell};
use trellis_php_host::{Exception, Owner, Throw, call, request, string, value};
use trellis_zk_client::{Notice, Watch};

use crate::constants::{CONNECTED, SESSION_EVENT};
use crate::failure::Failure;

/// A callback: of which session, and which of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    session: u64,
    callback: u64,
}

/// The callback that is told of a session's states, and is the only one that is called more than once.
const OF_STATES: u64 = 0;

/// What has happened.
enum Event {
    /// The kind of event and the znode.
    Znode(i32, String),
    /// The session's state.
    State(i32),
    /// The code that a request came to.
    Done(i32),
}

/// Where events wait for PHP's thread. It belongs to one request of PHP's.
pub(crate) struct Queue {
    bell: Bell,
    /// None when the request is over.
    waiting: Mutex<Option<VecDeque<(Key, Event)>>>,
}

impl Queue {
    /// The state of a session has changed.
    pub(crate) fn push_state(&self, session: u64, state: i32) {
        self.push(Key { session, callback: OF_STATES }, Event::State(state));
    }

    /// A request has come to an end.
    pub(crate) fn push_done(&self, key: Key, code: i32) {
        self.push(key, Event::Done(code));
    }

    fn push(&self, key: Key, event: Event) {
        let mut waiting = self.lock();
        // The bell is PHP's only as long as the queue is, so nobody may end that meanwhile.
        if let Some(events) = &mut *waiting {
            events.push_back((key, event));
            self.bell.ring();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<VecDeque<(Key, Event)>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

thread_local! {
    static QUEUE: RefCell<Option<(Owner, Arc<Queue>)>> = const { RefCell::new(None) };
    /// They are given back at the end of a request, and never at the thread's: PHP's memory is gone then.
    static CALLBACKS: ManuallyDrop<RefCell<BTreeMap<Key, Zval>>> =
        const { ManuallyDrop::new(RefCell::new(BTreeMap::new())) };
    static LAST: Cell<u64> = const { Cell::new(OF_STATES) };
}

/// The queue of this process' request.
pub(crate) fn queue() -> Result<Arc<Queue>, Throw> {
    let known = QUEUE.with_borrow(Clone::clone);
    if let Some((_, queue)) = known.filter(|(owner, _)| owner.is_this_process()) {
        return Ok(queue);
    }
    let bell = Bell::of_this_process().map_err(|error| Failure::with(&error.to_string(), -1))?;
    if !request::is_under_way() {
        return Ok(Arc::new(Queue { bell, waiting: Mutex::new(None) }));
    }
    let queue = Arc::new(Queue { bell, waiting: Mutex::new(Some(VecDeque::new())) });
    QUEUE.set(Some((Owner::this_process(), Arc::clone(&queue))));
    Ok(queue)
}

/// A number that nobody else has in this thread.
pub(crate) fn number() -> u64 {
    LAST.set(LAST.get() + 1);
    LAST.get()
}

/// Keeps a callback for one event; not when the request is over, and then nobody is called.
pub(crate) fn keep(session: u64, callable: &Zval) -> Key {
    let key = Key { session, callback: number() };
    replace(key, Some(callable.dereference().shallow_clone()));
    key
}

/// Keeps the callback for a session's states, in the place of the one before.
pub(crate) fn keep_for_states(session: u64, callable: &Zval) {
    let callable = callable.dereference().shallow_clone();
    replace(Key { session, callback: OF_STATES }, Some(callable));
}

/// Tells of the callback for a session's states, if there is one.
pub(crate) fn with_that_for_states(session: u64, tell: &mut dyn FnMut(&Zval)) {
    CALLBACKS.with(|callbacks| {
        let callbacks = callbacks.try_borrow();
        let callable = callbacks.as_ref().ok().and_then(|all| all.get(&Key { session, callback: OF_STATES }));
        callable.into_iter().for_each(tell);
    });
}

/// Has a callback called when a watch fires.
pub(crate) fn follow(session: u64, queue: &Arc<Queue>, watch: Watch, callable: &Zval) {
    let key = keep(session, callable);
    let queue = Arc::clone(queue);
    watch.on_notice(Box::new(move |notice| {
        if let Notice::Event(event) = notice {
            queue.push(key, Event::Znode(event.kind.number(), event.path));
        }
    }));
}

/// Forgets all callbacks of a session.
pub(crate) fn forget(session: u64) {
    // Their values go after the borrow: a value's end may be PHP code.
    let forgotten = CALLBACKS.with(|callbacks| {
        let mut callbacks = callbacks.borrow_mut();
        let mut rest = callbacks.split_off(&Key { session, callback: OF_STATES });
        let mut later = rest.split_off(&Key { session: session + 1, callback: OF_STATES });
        callbacks.append(&mut later);
        rest
    });
    drop(forgotten);
}

/// The request is over: events that still wait are dropped, and so are all callbacks.
pub(crate) fn drop_all() {
    if let Some((owner, queue)) = QUEUE.take()
        && owner.is_this_process()
    {
        *queue.lock() = None;
    }
    drop(CALLBACKS.with(|callbacks| callbacks.take()));
}

/// Delivers what there is, at once.
pub(crate) fn dispatch() -> Result<(), Throw> {
    doorbell::dispatch();
    if ExecutorGlobals::has_exception() { Err(Throw::Pending) } else { Ok(()) }
}

/// Calls the callback of the event that has waited longest, if one has.
pub(crate) extern "C" fn deliver() -> bool {
    let queue = QUEUE.with_borrow(Clone::clone);
    // What a parent's sessions have told is not for its child.
    let Some((_, queue)) = queue.filter(|(owner, _)| owner.is_this_process()) else { return false };
    let next = queue.lock().as_mut().and_then(VecDeque::pop_front);
    drop(queue);
    let Some((key, event)) = next else { return false };
    let callable = match key.callback {
        OF_STATES => CALLBACKS.with(|callbacks| callbacks.borrow().get(&key).map(Zval::shallow_clone)),
        _ => replace(key, None),
    };
    let Some(callable) = callable else { return true };
    let outcome = match event {
        Event::Done(code) => call(&callable, [value(code)]),
        Event::State(state) => node_event(&callable, SESSION_EVENT, state, String::new()),
        Event::Znode(kind, path) => node_event(&callable, kind, CONNECTED, path),
    };
    if let Err(throw) = outcome {
        throw.raise();
    }
    true
}

/// Calls with a kind of event, a state and a path, which is PHP's own from here on.
fn node_event(callable: &Zval, kind: i32, state: i32, path: String) -> Result<Zval, Throw> {
    call(callable, [value(kind), value(state), string(path)])
}

/// Puts a callback in its place, or takes it away, and gives the one that was there.
fn replace(key: Key, callable: Option<Zval>) -> Option<Zval> {
    CALLBACKS.with(|callbacks| match callable {
        Some(callable) if request::is_under_way() => callbacks.borrow_mut().insert(key, callable),
        other => {
            // Its end may be PHP code, so nothing is borrowed meanwhile.
            drop(other);
            callbacks.borrow_mut().remove(&key)
        }
    })
}
