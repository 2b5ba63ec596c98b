//! `Trellis\Worker`: a PHP function works on the jobs that `trellis run` hands to a program with `mode = "stream"`.

use std::cell::Cell;
use std::io::{ErrorKind, Read};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};

use ext_php_rs::args::Arg;
use ext_php_rs::boxed::ZBox;
use ext_php_rs::error::Result as Registered;
use ext_php_rs::flags::{ConstantFlags, DataType, MethodFlags};
use ext_php_rs::types::{ZendHashTable, ZendObject, Zval};
use ext_php_rs::zend::ce;
use trellis_php_host::function::required;
use trellis_php_host::{
    Call, Class, Exception, Outcome, Owner, Throw, Turn, call as call_php, call_function, function,
    has_function, inherited, outcome, register_exception, string, value,
};
use trellis_unix::frame::{Decoder, write_frame};
use trellis_unix::limits::FRAME_BYTES_MAX;

use crate::wait::{Round, round, serve};

trellis_php_host::exceptions! {
    /// The script wasn't started for jobs, or the supervisor is not to be understood.
    pub(crate) struct WorkerFailure = "Trellis\\WorkerException" extends ce::exception;
}

/// Where a supervisor leaves the socket.
const DESCRIPTOR: i32 = 3;
/// SIGTERM, and `SIG_DFL` of PHP.
const TERM: i64 = 15;
const DEFAULT: i64 = 0;
/// How much is read at once.
const READ_BYTES: usize = 64 << 10;

/// Whether to end after the job under way.
static STOPPING: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// The time in which jobs are worked on.
    static WORKING: Turn = const { Turn::new() };
    /// Who does, or did when a fatal error came. In a child that was forked meanwhile, that is its parent.
    static WORKER: Cell<Option<Owner>> = const { Cell::new(None) };
}

#[derive(Default)]
struct Worker;

trellis_php_host::native!(Worker = "Trellis\\Worker");

/// Registers the classes.
pub(crate) fn register() -> Registered<()> {
    register_exception::<WorkerFailure>(Ok)?;
    trellis_php_host::register::<Worker>(|builder| {
        let run = function("run", run).arg(required("work", DataType::Callable)).returns(
            DataType::Long,
            false,
            false,
        );
        let stop = function("stop", |_| {
            STOPPING.store(true, Ordering::Relaxed);
            Ok(())
        });
        // As a signal's handler it is given the signal.
        let stop = stop.not_required().arg(Arg::new("signal", DataType::Mixed).is_variadic());
        let both = MethodFlags::Public | MethodFlags::Static;
        let builder = builder.method(run, both).method(stop, both);
        [("DONE", "done"), ("RETRY", "retry"), ("FAIL", "fail"), ("BURY", "bury")]
            .into_iter()
            .try_fold(builder, |builder, (name, verb)| {
                builder.constant(name, verb, &[], ConstantFlags::Public)
            })
    })
}

/// `Worker::run(callable $work): int`: works until there are no more jobs, or SIGTERM comes, and says how many there were.
fn run(call: &mut Call<'_>) -> Result<i64, Throw> {
    let work: &Zval = call.argument(0)?;
    let mut jobs = Jobs::open()?;
    let others = WORKER.get().is_some_and(|worker| !worker.is_this_process());
    let taken = if others { None } else { WORKING.with(Turn::take) };
    let taken = taken.ok_or_else(|| {
        let message = "a job's function, or a child that it has forked, can't take jobs itself";
        WorkerFailure::with(message, 0)
    })?;
    WORKER.set(Some(jobs.owner));
    let worked = work_and_handle(&mut jobs, work);
    if jobs.owner.is_this_process() && WORKING.with(|turn| turn.give_back(taken)) {
        WORKER.set(None);
    }
    worked
}

/// Forgets who worked when a fatal error came, or in a fiber that was never resumed; at the end of a request.
pub(crate) fn reset() {
    WORKING.with(Turn::reset);
    WORKER.set(None);
}

/// Works, with a handler for SIGTERM meanwhile.
fn work_and_handle(jobs: &mut Jobs, work: &Zval) -> Result<i64, Throw> {
    STOPPING.store(false, Ordering::Relaxed);
    let handled = begin_to_handle()?;
    let worked = jobs.work(work);
    if handled {
        call_function("pcntl_signal", [value(TERM), value(DEFAULT)])?;
    }
    worked
}

/// The jobs that come.
struct Jobs {
    owner: Owner,
    socket: UnixStream,
    decoder: Decoder,
    /// What was read and not looked at.
    input: Vec<u8>,
}

impl Jobs {
    fn open() -> Result<Jobs, Throw> {
        let socket = inherited(DESCRIPTOR).map(UnixStream::from).filter(|socket| socket.peer_addr().is_ok());
        let socket = socket.ok_or_else(|| {
            let message =
                "descriptor 3 is no socket; let `trellis run` start this script, with mode = \"stream\"";
            WorkerFailure::with(message, 0)
        })?;
        let decoder = Decoder::new(FRAME_BYTES_MAX);
        Ok(Jobs { owner: Owner::this_process(), socket, decoder, input: Vec::new() })
    }

