//! The thread that keeps a session: reads, pings while nothing else is sent, and connects again when the connection
//! is lost. It sends no request of a caller, and waits for no caller.

use std::sync::PoisonError;
use std::time::Instant;

use trellis_zk_codec::{ConnectRequest, Event, EventKind, KeeperState, ReplyHeader, xid};

use super::connection::{Connection, Grant, Loss};
use super::error::Attempt;
use super::shared::{Inner, Pending, Shared};
use super::{Answer, CallError, Happening, Listener, State};
use crate::limits::{ZK_RECONNECT_WAIT_MAX, ZK_RECONNECT_WAIT_MIN, ZK_SESSION_TIMEOUT_MIN};

/// What may be the end of a connection.
enum End {
    /// Another one is needed.
    Lost(Loss),
    /// The session is over, too.
    Over(State, KeeperState),
}

impl From<Loss> for End {
    fn from(loss: Loss) -> Self {
        End::Lost(loss)
    }
}

/// Tries each server once, and begins a session with the first that grants one.
pub(super) fn connect_once(shared: &Shared) -> Result<Connection, Vec<Attempt>> {
    let mut attempts = Vec::new();
    for server in 0..shared.settings.servers.len() {
        match attempt(shared, server) {
            Ok(connection) => return Ok(connection),
            Err(End::Lost(loss)) => attempts.push(failed(shared, server, loss)),
            // Nothing was asked to go on, so nothing can be over.
            Err(End::Over(..)) => attempts.push(failed(shared, server, Loss::Closed)),
        }
    }
    Err(attempts)
}

/// Keeps the session until it is over, or until the client has no more use for it.
pub(super) fn keep(shared: &Shared, listener: &mut Listener, mut connection: Connection) {
    loop {
        let end = match serve(shared, listener, &mut connection) {
            End::Lost(loss) => {
                if !lose(shared, listener, &loss) {
                    return;
                }
                drop(connection);
                reconnect(shared)
            }
            End::Over(state, why) => Err(End::Over(state, why)),
        };
        match end {
            Ok(another) => {
                connection = another;
                listener(of_state(match shared.lock().state {
                    State::ConnectedReadOnly => KeeperState::ConnectedReadOnly,
                    _ => KeeperState::SyncConnected,
                }));
            }
            Err(End::Over(state, why)) => {
                listener(of_state(why));
                shared.end(state, why);
                return;
            }
            Err(End::Lost(_)) => return,
        }
    }
}

/// Reads until the connection comes to its end.
fn serve(shared: &Shared, listener: &mut Listener, connection: &mut Connection) -> End {
    let mut heard = Instant::now();
    loop {
        let (ping_at, silent_at) = {
            let inner = shared.lock();
            (inner.ping_at(), heard + inner.session_timeout * 2 / 3)
        };
        match connection.read_frame(ping_at.min(silent_at)) {
            Ok(Some(frame)) => {
                heard = Instant::now();
                if let Err(end) = dispatch(shared, listener, frame) {
                    return end;
                }
            }
            Ok(None) if Instant::now() >= silent_at => return Loss::Silent.into(),
            Ok(None) => shared.ping_if_due(),
            Err(loss) => return loss.into(),
        }
    }
}

/// Hands a frame on to whom it is for.
fn dispatch(shared: &Shared, listener: &mut Listener, frame: Vec<u8>) -> Result<(), End> {
    let nonsense = |error: &dyn std::fmt::Display| Loss::Nonsense(error.to_string());
    let (header, body) = ReplyHeader::decode(&frame).map_err(|error| nonsense(&error))?;
    let mut inner = shared.lock();
    if header.zxid > 0 {
        inner.last_zxid = header.zxid;
    }
    match header.xid {
        xid::NOTIFICATION => {
            let event = Event::decode(body).map_err(|error| nonsense(&error))?;
            inner.watches.fired(event.kind, event.path);
            drop(inner);
            listener(Happening { kind: event.kind, state: event.state, path: Some(event.path.to_owned()) });
        }
        xid::PING | xid::SET_WATCHES => {}
        xid::AUTH if header.error.is_some() => {
            return Err(End::Over(State::AuthFailed, KeeperState::AuthFailed));
        }
        xid::AUTH => {
            if let Some(identified) = inner.identified.take() {
                let _ = identified.send(Ok(()));
            }
        }
        _ => answer(&mut inner, header, frame)?,
    }
    Ok(())
}

