//! `Trellis\Timer`: calls once or again and again, in milliseconds, between two statements of the script and while it sleeps.

mod alarm;
mod schedule;

use std::cell::{Cell, RefCell};
use std::mem::ManuallyDrop;
use std::time::{Duration, Instant};

use alarm::Alarm;
use ext_php_rs::boxed::ZBox;
use ext_php_rs::builders::FunctionBuilder;
use ext_php_rs::error::Result as Registered;
use ext_php_rs::flags::{DataType, MethodFlags};
use ext_php_rs::types::{ZendObject, Zval};
use schedule::Schedule;
use trellis_php_host::function::required;
use trellis_php_host::{
    Call, Class, Throw, call as call_php, create, doorbell, function, object_value, request,
};

use crate::pool::of_class;

/// What an object of the class has: a timer's number, as long as there is the timer, too.
#[derive(Default)]
struct Timer(Cell<u64>);

trellis_php_host::native!(Timer = "Trellis\\Timer");

/// What is called, and the object that it is called with.
struct Callback {
    callable: Zval,
    timer: Zval,
}

impl Callback {
    fn copy(&self) -> Callback {
        Callback { callable: self.callable.shallow_clone(), timer: self.timer.shallow_clone() }
    }
}

/// The timers of a process. A child of a fork has none of its parent's.
struct Timers {
    schedule: Schedule<Callback>,
    alarm: Alarm,
}

/// How long the script has for itself, at least, between two rounds of timers.
const PAUSE: Duration = Duration::from_millis(1);

impl Timers {
    /// Has PHP's thread call [`deliver`] when the next timer is due. In a round, it does so anyway.
    fn set_alarm(&self) {
        // A round that the end of the script has cut short is still there when its shutdown functions are called.
        let is_called = doorbell::while_listening(|bell| bell.is_none());
        if !(is_called && self.schedule.is_in_round()) {
            self.alarm.set(self.schedule.next());
        }
    }

    /// What has fired next in this round; none at its end.
    fn fire(&mut self) -> Option<Callback> {
        let now = Instant::now();
        let fired = self.schedule.fire(now, Callback::copy);
        if fired.is_none() {
            self.alarm.set(self.schedule.next().map(|next| next.max(now + PAUSE)));
        }
        fired
    }
}

thread_local! {
    /// They are given back at the end of a request, and never at the thread's: PHP's memory is gone then.
    static TIMERS: ManuallyDrop<RefCell<Option<Timers>>> = const { ManuallyDrop::new(RefCell::new(None)) };
    static LAST: Cell<u64> = const { Cell::new(0) };
}

/// Registers the class.
pub(crate) fn register() -> Registered<()> {
    trellis_php_host::register::<Timer>(|builder| {
        let starter = |builder: FunctionBuilder<'static>| {
            builder
                .arg(required("milliseconds", DataType::Long))
                .arg(required("callback", DataType::Callable))
                .returns(DataType::object(Timer::NAME), false, false)
        };
        let both = MethodFlags::Public | MethodFlags::Static;
        let answer = |builder: FunctionBuilder<'static>| builder.returns(DataType::Bool, false, false);
        Ok(builder
            // They are made by the other two alone.
            .method(function("__construct", |_| Ok(())), MethodFlags::Private)
            .method(starter(function("after", |call| start(call, false))), both)
            .method(starter(function("every", |call| start(call, true))), both)
            .method(answer(function("cancel", cancel)), MethodFlags::Public)
            .method(answer(function("isActive", is_active)), MethodFlags::Public))
    })
}

/// `after(int $milliseconds, callable $callback): Timer` and `every`.
fn start(call: &mut Call<'_>, periodic: bool) -> Result<ZBox<ZendObject>, Throw> {
    let milliseconds = u64::try_from(call.argument::<i64>(0)?).ok();
    let time = milliseconds.filter(|milliseconds| *milliseconds > 0 || !periodic).map(Duration::from_millis);
    let due = time.and_then(|time| Instant::now().checked_add(time));
    let Some((time, due)) = time.zip(due) else {
        let wanted = if periodic { "must be greater than 0" } else { "must be greater than or equal to 0" };
        return Err(call.value_error(0, wanted));
    };
    if !request::is_under_way() {
        return Err(of_class("RuntimeException", "there can be no timer: the request is over"));
    }
    let callable = call.argument::<&Zval>(1)?.shallow_clone();
    LAST.set(LAST.get() + 1);
    let number = LAST.get();
    let object = create::<Timer>(|timer| timer.0.set(number));
    let what = Callback { callable, timer: object_value(&object) };
    let others = TIMERS.with(|timers| {
        let timers = &mut *timers.borrow_mut();
        // What belongs to a parent is given back when nothing is borrowed any more: it may be the end of an object.
        let others = timers.take_if(|timers| !timers.alarm.is_ours());
        if timers.is_none() {
            *timers = Some(Timers { schedule: Schedule::default(), alarm: Alarm::new()? });
        }
        if let Some(timers) = timers {
            timers.schedule.add(number, due, periodic.then_some(time), what);
            timers.set_alarm();
        }
        std::io::Result::Ok(others)
    });
    drop(others.map_err(|error| of_class("RuntimeException", &format!("there can be no timer: {error}")))?);
    Ok(object)
}

/// `cancel(): bool`: whether it would have fired.
fn cancel(call: &mut Call<'_>) -> Result<bool, Throw> {
    let number = call.this::<Timer>()?.0.get();
    // An alarm for a timer that is gone finds nothing to do.
    let cancelled = with(|timers| timers.schedule.remove(number)).flatten();
    Ok(cancelled.is_some())
}

/// `isActive(): bool`: whether it will fire.
fn is_active(call: &mut Call<'_>) -> Result<bool, Throw> {
    let number = call.this::<Timer>()?.0.get();
    Ok(with(|timers| timers.schedule.contains(number)).unwrap_or(false))
}

/// Calls what is due next, if anything is.
pub(crate) extern "C" fn deliver() -> bool {
    let Some(Callback { callable, timer }) = with(Timers::fire).flatten() else {
        return false;
    };
    if let Err(throw) = call_php(&callable, [timer]) {
        throw.raise();
    }
    true
}

/// The request is over, and so are its timers.
pub(crate) fn drop_all() {
    drop(TIMERS.with(|timers| timers.take()));
}

/// Ends the thread, if no timer needs it.
pub(crate) fn rest() {
    let idle = TIMERS.with(|timers| timers.borrow_mut().take_if(|timers| timers.schedule.next().is_none()));
    drop(idle);
}

/// Does something with the timers of this process, if there are any, that calls no PHP code.
fn with<R>(act: impl FnOnce(&mut Timers) -> R) -> Option<R> {
    TIMERS.with(|timers| timers.borrow_mut().as_mut().filter(|timers| timers.alarm.is_ours()).map(act))
}
