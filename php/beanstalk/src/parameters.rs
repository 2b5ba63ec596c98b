//! The arguments that several methods have, and what is wrong with them if something is. Declared and read here, so that
//! names, defaults and bounds are the same everywhere.

use std::time::Duration;

use ext_php_rs::args::Arg;
use ext_php_rs::flags::DataType;
use trellis_php_host::function::{nullable, optional, required};
use trellis_php_host::{Call, Throw};
use trellis_tube_client::codec::is_tube_name;
use trellis_tube_client::{Address, PutOptions};

/// How long a server may take to connect or to answer, in seconds, unless the script says otherwise.
const TIMEOUT_SECONDS_DEFAULT: f64 = 5.0;
const TIMEOUT_SECONDS_DEFAULT_TEXT: &str = "5.0";

/// `host`, `port`, `timeout` of a new server.
pub(crate) fn server_parameters() -> [Arg<'static>; 3] {
    [
        required("host", DataType::String),
        optional("port", DataType::Long, "11300"),
        optional("timeout", DataType::Double, TIMEOUT_SECONDS_DEFAULT_TEXT),
    ]
}

/// The address and the time-out.
pub(crate) fn server(call: &Call<'_>) -> Result<(Address, Duration), Throw> {
    let host: &str = call.argument(0)?;
    let port: Option<i64> = call.argument(1)?;
    let port = match port.map(u16::try_from) {
        None => trellis_tube_client::PORT_DEFAULT,
        Some(Ok(port)) if port > 0 => port,
        Some(_) => return Err(call.value_error(1, "must be between 1 and 65535")),
    };
    let timeout: Option<f64> = call.argument(2)?;
    let timeout = Duration::try_from_secs_f64(timeout.unwrap_or(TIMEOUT_SECONDS_DEFAULT)).ok();
    let Some(timeout) = timeout.filter(|timeout| !timeout.is_zero()) else {
        return Err(call.value_error(2, "must be a number of seconds greater than 0"));
    };
    let text = match host.strip_prefix("unix:") {
        Some(_) => host.to_owned(),
        None if host.contains(':') && !host.starts_with('[') => format!("[{host}]:{port}"),
        None => format!("{host}:{port}"),
    };
    let address = text.parse().ok().filter(|address| match address {
        // A colon that isn't an IPv6 address' is a port in the wrong place.
        Address::Tcp { host, .. } => !host.contains(':') || host.parse::<std::net::Ipv6Addr>().is_ok(),
        Address::Unix(_) => true,
    });
    let address = address.ok_or_else(|| {
        call.value_error(0, "must be a host's name or address, or unix: and a socket's path")
    })?;
    Ok((address, timeout))
}

/// `tube`, which must be given.
pub(crate) fn tube_parameter() -> Arg<'static> {
    required("tube", DataType::String)
}

/// `tube`, which a client of a single server may leave out.
pub(crate) fn tube_if_several() -> Arg<'static> {
    nullable("tube", DataType::String)
}

/// The tube named at `index`.
pub(crate) fn tube<'a>(call: &Call<'a>, index: usize) -> Result<&'a str, Throw> {
    tube_or_none(call, index)?.ok_or_else(|| call.type_error(index, "must be of type string, null given"))
}

/// The tube named at `index`, if one is.
pub(crate) fn tube_or_none<'a>(call: &Call<'a>, index: usize) -> Result<Option<&'a str>, Throw> {
    let Some(name) = call.argument::<Option<&[u8]>>(index)? else { return Ok(None) };
    match str::from_utf8(name) {
        Ok(text) if is_tube_name(name) => Ok(Some(text)),
        _ => Err(call.value_error(
            index,
            "must name a tube: 1 to 200 of the characters A-Z a-z 0-9 - + / ; . $ _ ( ), and no - in front",
        )),
    }
}

/// `id` of a job.
pub(crate) fn id_parameter() -> Arg<'static> {
    required("id", DataType::Long)
}

/// The job's id at `index`.
pub(crate) fn id(call: &Call<'_>, index: usize) -> Result<u64, Throw> {
    u64::try_from(call.argument::<i64>(index)?).map_err(|_| call.value_error(index, "must not be negative"))
}

/// `priority`, `delay` and `ttr` with a style's defaults.
pub(crate) fn put_parameters(priority: &str, ttr: &str) -> [Arg<'static>; 3] {
    [
        optional("priority", DataType::Long, priority),
        optional("delay", DataType::Long, "0"),
        optional("ttr", DataType::Long, ttr),
    ]
}

/// These three, beginning at `index`.
pub(crate) fn put_options(call: &Call<'_>, index: usize, defaults: &PutOptions) -> Result<PutOptions, Throw> {
    Ok(PutOptions {
        priority: number(call, index)?.unwrap_or(defaults.priority),
        delay: seconds(call, index + 1)?.unwrap_or(defaults.delay),
        ttr: seconds(call, index + 2)?.unwrap_or(defaults.ttr),
    })
}

/// `priority` and `delay` of a job that is released; without a priority it keeps its own.
pub(crate) fn release_parameters() -> [Arg<'static>; 2] {
    [priority_to_keep(), optional("delay", DataType::Long, "0")]
}

/// `priority`, or null to keep the job's.
pub(crate) fn priority_to_keep() -> Arg<'static> {
    nullable("priority", DataType::Long)
}

/// The whole seconds at `index`.
pub(crate) fn seconds(call: &Call<'_>, index: usize) -> Result<Option<Duration>, Throw> {
    Ok(number(call, index)?.map(|seconds| Duration::from_secs(seconds.into())))
}

/// The number at `index`, as the protocol has them.
pub(crate) fn number(call: &Call<'_>, index: usize) -> Result<Option<u32>, Throw> {
    let number = call.argument::<Option<i64>>(index)?.map(u32::try_from).transpose();
    number.map_err(|_| call.value_error(index, "must be between 0 and 4294967295"))
}

/// `timeout` of a reserve.
pub(crate) fn wait_parameter() -> Arg<'static> {
    nullable("timeout", DataType::Double)
}

/// How long to wait; `None` is for ever.
pub(crate) fn wait(call: &Call<'_>, index: usize) -> Result<Option<Duration>, Throw> {
    let wait = call.argument::<Option<f64>>(index)?.map(Duration::try_from_secs_f64).transpose();
    wait.map_err(|_| call.value_error(index, "must be a number of seconds, 0 or more, or null"))
}