/// Gives a reply to the caller that has waited longest: servers answer in order.
fn answer(inner: &mut Inner, header: ReplyHeader, frame: Vec<u8>) -> Result<(), Loss> {
    let Some(Pending { op, watch, answer, .. }) =
        inner.pending.pop_front_if(|pending| pending.xid == header.xid)
    else {
        return Err(Loss::Nonsense(format!("it answers request {}, which was not next", header.xid)));
    };
    if let Some(watch) = watch.and_then(|watch| watch.granted(op, header.error)) {
        inner.watches.add(watch);
    }
    let outcome = match header.error {
        None => Ok(Answer { op, frame }),
        Some(code) => Err(CallError::Refused(code)),
    };
    // Who has given up waiting need not be told.
    let _ = answer.send(outcome);
    Ok(())
}

/// Tells everybody that the connection is lost; `false` if the client has no use for another one.
fn lose(shared: &Shared, listener: &mut Listener, loss: &Loss) -> bool {
    let mut inner = shared.lock();
    let goes_on = !inner.closing;
    inner.state = if goes_on { State::Connecting } else { State::Closed };
    inner.why = loss.to_string();
    let server = inner.server.clone();
    let pending = std::mem::take(&mut inner.pending);
    let identified = inner.identified.take();
    drop(inner);
    if goes_on {
        listener(of_state(KeeperState::Disconnected));
    }
    shared.changed.notify_all();
    for Pending { answer, request_bytes, .. } in pending {
        let _ = answer.send(Err(CallError::Lost { server: server.clone(), request_bytes }));
    }
    if let Some(identified) = identified {
        let _ = identified.send(Err(CallError::Lost { server, request_bytes: 0 }));
    }
    goes_on
}

/// Tries the servers again and again, the one after the lost one first, until one goes on with the session.
/// [`End::Lost`] if the client has no use for it any more.
fn reconnect(shared: &Shared) -> Result<Connection, End> {
    let servers = &shared.settings.servers;
    let lost = servers.iter().position(|server| server.to_string() == shared.lock().server).unwrap_or(0);
    let mut wait = ZK_RECONNECT_WAIT_MIN;
    loop {
        for step in 1..=servers.len() {
            if shared.lock().closing {
                return Err(Loss::Closed.into());
            }
            match attempt(shared, (lost + step) % servers.len()) {
                Err(End::Lost(loss)) => shared.lock().why = loss.to_string(),
                Ok(_) if shared.lock().closing => return Err(Loss::Closed.into()),
                outcome => return outcome,
            }
        }
        // Nobody waits for this but a client that closes.
        let waited = shared.changed.wait_timeout_while(shared.lock(), wait, |inner| !inner.closing);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        wait = (wait * 2).min(ZK_RECONNECT_WAIT_MAX);
    }
}

/// Asks one server for the session, a new one if there was none.
fn attempt(shared: &Shared, server: usize) -> Result<Connection, End> {
    let settings = &shared.settings;
    let address = &settings.servers[server];
    let timeout = settings.timeout / u32::try_from(settings.servers.len()).unwrap_or(u32::MAX);
    let (session, password, last_zxid) = {
        let mut inner = shared.lock();
        inner.server = address.to_string();
        (inner.session, inner.password.clone(), inner.last_zxid)
    };
    let mut connection = Connection::open(address, timeout)?;
    let no_password = [0; trellis_zk_codec::limits::PASSWORD_BYTES];
    let request = ConnectRequest {
        protocol_version: 0,
        last_zxid_seen: last_zxid,
        timeout_ms: i32::try_from(settings.session_timeout.as_millis()).unwrap_or(i32::MAX),
        session,
        password: if session == 0 { &no_password } else { &password },
        read_only: Some(settings.read_only),
    };
    let grant = connection.shake_hands(&request, Instant::now() + timeout)?;
    if grant.session == 0 {
        return Err(End::Over(State::Closed, KeeperState::Expired));
    }
    let writer = connection.writer()?;
    let state = if grant.read_only { State::ConnectedReadOnly } else { State::Connected };
    take_up(&mut shared.lock(), grant);
    shared.install(writer, state).map_err(Loss::from)?;
    Ok(connection)
}

fn take_up(inner: &mut Inner, grant: Grant) {
    inner.session = grant.session;
    inner.password = grant.password;
    inner.session_timeout = grant.timeout.max(ZK_SESSION_TIMEOUT_MIN);
}

fn failed(shared: &Shared, server: usize, loss: Loss) -> Attempt {
    Attempt { address: shared.settings.servers[server].clone(), loss }
}

fn of_state(state: KeeperState) -> Happening {
    Happening { kind: EventKind::None, state, path: None }
}