    fn work(&mut self, work: &Zval) -> Result<i64, Throw> {
        let mut count = 0;
        while let Some(frame) = self.next()? {
            let split = frame.iter().position(|byte| *byte == b'\n');
            let (line, body) = split.map_or((&frame[..], &[][..]), |at| (&frame[..at], &frame[at + 1..]));
            let id = line.strip_prefix(b"job ").and_then(|id| str::from_utf8(id).ok());
            let id = id.ok_or_else(|| WorkerFailure::with("what came on descriptor 3 is no job", 0))?;
            let Some(verdict) = judge(work, body, id)? else { return Err(Throw::Pending) };
            self.are_ours()?;
            let answer = verdict.replacen(' ', &format!(" {id} "), 1);
            let answer = if answer == verdict { format!("{verdict} {id}") } else { answer };
            // A supervisor that is gone is seen by the next read.
            let _ = write_frame(&mut &self.socket, answer.as_bytes(), FRAME_BYTES_MAX);
            count += 1;
        }
        Ok(count)
    }

    /// The supervisor has given the jobs to one process. A child that PHP code has forked and let come back has nothing
    /// to say to it.
    fn are_ours(&self) -> Result<(), Throw> {
        if self.owner.is_this_process() {
            return Ok(());
        }
        let message = "a child that a job's function has forked must end in it: the job is its parent's";
        Err(WorkerFailure::with(message, 0))
    }

    /// The next job's frame; none if there are no more, or if the script is to end.
    fn next(&mut self) -> Result<Option<Vec<u8>>, Throw> {
        loop {
            serve()?;
            self.are_ours()?;
            if STOPPING.load(Ordering::Relaxed) {
                return Ok(None);
            }
            let mut input = self.input.as_slice();
            let frame = self.decoder.push(&mut input);
            let taken = self.input.len() - input.len();
            self.input.drain(..taken);
            match frame {
                Ok(Some(frame)) => return Ok(Some(frame)),
                Ok(None) if !self.fill()? => return Ok(None),
                Ok(None) => {}
                Err(error) => return Err(WorkerFailure::with(&error.to_string(), 0)),
            }
        }
    }

    /// Reads what is there, or waits a round. Whether there may be more.
    fn fill(&mut self) -> Result<bool, Throw> {
        if !matches!(round(std::iter::once(self.socket.as_fd()), None), Round::Ready) {
            return Ok(true);
        }
        let mut buffer = [0; READ_BYTES];
        match self.socket.read(&mut buffer) {
            Ok(0) => Ok(false),
            Ok(bytes) => {
                self.input.extend_from_slice(&buffer[..bytes]);
                Ok(true)
            }
            Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => Ok(true),
            Err(error) => Err(WorkerFailure::with(&format!("cannot read from the supervisor: {error}"), 0)),
        }
    }
}

/// Does one job. None if the script ends by it.
fn judge(work: &Zval, body: &[u8], id: &str) -> Result<Option<String>, Throw> {
    match outcome(call_php(work, [string(body), string(id)]))? {
        Outcome::Value(value) => verdict(&value).map(Some),
        Outcome::Thrown(exception) => {
            tell(&exception);
            Ok(Some("fail".to_owned()))
        }
        Outcome::Exit => Ok(None),
    }
}

/// What a returned value decides: nothing or true is done, false has failed, seconds are when to try again.
fn verdict(value: &Zval) -> Result<String, Throw> {
    if value.is_null() || value.is_true() {
        return Ok("done".to_owned());
    }
    if value.is_false() {
        return Ok("fail".to_owned());
    }
    if let Some(seconds) = value.long().and_then(|seconds| u32::try_from(seconds).ok()) {
        return Ok(format!("retry {seconds}"));
    }
    let word = value.zend_str().and_then(|text| str::from_utf8(text.as_bytes()).ok());
    match word {
        Some(word @ ("done" | "retry" | "fail" | "bury")) => Ok(word.to_owned()),
        _ => {
            let message =
                "a job's function must return nothing, a bool, seconds, or one of Worker's constants";
            Err(WorkerFailure::with(message, 0))
        }
    }
}

/// Writes what was thrown where the supervisor's log has it.
fn tell(exception: &ZendObject) {
    use std::io::Write;
    let text = exception.try_call_method("__toString", vec![]).ok();
    if let Some(text) = text.as_ref().and_then(Zval::zend_str) {
        // There is no other place to say that this one can't be written to.
        let _ = std::io::stderr().write_all(&[text.as_bytes(), b"\n"].concat());
    }
}

/// Has SIGTERM end the work between two jobs, unless the script has a handler of its own.
fn begin_to_handle() -> Result<bool, Throw> {
    if !has_function("pcntl_signal")
        || call_function("pcntl_signal_get_handler", [value(TERM)])?.long() != Some(DEFAULT)
    {
        return Ok(false);
    }
    let mut stop: ZBox<ZendHashTable> = ZendHashTable::new();
    stop.push(Worker::NAME)?;
    stop.push("stop")?;
    call_function("pcntl_signal", [value(TERM), value(stop)])?;
    Ok(true)
}
